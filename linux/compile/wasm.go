package compile

import (
	"strconv"
	"strings"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// modules opens what args[0] names wherever a wasm module may be, and lets
// the parent say what it is. A module goes to the engine, which is entered
// here, with everything a native workload would have: it loads and compiles,
// reports to the parent itself, and waits for `start` itself. Everything else
// goes on to the lookup of a native program.
//
// What is opened is the image's: it is opened so that nothing in its place can
// hang, with the process's own ids, and the parent checks that it is a file.
func (c *compiler) modules() {
	if !c.o.Wasm {
		return
	}
	b := c.b
	native, engine := b.Label(), b.Label()
	verdict := b.Var(le64(0))
	c.listModules()
	for i, m := range c.out.Modules {
		b.Field("process.args[0] \"" + c.s.Process.Args[0] + "\"")
		next := b.Label()
		b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str(m.Path),
			prog.Int(kernel.O_RDONLY|kernel.O_NONBLOCK|kernel.O_NOCTTY|kernel.O_CLOEXEC)).Into(c.dst).Accept(prog.AnyErrno).Else(next)
		id := c.barrier(Barrier{Kind: BarrierModule, Path: m.Path, Field: "process.args[0]"})
		c.sendFD(c.word(TagBarrier+id, uint32(i)), c.dst.Val())
		c.await(verdict, 8)
		b.IfEq(verdict.Load(0), prog.Int(VerdictWasm), engine)
		c.close(c.dst)
		b.IfEq(verdict.Load(0), prog.Int(VerdictNative), native)
		b.Bind(next)
	}
	b.Jump(native)
	b.Bind(engine)
	c.engine()
	b.Bind(native)
	b.Field("init")
	for _, k := range []FileKind{FileEngine, FileJob} {
		b.Do(kernel.SYS_CLOSE, prog.Int(c.out.FD(k)))
	}
}

// listModules gives the places in order: args[0] as a native program's would
// be found, then beneath the working directory; then the same without its
// "#func".
func (c *compiler) listModules() {
	arg := c.s.Process.Args[0]
	add := func(name string, split bool) {
		if name == "" {
			return
		}
		if !strings.Contains(name, "/") {
			for _, d := range pathDirs(c.s.Process.Env) {
				c.out.Modules = append(c.out.Modules, Module{d + "/" + name, split})
			}
			name = "./" + name
		}
		c.out.Modules = append(c.out.Modules, Module{name, split})
	}
	add(arg, false)
	if i := strings.LastIndexByte(arg, '#'); i >= 0 {
		add(arg[:i], true)
	}
}

// engine executes wrun-engine by the descriptor of its detached read-only
// mount. That descriptor closes on exec: while one is open the mount could be
// made writable. Four others stay open, the engine closes them before `_start`.
// Its environment holds nothing of the bundle's.
func (c *compiler) engine() {
	b := c.b
	b.Field("wrun-engine")
	// EINVAL: it has that number already.
	b.Do(kernel.SYS_DUP3, c.dst.Val(), prog.Int(c.out.ModuleFD), prog.Int(0)).Accept(einval)
	for _, fd := range []int{c.out.ModuleFD, c.out.FD(FileSync), c.out.FD(FileFIFO), c.out.FD(FileJob)} {
		b.Do(kernel.SYS_FCNTL, prog.Int(fd), prog.Int(kernel.F_SETFD), prog.Int(0))
	}
	env := append([]string{c.o.EngineJob + "=" + strconv.Itoa(c.out.FD(FileJob))}, c.o.EngineEnv...)
	c.filter()
	b.Field("wrun-engine")
	b.Do(kernel.SYS_EXECVEAT, prog.Int(c.out.FD(FileEngine)), b.Str(""), b.Strv(c.s.Process.Args), b.Strv(env), prog.Int(kernel.AT_EMPTY_PATH))
}
