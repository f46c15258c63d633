// Package compile turns config.json into the init program. It is pure: the
// same config, options and features give the same program, and nothing here
// touches the host.
package compile

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// Options is what a program depends on besides config.json and the kernel.
type Options struct {
	ID     string
	Rootfs string // absolute path of root.path
	Bundle string // absolute; relative bind sources start there
	// PreserveFDs descriptors from 3 on belong to the workload.
	PreserveFDs int
	NoPivot     bool
	// RootMount is the mount point that Rootfs lies beneath, for a shared root.
	RootMount string
	NoKeyring bool
	// SELinux and AppArmor: the host has them enabled. Labels and profiles
	// mean nothing elsewhere.
	SELinux, AppArmor bool
	// HostProc are the host's mounts of proc and sysfs, for NoPivot: they are
	// taken away before the root moves, or the container would see them bare.
	HostProc []string
	// Ignored holds the signals, bit n-1 for signal n, that the caller ignores.
	Ignored uint64
	Cgroup  Cgroup
	// Wasm makes the program ask what args[0] is before it is executed.
	Wasm bool
	// EngineJob names the environment variable that tells the engine its job's
	// descriptor; EngineEnv is all the rest of its environment.
	EngineJob string
	EngineEnv []string
	// Seccomp is linux.seccomp compiled, nil for none.
	Seccomp *Filter
}

// Cgroup is what the program must know of the container's cgroup.
type Cgroup struct {
	V2 bool
	// Join are files that the init writes "0" to: v1's `tasks`, which, written
	// by a single-threaded task for itself, do not wait for an RCU period.
	Join []string
	// Binds are the container's own cgroups, for its cgroup mount.
	Binds []CgroupBind
}

// CgroupBind is one hierarchy as seen in the container.
type CgroupBind struct {
	Name     string   // "cpu,cpuacct"; "" for the v2 hierarchy itself
	Source   string   // host directory
	Symlinks []string // names that point to Name
}

// FileKind says what a descriptor of the init is.
type FileKind int

// The descriptors behind stdio and the preserved ones, as File.Kind.
const (
	FileSync      FileKind = iota // the sync socket
	FileFIFO                      // exec.fifo, opened O_RDWR
	FileNamespace                 // a namespace to join, at File.Path
	FileEngine                    // the engine's detached read-only mount
	FileJob                       // what the engine is told
	FilePidfd                     // the init of the container to enter
	FileRoot                      // the root of a container without a mount namespace
)

// File is a descriptor the parent must hand to the init.
type File struct {
	Kind  FileKind
	FD    int    // its number in the init
	Path  string // of a namespace
	Field string // config.json field it comes from
}

// BarrierKind says what the parent does at a barrier.
type BarrierKind int

// The barriers, in the order they can occur.
const (
	// BarrierTarget: an fd of the container's root comes along; make the mount
	// target Path in it, a directory if the message's value is 1, else a file;
	// answer one byte.
	BarrierTarget BarrierKind = iota
	// BarrierHooks: run prestart and createRuntime hooks; answer one byte.
	BarrierHooks
	// BarrierIDMaps: write the stub's uid and gid maps; answer one byte.
	BarrierIDMaps
	// BarrierRoot: attach a recursive copy of the root's mount at Path, in the
	// init's mount namespace; answer with its descriptor.
	BarrierRoot
	// BarrierTree: answer with a detached copy of the mount at Path as the
	// init's mount namespace has it, with all below if Recursive.
	BarrierTree
	// BarrierCopyUp: two messages, with a directory (value 0) and with the
	// tmpfs that will cover it (value 1); copy the one into the other and
	// answer one byte.
	BarrierCopyUp
	// BarrierConsole: the terminal's master comes along; no answer.
	BarrierConsole
	// BarrierPasswd: /etc/passwd of the container comes along, opened for
	// reading; its HOME goes with the answer to BarrierReady.
	BarrierPasswd
	// BarrierModule: a file that could be a wasm module comes along; the value
	// is the index in Compiled.Modules. Answer one of the Verdicts.
	BarrierModule
	// BarrierReady: all is set up. Answer "HOME=…\0" if Compiled.Home, else
	// one byte.
	BarrierReady
)

