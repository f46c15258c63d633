package interp

import (
	"fmt"
	"strconv"
	"syscall"

	"wrun/linux/kernel"
)

// Name is the image's name in /proc/PID/exe ("/memfd:wrun (deleted)"), and
// argv[0] of a waiting init.
const (
	Name = "wrun"
	Argv = "wrun:[init]"
)

// Holder says what file an image is executed from.
type Holder int

const (
	// Memfd is a sealed memfd; where vm.memfd_noexec=2 forbids executing
	// those, a file of a detached tmpfs takes its place.
	Memfd Holder = iota
	// Tmpfs is always a file of a detached, read-only tmpfs, for hosts whose
	// sensors take each execution of a memfd for an attack.
	Tmpfs
)

// Spawn is what an init starts with.
type Spawn struct {
	Holder Holder
	// Files become the init's descriptors 0, 1, 2, …
	Files []uintptr
	// Clone holds the namespaces to be made by clone(2) itself.
	Clone uintptr
	// Cgroup is a directory of a v2 hierarchy to start in
	// (CLONE_INTO_CGROUP, Linux 5.7), or -1.
	Cgroup int
}

// above keeps the image out of the way of ForkExec, which renumbers the
// child's descriptors before it executes. It stays below 64: a process with
// threads waits for an RCU grace period, 7 ms and more, when its descriptor
// table has to grow (expand_fdtable in fs/file.c).
const above = 40

// Start executes an image as a new process and gives its pid.
func (s *Spawn) Start(image []byte) (int, error) {
	fd, err := hold(s.Holder, image)
	if err != nil {
		return 0, fmt.Errorf("init image: %w", err)
	}
	high, err := kernel.DupFrom(fd, max(above, len(s.Files)))
	kernel.Close(fd)
	if err != nil {
		return 0, fmt.Errorf("init image: %w", err)
	}
	attr := syscall.ProcAttr{Files: s.Files, Sys: &syscall.SysProcAttr{Cloneflags: s.Clone}}
	if s.Cgroup >= 0 {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, s.Cgroup
	}
	pid, err := syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(high), []string{Argv}, &attr)
	kernel.Close(high)
	if err != nil {
		return 0, fmt.Errorf("start the init: clone or execve of its image: %w", err)
	}
	return pid, nil
}

func hold(h Holder, image []byte) (int, error) {
	if h == Memfd {
		fd, err := kernel.ExecMemfd(Name, image)
		if err == nil || kernel.Errno(err) != kernel.ErrMemfdNoexec {
			return fd, err
		}
	}
	return kernel.ExecTmpfs(Name, image)
}
