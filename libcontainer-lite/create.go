package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/cgroup"
	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/spec"
	"wrun/state"
	"wrun/wasm"
)

// container is one that is being created, from its config to the moment its
// init waits to be started.
type container struct {
	r    *Runtime
	o    *CreateOptions
	spec *specs.Spec
	raw  []byte
	wasm wasm.Mode

	feats   kernel.Features
	host    *cgroup.Host
	group   *cgroup.Group
	program *compile.Compiled
	image   []byte

	dir *state.Dir
	st  *state.Container

	newFilter *compile.Filter // that the cache has not, and its key
	filterKey []byte

	mounts  *kernel.MountNS // a thread in the init's mount namespace, if one was needed
	sync    *syncSocket
	fifo    int
	job     int  // memfd the engine reads its job from
	covered *int // the directory tmpcopyup copies, until the tmpfs comes
	console int  // master of the terminal, -1 without one
	pid     int  // 0 before there is an init, and after it was reaped
	home    string
	engine  bool // args[0] turned out to be a wasm module
	// listenFDs of the preserved descriptors came by socket activation.
	listenFDs int
	joins     bool // this is an exec: the process enters a container that runs
	pidfd     int  // of that container's init
	confined  bool // all of linux.resources is in force
	hooked    bool // prestart or createRuntime hooks have begun
}

// Create makes a container from a bundle and leaves its init waiting to be
// started (runtime.md, "Create"). When it fails nothing stays behind.
func (r *Runtime) Create(o CreateOptions) error {
	o.Detach = true
	c, err := r.create(&o)
	if err != nil {
		return err
	}
	return c.release()
}

// create does the work of Create and Run. The container it gives still holds
// its lock, and the caller releases it.
func (r *Runtime) create(o *CreateOptions) (_ *container, err error) {
	c := &container{r: r, o: o, fifo: -1, job: -1, console: -1}
	if err := c.load(); err != nil {
		return nil, err
	}
	if err := c.checkTerminal(); err != nil {
		return nil, err
	}
	c.takeListenFDs()
	if err := c.checkPreserved(); err != nil {
		return nil, err
	}
	if err := c.compile(); err != nil {
		return nil, err
	}
	if c.dir, err = state.Open(r.Root).Create(o.ID); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.destroy()
		}
	}()
	if err := c.firstState(); err != nil {
		return nil, err
	}
	if err := c.group.Create(); err != nil {
		return nil, err
	}
	// From here on the cgroup is ours, and remove may kill what is in it.
	if err := kernel.Mkfifo(c.dir.FIFO(), 0o600); err != nil {
		return nil, err
	}
	if err := c.launch(); err != nil {
		return nil, err
	}
	c.keepFilter() // while the init works
	if err := c.serve(); err != nil {
		return nil, err
	}
	return c, nil
}

// load reads and judges the bundle.
func (c *container) load() (err error) {
	if err := state.ValidateID(c.o.ID); err != nil {
		return err
	}
	if err := c.loadBundle(); err != nil {
		return err
	}
	return c.checkSysctls()
}

func (c *container) loadBundle() (err error) {
	if c.feats, err = kernel.Probe(); err != nil {
		return err
	}
	if c.spec, c.raw, err = spec.Load(c.o.Bundle); err != nil {
		return err
	}
	if c.spec.Linux == nil {
		c.spec.Linux = new(specs.Linux) // it asks for nothing
	}
	return c.judge()
}

// judge warns about what is odd in the config, and refuses what this version
// does not do.
func (c *container) judge() (err error) {
	warnings, err := spec.Validate(c.spec)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		c.r.Log.Warnf("%s", w)
	}
	if err := spec.Unsupported(c.spec); err != nil {
		return err
	}
	var note string
	if c.wasm, note, err = wasm.Select(c.spec, c.r.Argv0); err != nil {
		return err
	}
	if note != "" {
		c.r.Log.Debugf("%s", note)
	}
	return nil
}

// checkTerminal holds the terminal and the console socket together, in runc's
// words.
func (c *container) checkTerminal() error {
	tty := c.spec.Process != nil && c.spec.Process.Terminal
	switch {
	case tty && c.o.Detach && c.o.ConsoleSocket == "":
		return errors.New("process.terminal: cannot allocate tty if wrun will detach without setting console socket (--console-socket)")
	case !tty && c.o.ConsoleSocket != "":
		return errors.New("--console-socket: cannot use console socket if wrun will not detach or allocate tty (process.terminal is false)")
	case !c.o.Detach && c.o.ConsoleSocket != "":
		return errors.New("--console-socket: cannot use console socket if wrun will not detach or allocate tty")
	}
	return nil
}

// compile decides the cgroup and makes the program.
func (c *container) compile() (err error) {
	if c.host, err = cgroup.Detect(); err != nil {
		return err
	}
	if c.group, err = cgroup.New(c.host, c.spec.Linux.CgroupsPath, c.o.ID); err != nil {
		return err
	}
	opt, err := c.compileOptions()
	if err != nil {
		return err
	}
	c.program, err = compile.Compile(c.spec, opt, c.feats)
	return err
}