// Barrier is a place where the init waits for its parent, or sends it
// something.
type Barrier struct {
	Kind      BarrierKind
	Path      string
	Field     string
	Recursive bool
}

// Verdicts answer BarrierModule, as 8 bytes little endian.
const (
	VerdictNext   = 1 // no regular file: try the next place
	VerdictNative = 2
	VerdictWasm   = 3
)

// Module is a place a wasm module is looked for.
type Module struct {
	Path  string
	Split bool // args[0] without its "#func"
}

// Compiled is a program and what its parent must know to serve it.
type Compiled struct {
	Prog     *prog.Program
	Barriers []Barrier
	Files    []File
	Modules  []Module
	// ModuleFD is where the engine finds the module.
	ModuleFD int
	// Clone are the namespaces that clone(2) makes for the first process.
	Clone uintptr
	// Stub: the first process only enters, and clones the init.
	Stub bool
	// UserNS: the init has no rights over the host, and the parent sets the
	// resource limits.
	UserNS bool
	// Home: the answer to BarrierReady carries HOME.
	Home bool
}

// FD gives the number of the first descriptor of a kind.
func (c *Compiled) FD(k FileKind) int {
	for _, f := range c.Files {
		if f.Kind == k {
			return f.FD
		}
	}
	return -1
}

// homeSize bounds "HOME=", the path and its NUL, in bytes.
const homeSize = 1024

type compiler struct {
	b *prog.Builder
	s *specs.Spec
	o *Options
	f kernel.Features

	out  *Compiled
	sync prog.Arg
	fifo prog.Arg
	gone prog.Label // the runtime died: never run the workload

	root, dst, mnt prog.Slot // fds: the root, a mount target, a detached mount
	tmp            prog.Slot
	buf            prog.Arg // scratch for statx, statfs, reads
	sent, inbox    message
	hasInbox       bool
	home           prog.Arg

	caps      *capSets // of the workload
	holds     bool     // CAP_SYS_ADMIN, until the filter is loaded
	fprog     prog.Arg // struct sock_fprog of the filter
	late      []lateMount
	entry     *Join     // of an exec, nil for an init
	proc      prog.Slot // fd of a trusted procfs, if wantsProc
	wantsProc bool
	hasProc   bool // it is open by now
}

// bufSize holds a statx (256 bytes) or a statfs (120).
const bufSize = 256

// Compile makes the program of a container's init.
func Compile(s *specs.Spec, o *Options, f kernel.Features) (*Compiled, error) {
	if s.Root == nil || s.Linux == nil {
		return nil, errors.New("config.json: root and linux are needed")
	}
	c := &compiler{s: s, o: o, f: f, out: &Compiled{ModuleFD: -1}}
	c.out.UserNS = c.userNS()
	c.files()
	return c.compile([]func() error{
		c.begin, c.joinCgroup, c.enter, c.network,
		c.reserveProc, c.rootfs, c.mounts, c.devices, c.hooks, c.pivot,
		c.console, c.names, c.sysctl, c.makeCwd, c.finishMounts, c.readonlyPaths, c.maskedPaths, c.rootPropagation,
		c.keyring, c.passwd, c.labels, c.closeProc, c.limits, c.schedule, c.identity,
		c.workload,
	})
}

