package kernel

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// MountNS works in the mount namespace of another process with the caller's
// own rights, on a thread that is given up for it.
type MountNS struct {
	work chan func()
}

// EnterMountNS starts a thread in the mount namespace of pid: it unshares what
// threads share of the file system (CLONE_FS, unshare(2)), without which
// setns(2) refuses.
func EnterMountNS(pid int) (*MountNS, error) {
	ns, err := Open("/proc/"+strconv.Itoa(pid)+"/ns/mnt", unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	m := &MountNS{work: make(chan func())}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and nothing else
		// ever runs in there.
		runtime.LockOSThread()
		err := os.NewSyscallError("unshare(CLONE_FS)", unix.Unshare(unix.CLONE_FS))
		if err == nil {
			err = os.NewSyscallError("setns(CLONE_NEWNS)", unix.Setns(ns, unix.CLONE_NEWNS))
		}
		Close(ns)
		ready <- err
		if err != nil {
			return
		}
		for f := range m.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, err
	}
	return m, nil
}

// Close gives the thread up.
func (m *MountNS) Close() {
	if m != nil {
		close(m.work)
	}
}

// CloneTree gives a detached copy of the mount at path (open_tree(2) with
// OPEN_TREE_CLONE, Linux 5.2), with all mounts below it if recursive.
func (m *MountNS) CloneTree(path string, recursive bool) (fd int, err error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	done := make(chan struct{})
	m.work <- func() {
		defer close(done)
		fd, err = unix.OpenTree(unix.AT_FDCWD, path, flags)
		err = pathError("open_tree", path, err)
	}
	<-done
	return fd, err
}

// Attach moves a detached mount to path.
func (m *MountNS) Attach(fd int, path string) (err error) {
	done := make(chan struct{})
	m.work <- func() {
		defer close(done)
		err = pathError("move_mount", path, unix.MoveMount(fd, "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH))
	}
	<-done
	return err
}

// WriteFile writes a short text to a file that exists, in one write(2).
func WriteFile(path, text string) error {
	fd, err := Open(path, unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer Close(fd)
	_, err = unix.Write(fd, []byte(text))
	return pathError("write "+text+" to", path, err)
}

// Prlimit sets a resource limit of another process, prlimit(2).
func Prlimit(pid, resource int, soft, hard uint64) error {
	return os.NewSyscallError("prlimit", unix.Prlimit(pid, resource, &unix.Rlimit{Cur: soft, Max: hard}, nil))
}

// SendDescriptor sends a message with a descriptor on the sync socket.
func SendDescriptor(sock int, b []byte, fd int) error {
	err := retry(func() error { return unix.Sendmsg(sock, b, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL) })
	return os.NewSyscallError("sendmsg", err)
}