func (c *container) compileOptions() (*compile.Options, error) {
	o := &compile.Options{
		ID: c.o.ID, Bundle: c.o.Bundle, Rootfs: c.rootfs(),
		PreserveFDs: c.o.PreserveFDs, NoPivot: c.o.NoPivot, NoKeyring: c.o.NoNewKeyring,
		Ignored: kernel.IgnoredSignals(),
		Cgroup:  compile.Cgroup{V2: c.group.Mode() == cgroup.V2, Join: c.group.TaskPaths()},
		Wasm:    c.wasm != wasm.Native && c.spec.Process != nil,
	}
	for _, b := range c.group.Binds() {
		o.Cgroup.Binds = append(o.Cgroup.Binds, compile.CgroupBind{Name: b.Name, Source: b.Source, Symlinks: b.Symlinks})
	}
	if o.Wasm {
		o.EngineJob, o.EngineEnv = wasm.EnvJob, wasm.EngineEnv(c.spec)
	}
	if err := c.securityModules(o); err != nil {
		return nil, err
	}
	if p := c.spec.Linux.RootfsPropagation; p == "shared" || p == "rshared" {
		var err error
		if o.RootMount, err = kernel.MountPoint(o.Rootfs); err != nil {
			return nil, err
		}
	}
	var err error
	if o.Seccomp, err = c.filter(); err != nil {
		return nil, err
	}
	if o.NoPivot {
		if o.HostProc, err = kernel.ProcMounts(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// rootfs is the absolute path of root.path.
func (c *container) rootfs() string {
	if p := c.spec.Root.Path; filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.o.Bundle, c.spec.Root.Path)
}

// firstState puts on disk what `delete --force` needs, before there is
// anything to delete.
func (c *container) firstState() error {
	c.st = &state.Container{
		OCIVersion: c.spec.Version, ID: c.o.ID, Phase: state.Creating,
		Bundle: c.o.Bundle, Rootfs: c.rootfs(), Created: time.Now().UTC(),
		Annotations: c.spec.Annotations, CgroupPaths: c.group.Paths(),
		SharedPID: !freshPID(c.spec),
	}
	if h := c.spec.Hooks; h != nil {
		c.st.Hooks = len(h.Poststart)+len(h.Poststop) > 0
	}
	if err := c.dir.SaveConfig(c.raw); err != nil {
		return err
	}
	return c.dir.Save(c.st)
}

// freshPID tells whether the container has a pid namespace of its own, which
// ends with its init.
func freshPID(s *specs.Spec) bool {
	for _, ns := range s.Linux.Namespaces {
		if ns.Type == specs.PIDNamespace {
			return ns.Path == ""
		}
	}
	return false
}

// launch starts the init and writes the cgroup's limits while it sets itself
// up.
func (c *container) launch() error {
	if err := c.start(); err != nil {
		return err
	}
	if err := c.group.ApplyLimits(c.spec.Linux.Resources); err != nil {
		return c.orReport(err)
	}
	return nil
}

// confine puts the rest of linux.resources in force, once: what the set-up
// itself would trip over. Hooks and the workload run only then.
func (c *container) confine() error {
	if c.confined {
		return nil
	}
	c.confined = true
	if err := c.group.ApplyDevices(c.spec.Linux.Resources); err != nil {
		return err
	}
	return c.group.ApplyLate(c.spec.Linux.Resources)
}

// saveState writes the state of a container whose init exists.
func (c *container) saveState() error {
	start, err := state.StartTime(c.pid)
	if err != nil {
		return fmt.Errorf("init, pid %d: %w", c.pid, err)
	}
	c.st.Pid, c.st.StartTime, c.st.Phase, c.st.Wasm = c.pid, start, state.Created, c.engine
	return c.dir.Save(c.st)
}

// release gives the container to the world: what create held is closed.
func (c *container) release() error {
	c.closeFiles()
	return c.dir.Close()
}

func (c *container) closeFiles() {
	c.mounts.Close()
	c.mounts = nil
	if c.sync != nil {
		c.sync.close()
		c.sync = nil
	}
	for _, fd := range []*int{&c.fifo, &c.job, &c.console} {
		kernel.Close(*fd)
		*fd = -1
	}
}

// destroy takes back what a failed create has made. The error that led here is
// the one to report; what cannot be taken back is a warning.
func (c *container) destroy() {
	c.closeFiles()
	if c.pid > 0 {
		if err := c.endInit(); err != nil {
			c.r.Log.Warnf("end the init, pid %d: %v", c.pid, err)
		}
	}
	if c.hooked {
		c.r.poststop(c.spec, c.st)
	}
	if err := c.group.Undo(); err != nil {
		c.r.Log.Warnf("remove the cgroup: %v", err)
	}
	if c.o.PidFile != "" {
		if err := os.Remove(c.o.PidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			c.r.Log.Warnf("remove the pid file: %v", err)
		}
	}
	if err := c.dir.Remove(); err != nil {
		c.r.Log.Warnf("remove the state directory: %v", err)
	}
	if err := c.dir.Close(); err != nil {
		c.r.Log.Warnf("close the state directory: %v", err)
	}
}
