package libcontainer

import (
	"fmt"
	"os"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/compile"
	"wrun/linux/interp"
	"wrun/linux/kernel"
)

// annotationInit is the documented setting for the file that holds the init's
// image: "memfd" (the default) or "tmpfs".
const annotationInit = "run.wrun.init"

// start makes the init: its image, the descriptors it needs, the process.
func (c *container) start() error {
	image, err := interp.Image(c.program.Prog)
	if err != nil {
		return err
	}
	holder := interp.Memfd
	switch v := c.spec.Annotations[annotationInit]; v {
	case "", "memfd":
	case "tmpfs":
		holder = interp.Tmpfs
	default:
		return fmt.Errorf("annotations[%q]: unknown value %q: accepted are memfd, tmpfs", annotationInit, v)
	}
	if c.fifo, err = c.openFIFO(); err != nil {
		return err
	}
	ours, theirs, err := kernel.SyncPair()
	if err != nil {
		return err
	}
	if c.sync, err = newSyncSocket(ours); err != nil {
		kernel.Close(theirs)
		return err
	}
	files := initFiles{theirs: theirs}
	defer files.close()
	if err := files.open(c); err != nil {
		return err
	}
	if err := c.chownStdio(); err != nil {
		return err
	}
	into, err := c.group.OpenV2()
	if err != nil {
		return err
	}
	defer kernel.Close(into)
	s := interp.Spawn{Holder: holder, Files: files.list, Clone: c.program.Clone, Cgroup: into}
	c.pid, err = s.Start(image)
	// Only the init may hold the FIFO open: its end is how `start` learns of
	// the execve.
	kernel.Close(c.fifo)
	c.fifo = -1
	if err != nil {
		return err
	}
	return c.resetAffinity()
}

// resetAffinity undoes what the caller itself is bound to. A program that binds
// its process to CPUs is left alone.
func (c *container) resetAffinity() error {
	if p := c.spec.Process; c.joins && p.ExecCPUAffinity != nil && *p.ExecCPUAffinity != (specs.CPUAffinity{}) {
		return nil
	}
	return kernel.ResetAffinity(c.pid)
}

// openFIFO opens what releases the workload. An exec'd module is released from
// the start: its engine finds the byte in a pipe.
func (c *container) openFIFO() (int, error) {
	if !c.joins {
		return kernel.Open(c.dir.FIFO(), kernel.O_RDWR, 0)
	}
	if c.program.FD(compile.FileFIFO) < 0 {
		return -1, nil
	}
	return kernel.PipeWith([]byte{0})
}

// checkPreserved makes sure that the descriptors to be handed on are the
// caller's: without the check a number that the caller has closed would be
// something of wrun's own. Those are all close-on-exec, and no inherited
// descriptor is.
func (c *container) checkPreserved() error {
	for fd := 3; fd < 3+c.o.PreserveFDs; fd++ {
		if !kernel.IsInherited(fd) {
			return fmt.Errorf("--preserve-fds %d: file descriptor %d is not open", c.o.PreserveFDs-c.listenFDs, fd)
		}
	}
	return nil
}

// initFiles are the descriptors of the init, in order, and those of them that
// are opened for it alone.
type initFiles struct {
	theirs int // its end of the sync socket
	list   []uintptr
	opened []int
}

func (f *initFiles) open(c *container) error {
	for fd := range 3 + c.o.PreserveFDs {
		f.list = append(f.list, uintptr(fd))
	}
	for _, x := range c.program.Files {
		fd := -1
		var err error
		switch x.Kind {
		case compile.FileSync:
			fd = f.theirs
		case compile.FileFIFO:
			fd = c.fifo
		case compile.FileNamespace:
			if fd, err = kernel.Open(x.Path, kernel.O_RDONLY, 0); err != nil {
				return fmt.Errorf("%s: %w", x.Field, err)
			}
			f.opened = append(f.opened, fd)
		case compile.FilePidfd:
			fd = c.pidfd
		case compile.FileRoot:
			if fd, err = kernel.Open(fmt.Sprintf("/proc/%d/root", c.st.Pid), kernel.O_PATH|kernel.O_DIRECTORY, 0); err != nil {
				return fmt.Errorf("%s: %w", x.Field, err)
			}
			f.opened = append(f.opened, fd)
		case compile.FileEngine:
			if fd, err = c.r.openEngine(); err != nil {
				return err
			}
			f.opened = append(f.opened, fd)
		case compile.FileJob:
			if c.job, err = kernel.DataMemfd("wrun-job"); err != nil {
				return err
			}
			fd = c.job
		}
		f.list = append(f.list, uintptr(fd))
	}
	return nil
}

func (f *initFiles) close() {
	kernel.Close(f.theirs)
	for _, fd := range f.opened {
		kernel.Close(fd)
	}
}

// chownStdio gives stdin, stdout and stderr to the process's user, so that an
// image that is not root's can open /dev/stdout again. The host's /dev/null is
// not given away, and what cannot be is left.
func (c *container) chownStdio() error {
	p := c.spec.Process
	if p == nil || p.Terminal {
		return nil
	}
	for fd := range 3 {
		kind, _, rdev, uid, err := kernel.FileKind(fd)
		if kernel.Errno(err) == syscall.EBADF {
			return fmt.Errorf("file descriptor %d is not open: stdin, stdout and stderr must be (use /dev/null)", fd)
		}
		if err != nil {
			return err
		}
		want := hostID(c.spec.Linux.UIDMappings, p.User.UID)
		if want < 0 || uint32(want) == uid || kind == kernel.S_IFCHR && rdev == kernel.Mkdev(1, 3) {
			continue
		}
		switch err := kernel.Fchown(fd, want); kernel.Errno(err) {
		case 0, syscall.EPERM, syscall.EROFS, syscall.EINVAL, syscall.ENOSYS:
		default:
			return fmt.Errorf("process.user: give file descriptor %d to uid %d: %w", fd, want, err)
		}
	}
	return nil
}

// endInit kills the init and waits until it is gone.
func (c *container) endInit() error {
	pid := c.pid
	c.pid = 0
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return os.NewSyscallError("kill", err)
	}
	_, err := wait(pid)
	return err
}

// wait reaps a child.
func wait(pid int) (syscall.WaitStatus, error) {
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &ws, 0, nil)
		if err != syscall.EINTR {
			return ws, os.NewSyscallError("wait4", err)
		}
	}
}
