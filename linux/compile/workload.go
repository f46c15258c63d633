package compile

import (
	"fmt"
	"strings"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// workload finds args[0], tells the parent that all is ready, waits to be
// started, and executes. What cannot be found or executed fails `create`, not
// `start`.
func (c *compiler) workload() error {
	b := c.b
	p := c.s.Process
	path := b.Slot()
	if p != nil {
		if a := p.Args[0]; !c.o.Wasm && !strings.Contains(a, "/") && len(pathDirs(p.Env)) == 0 {
			return fmt.Errorf("process.args[0] %q: executable file not found in $PATH: process.env has no PATH with an absolute directory", a)
		}
		c.modules()
		c.lookup(path)
	} else {
		c.close(c.root)
	}
	if p != nil {
		c.probeFilter()
	}
	c.ready()
	if p == nil {
		b.Field("process: config.json has none, there is nothing to start")
		b.Do(prog.FAIL, prog.Int(einval))
		return nil
	}
	var extra []prog.Arg
	env := lastOfEach(p.Env)
	if c.out.Home {
		extra = append(extra, c.home)
		kept := make([]string, 0, len(env))
		for _, e := range env {
			if !strings.HasPrefix(e, "HOME=") {
				kept = append(kept, e)
			}
		}
		env = kept
	}
	argv, envp := b.Strv(p.Args), b.Strv(env, extra...)
	c.filter()
	b.Field("process.args")
	b.Do(kernel.SYS_EXECVE, path.Val(), argv, envp)
	return nil
}

// ready ends the set-up. The answer, which the parent gives once the state is
// on disk, carries HOME. From then on the parent may be gone: reports go to
// the FIFO, where `start` finds them. Its descriptor is open for writing too,
// so the read waits for `start` and never sees an end of file.
func (c *compiler) ready() {
	b := c.b
	b.Field("init")
	id := c.barrier(Barrier{Kind: BarrierReady})
	c.say(c.word(TagBarrier+id, 0))
	if c.out.Home {
		c.await(c.home, homeSize)
	} else {
		c.await(c.buf, 8)
	}
	if c.entry != nil {
		return // the parent waits for the execve, or for its failure
	}
	b.Set(prog.SlotErrFD, c.fifo)
	b.Do(kernel.SYS_CLOSE, c.sync)
	b.Do(kernel.SYS_READ, c.fifo, c.buf, prog.Int(1))
}

// pathDirs are the directories of PATH, in order; empty and relative entries
// are left out: they would depend on the working directory.
func pathDirs(env []string) (dirs []string) {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			dirs = dirs[:0]
			for _, d := range strings.Split(v, ":") {
				if strings.HasPrefix(d, "/") {
					dirs = append(dirs, strings.TrimSuffix(d, "/"))
				}
			}
		}
	}
	return dirs
}

// lookup puts the path of args[0] in a slot: a regular file that the process,
// with its final ids and capabilities, may execute.
func (c *compiler) lookup(path prog.Slot) {
	b := c.b
	arg := c.s.Process.Args[0]
	field := "process.args[0] \"" + arg + "\""
	if strings.Contains(arg, "/") {
		b.Field(field)
		irregular, found := b.Label(), b.Label()
		b.Do(kernel.SYS_STATX, prog.Int(kernel.AT_FDCWD), b.Str(arg), prog.Int(0), prog.Int(kernel.STATX_TYPE|kernel.STATX_MODE), c.buf)
		b.Do(prog.AND, c.buf.Load(statxMode), prog.Int(kernel.S_IFMT)).Into(c.tmp)
		b.IfNe(c.tmp.Val(), prog.Int(kernel.S_IFREG), irregular)
		b.Do(kernel.SYS_FACCESSAT2, prog.Int(kernel.AT_FDCWD), b.Str(arg), prog.Int(accessX), prog.Int(kernel.AT_EACCESS))
		b.Set(path, b.Str(arg))
		b.Jump(found)
		b.Bind(irregular)
		b.Field(field + " is not a regular file")
		b.Do(prog.FAIL, prog.Int(eacces))
		b.Bind(found)
		return
	}
	found := b.Label()
	for _, dir := range pathDirs(c.s.Process.Env) {
		b.Field(field)
		next := b.Label()
		at := b.Str(dir + "/" + arg)
		b.Do(kernel.SYS_STATX, prog.Int(kernel.AT_FDCWD), at, prog.Int(0), prog.Int(kernel.STATX_TYPE|kernel.STATX_MODE), c.buf).Accept(prog.AnyErrno).Else(next)
		b.Do(prog.AND, c.buf.Load(statxMode), prog.Int(kernel.S_IFMT)).Into(c.tmp)
		b.IfNe(c.tmp.Val(), prog.Int(kernel.S_IFREG), next)
		b.Do(kernel.SYS_FACCESSAT2, prog.Int(kernel.AT_FDCWD), at, prog.Int(accessX), prog.Int(kernel.AT_EACCESS)).Accept(prog.AnyErrno).Else(next)
		b.Set(path, at)
		b.Jump(found)
		b.Bind(next)
	}
	b.Field(field + ": executable file not found in $PATH")
	b.Do(prog.FAIL, prog.Int(enoent))
	b.Bind(found)
}

// accessX is X_OK of access(2).
const accessX = 1
