package compile

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// Join says how a process enters a container that runs.
type Join struct {
	// Namespaces are the CLONE_NEW… flags of those in which the container's
	// init differs from the caller. setns(2) refuses one's own user namespace.
	Namespaces int
	// Chroot: the container has no mount namespace of its own, and its root is
	// entered by descriptor.
	Chroot bool
}

// CompileExec makes the program of a further process in a container: s is the
// container's config with the process to execute in place of its own. The
// files are the sync socket and a pidfd of the init, then what the options ask
// for.
func CompileExec(s *specs.Spec, o *Options, j Join, f kernel.Features) (*Compiled, error) {
	if s.Process == nil || s.Linux == nil {
		return nil, errors.New("exec: a process is needed")
	}
	c := &compiler{s: s, o: o, f: f, entry: &j, out: &Compiled{ModuleFD: -1}}
	c.out.UserNS = c.userNS()
	c.execFiles()
	return c.compile([]func() error{
		c.begin, c.initialAffinity, c.joinCgroup, c.reserveProc, c.enterRunning, c.console,
		c.keyring, c.passwd, c.labels, c.closeProc, c.limits, c.schedule, c.identity, c.workload,
	})
}

// execFiles numbers the descriptors that an exec'd process gets.
func (c *compiler) execFiles() {
	n := 3 + c.o.PreserveFDs
	add := func(k FileKind, field string) {
		c.out.Files = append(c.out.Files, File{Kind: k, FD: n, Field: field})
		n++
	}
	add(FileSync, "")
	add(FilePidfd, "")
	if c.entry.Chroot {
		add(FileRoot, "root.path")
	}
	if c.o.Wasm {
		add(FileFIFO, "")
		add(FileEngine, "")
		add(FileJob, "")
		c.out.ModuleFD = n
	}
}

// enterRunning joins all namespaces at once, by the init's pidfd (setns(2),
// Linux 5.8): none can be swapped in between. Non-dumpable first: from the
// moment it is inside, the container's processes could trace it and take its
// descriptors (CVE-2016-9962). Into the pid namespace only children go, so the
// process that joins is a stub.
func (c *compiler) enterRunning() error {
	b := c.b
	b.Field("exec")
	b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_SET_DUMPABLE), prog.Int(0))
	ns := c.entry.Namespaces
	if ns != 0 {
		b.Field("exec: enter the container's namespaces")
		b.Do(kernel.SYS_SETNS, prog.Int(c.out.FD(FilePidfd)), prog.Int(ns))
	}
	b.Do(kernel.SYS_CLOSE, prog.Int(c.out.FD(FilePidfd)))
	if ns&kernel.CLONE_NEWUSER != 0 {
		zero := prog.Int(0)
		b.Do(kernel.SYS_SETRESGID, zero, zero, zero)
		b.Do(kernel.SYS_SETRESUID, zero, zero, zero)
	}
	if c.entry.Chroot {
		b.Field("exec: enter the container's root")
		b.Do(kernel.SYS_FCHDIR, prog.Int(c.out.FD(FileRoot)))
		b.Do(kernel.SYS_CHROOT, b.Str("."))
		b.Do(kernel.SYS_CLOSE, prog.Int(c.out.FD(FileRoot)))
	}
	if ns&kernel.CLONE_NEWPID != 0 {
		c.out.Stub = true
		c.cloneInit(0)
	}
	b.Field("exec")
	b.Do(kernel.SYS_SETSID)
	b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/"), prog.Int(kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.root)
	return nil
}