// compile runs the steps, each of which adds its part of the program.
func (c *compiler) compile(steps []func() error) (*Compiled, error) {
	c.b = prog.NewBuilder(c.out.FD(FileSync))
	c.sync, c.fifo = prog.Int(c.out.FD(FileSync)), prog.Int(c.out.FD(FileFIFO))
	c.gone = c.b.Label()
	c.root, c.dst, c.mnt, c.tmp = c.b.Slot(), c.b.Slot(), c.b.Slot(), c.b.Slot()
	c.buf = c.b.Buf(bufSize)
	c.prepareMessages()
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	c.b.Bind(c.gone)
	c.b.Field("the runtime ended before the container was set up")
	c.b.Do(prog.FAIL, prog.Int(ecanceled))
	p, err := c.b.Program()
	if err != nil {
		return nil, err
	}
	c.out.Prog = p
	return c.out, nil
}

// files numbers the descriptors that the init gets.
func (c *compiler) files() {
	n := 3 + c.o.PreserveFDs
	add := func(k FileKind, path, field string) {
		c.out.Files = append(c.out.Files, File{Kind: k, FD: n, Path: path, Field: field})
		n++
	}
	add(FileSync, "", "")
	add(FileFIFO, "", "")
	for i, ns := range c.s.Linux.Namespaces {
		if ns.Path != "" {
			add(FileNamespace, ns.Path, fmt.Sprintf("linux.namespaces[%d] %s", i, ns.Type))
		}
	}
	if c.o.Wasm {
		add(FileEngine, "", "")
		add(FileJob, "", "")
		c.out.ModuleFD = n
	}
}

// begin shuts out what was inherited and gives the init its name. The handler
// makes a created container end by TERM, INT and HUP though it is a PID 1;
// execve(2) clears it.
func (c *compiler) begin() error {
	b := c.b
	b.Field("init")
	last := c.out.Files[len(c.out.Files)-1].FD
	b.Do(kernel.SYS_CLOSE_RANGE, prog.Int(last+1), prog.Int(-1), prog.Int(0))
	b.Do(kernel.SYS_CLOSE_RANGE, prog.Int(3+c.o.PreserveFDs), prog.Int(-1), prog.Int(kernel.CLOSE_RANGE_CLOEXEC))
	name := "wrun:[init]"
	if c.entry != nil {
		name = "wrun:[exec]"
	}
	b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_SET_NAME), b.Str(name))
	handler := b.Words(prog.HandlerAddr, kernel.SA_RESTORER, prog.HandlerAddr, 0)
	for _, sig := range []int{sigTERM, sigINT, sigHUP} {
		b.Do(kernel.SYS_RT_SIGACTION, prog.Int(sig), handler, prog.Int(0), prog.Int(8))
	}
	for sig := 1; sig <= 64; sig++ {
		if c.o.Ignored&(1<<(sig-1)) != 0 && sig != sigTERM && sig != sigINT && sig != sigHUP {
			b.Do(kernel.SYS_RT_SIGACTION, prog.Int(sig), b.Words(0, 0, 0, 0), prog.Int(0), prog.Int(8))
		}
	}
	b.Do(kernel.SYS_RT_SIGPROCMASK, prog.Int(kernel.SIG_SETMASK), b.Words(0), prog.Int(0), prog.Int(8))
	b.Do(kernel.SYS_UMASK, prog.Int(0))
	if p := c.s.Process; p != nil && p.OOMScoreAdj != nil {
		b.Field("process.oomScoreAdj")
		c.writeFile("/proc/self/oom_score_adj", fmt.Sprint(*p.OOMScoreAdj))
	}
	return nil
}

// writeFile writes a short text to a file of the host.
func (c *compiler) writeFile(path, text string) {
	b := c.b
	b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str(path), prog.Int(kernel.O_WRONLY|kernel.O_CLOEXEC)).Into(c.tmp)
	b.Do(kernel.SYS_WRITE, c.tmp.Val(), b.Str(text), prog.Int(len(text)))
	b.Do(kernel.SYS_CLOSE, c.tmp.Val())
}

func (c *compiler) joinCgroup() error {
	c.b.Field("linux.cgroupsPath")
	for _, f := range c.o.Cgroup.Join {
		c.writeFile(f, "0")
	}
	return nil
}
