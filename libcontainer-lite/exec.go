package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/cgroup"
	"wrun/linux/compile"
	"wrun/linux/interp"
	"wrun/linux/kernel"
	"wrun/spec"
	"wrun/state"
	"wrun/wasm"
)

// ExecOptions are the flags of exec.
type ExecOptions struct {
	ID string
	// Process is what to run, whole; see ExecProcess.
	Process       *specs.Process
	ConsoleSocket string
	PidfdSocket   string
	PidFile       string
	Detach        bool
	PreserveFDs   int
	IgnorePaused  bool
	NoSubreaper   bool
	// Cgroups are sub-cgroups to run in, as "[controller:]path".
	Cgroups []string
}

// ExecProcess is the process of a container's own config, a copy to be changed
// by whoever executes another one.
func (r *Runtime) ExecProcess(id string) (*specs.Process, error) {
	s, err := r.configOf(id)
	if err != nil {
		return nil, err
	}
	if s.Process == nil {
		return &specs.Process{Cwd: "/"}, nil
	}
	return s.Process, nil
}

func (r *Runtime) configOf(id string) (*specs.Spec, error) {
	dir, err := state.Open(r.Root).Dir(id)
	if err != nil {
		return nil, err
	}
	raw, err := dir.Config()
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	return spec.Parse(raw, "config.json")
}

// Exec runs a further process in a container: in its namespaces and cgroup,
// with what the process asks for. In the foreground it gives the exit status,
// 128+signal for a killed one.
func (r *Runtime) Exec(o ExecOptions) (exit int, err error) {
	c := &container{
		r: r, fifo: -1, job: -1, console: -1, joins: true,
		o: &CreateOptions{ID: o.ID, ConsoleSocket: o.ConsoleSocket, PidfdSocket: o.PidfdSocket, PidFile: o.PidFile,
			Detach: o.Detach, PreserveFDs: o.PreserveFDs},
	}
	if !o.Detach && !o.NoSubreaper {
		if err := kernel.SetSubreaper(); err != nil {
			return 255, err
		}
	}
	if err := c.enterable(&o); err != nil {
		return 255, err
	}
	defer c.dir.Close()
	if err := c.execute(&o); err != nil {
		c.closeFiles()
		if c.pid > 0 {
			err = errors.Join(err, c.endInit())
		}
		return 255, err
	}
	if o.Detach {
		c.closeFiles()
		return 0, nil
	}
	return c.attendExec()
}

// enterable reads the container and refuses what cannot be entered.
func (c *container) enterable(o *ExecOptions) (err error) {
	if c.dir, c.st, err = c.r.look(o.ID); err != nil {
		return err
	}
	status, err := c.st.Status(c.dir)
	if err != nil {
		return err
	}
	switch {
	case status == state.StatusStopped, status == state.StatusCreating:
		return fmt.Errorf("cannot exec in a container that is not running: it is %s (container not running)", status)
	case status == state.StatusPaused && !o.IgnorePaused:
		return errors.New("cannot exec in a paused container (use --ignore-paused to run it when the container is resumed)")
	}
	raw, err := c.dir.Config()
	if err != nil {
		return err
	}
	if c.spec, err = spec.Parse(raw, "config.json"); err != nil {
		return err
	}
	c.spec.Process = o.Process
	if _, err := spec.Validate(c.spec); err != nil {
		return err
	}
	if c.spec.Linux == nil {
		c.spec.Linux = new(specs.Linux)
	}
	if err := c.checkPreserved(); err != nil {
		return err
	}
	if c.feats, err = kernel.Probe(); err != nil {
		return err
	}
	if c.wasm, _, err = wasm.Select(c.spec, c.r.Argv0); err != nil {
		return err
	}
	return c.checkTerminal()
}

// execute compiles and starts the join program and serves it until the process
// is there.
func (c *container) execute(o *ExecOptions) error {
	var err error
	if c.host, err = cgroup.Detect(); err != nil {
		return err
	}
	paths, err := subCgroups(c.st.CgroupPaths, o.Cgroups)
	if err != nil {
		return err
	}
	c.group = cgroup.Load(c.host, paths)
	pidfd, err := openInit(c.st)
	if err != nil {
		return err
	}
	defer kernel.Close(pidfd)
	ns, err := kernel.ForeignNamespaces(c.st.Pid)
	if err != nil {
		return err
	}
	opt := &compile.Options{
		ID: c.o.ID, Rootfs: "/", Bundle: "/", PreserveFDs: c.o.PreserveFDs, Ignored: kernel.IgnoredSignals(),
		Cgroup: compile.Cgroup{V2: c.group.Mode() == cgroup.V2, Join: c.group.TaskPaths()},
		Wasm:   c.wasm != wasm.Native,
	}
	if opt.Wasm {
		opt.EngineJob, opt.EngineEnv = wasm.EnvJob, wasm.EngineEnv(c.spec)
	}
	if err := c.securityModules(opt); err != nil {
		return err
	}
	if opt.Seccomp, err = c.filter(); err != nil {
		return err
	}
	join := compile.Join{Namespaces: ns, Chroot: ns&kernel.CLONE_NEWNS == 0}
	if c.program, err = compile.CompileExec(c.spec, opt, join, c.feats); err != nil {
		return err
	}
	c.pidfd = pidfd
	if err := c.start(); err != nil {
		return err
	}
	if err := c.serve(); err != nil {
		return err
	}
	return c.executed()
}

// subCgroups gives the cgroup of each hierarchy, with the sub-paths that were
// asked for.
func subCgroups(paths map[string]string, subs []string) (map[string]string, error) {
	if len(subs) == 0 {
		return paths, nil
	}
	out := make(map[string]string, len(paths))
	for k, v := range paths {
		out[k] = v
	}
	for _, s := range subs {
		names, path, one := strings.Cut(s, ":")
		if !one {
			names, path = "", s
		}
		for _, part := range strings.Split(path, "/") {
			if part == ".." {
				return nil, fmt.Errorf("--cgroup %s: bad sub cgroup path: it leads out of the container's", s)
			}
		}
		if names == "" {
			for k, v := range paths {
				out[k] = strings.TrimRight(v+"/"+strings.Trim(path, "/"), "/")
			}
			continue
		}
		for _, name := range strings.Split(names, ",") {
			v, ok := paths[name]
			if !ok {
				return nil, fmt.Errorf("--cgroup %s: unknown controller %q", s, name)
			}
			out[name] = strings.TrimRight(v+"/"+strings.Trim(path, "/"), "/")
		}
	}
	for k, v := range out {
		if v != paths[k] {
			if _, err := os.Stat(v); err != nil {
				return nil, fmt.Errorf("--cgroup: adding the process to cgroups: %w", err)
			}
		}
	}
	return out, nil
}

// executed waits until the process has been executed: its end of the sync
// socket closes then. A report says why it was not.
func (c *container) executed() error {
	if c.engine {
		return nil // the engine was executed long ago
	}
	b := make([]byte, 64)
	n, fd, err := c.sync.receive(b)
	kernel.Close(fd)
	if err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	m, err := interp.DecodeMessage(b[:n])
	if err != nil {
		return err
	}
	if m.Tag < interp.Barrier {
		pid := c.pid
		c.pid = 0
		if _, err := wait(pid); err != nil {
			return err
		}
		return execFailed(c.spec, syscall.Errno(m.Value))
	}
	return interp.Report(c.program.Prog, m, "")
}

// attendExec is the foreground life of an exec'd process.
func (c *container) attendExec() (exit int, err error) {
	relay, err := kernel.Relay()
	if err != nil {
		return 255, errors.Join(err, c.endInit())
	}
	tty, err := c.relayTerminal()
	if err != nil {
		return 255, errors.Join(err, c.endInit())
	}
	defer tty.restore()
	pidfd, err := kernel.PidfdOpen(c.pid, false)
	if err != nil {
		return 255, err
	}
	defer kernel.Close(pidfd)
	send := func(s syscall.Signal) error { return kernel.PidfdSignal(pidfd, s) }
	exit, err = c.forward(os.NewFile(uintptr(relay), "signals"), tty, c.pid, send)
	tty.drain(true)
	c.closeFiles()
	if err != nil {
		return 255, err
	}
	return exit, nil
}

// ParseUser reads --user: uid or uid:gid, numbers and nothing else. A name
// would have to be looked up in the image, and a slip must not become root.
func ParseUser(s string) (uid, gid uint32, hasGID bool, err error) {
	u, g, hasGID := strings.Cut(s, ":")
	number := func(t string) (uint32, error) {
		n, err := strconv.ParseUint(t, 10, 32)
		if err != nil || n == 1<<32-1 || t != strconv.FormatUint(n, 10) {
			return 0, fmt.Errorf("--user %q: want uid or uid:gid, as numbers", s)
		}
		return uint32(n), nil
	}
	if uid, err = number(u); err != nil {
		return 0, 0, false, err
	}
	if hasGID {
		gid, err = number(g)
	}
	return uid, gid, hasGID, err
}
