package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// retry runs a system call again while a signal interrupts it; Go's own
// preemption signals do.
func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: path, Err: err}
}

// Close closes a descriptor. The only error worth reporting, EIO of a delayed
// write, does not exist for the kinds of files wrun closes through it.
func Close(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// Open is open(2) with O_CLOEXEC.
func Open(path string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() (e error) { fd, e = unix.Open(path, flags|unix.O_CLOEXEC, mode); return e })
	return fd, pathError("open", path, err)
}

// OpenInRoot opens path beneath the directory root as a process chrooted there
// would: openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS, Linux 5.6.
// It answers EAGAIN on `..` while anything is renamed; such calls are repeated.
func OpenInRoot(root int, path string, flags int, mode uint32, resolve uint64) (fd int, err error) {
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Mode: uint64(mode), Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | resolve}
	for {
		fd, err = unix.Openat2(root, path, &how)
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, pathError("openat2", path, err)
		}
	}
}

// Mkdirat is mkdirat(2).
func Mkdirat(dir int, name string, mode uint32) error {
	return pathError("mkdirat", name, unix.Mkdirat(dir, name, mode))
}

// Mkfifo makes a FIFO, mkfifo(3).
func Mkfifo(path string, mode uint32) error {
	return pathError("mkfifo", path, unix.Mkfifo(path, mode))
}

// Readlinkat is readlinkat(2) on a descriptor or a name below one.
func Readlinkat(dir int, name string) (string, error) {
	var b [4096]byte
	n, err := unix.Readlinkat(dir, name, b[:])
	if err != nil {
		return "", pathError("readlinkat", name, err)
	}
	return string(b[:n]), nil
}

// FileKind is the S_IFMT part of a descriptor's mode, and its device number
// when it is a device.
func FileKind(fd int) (kind uint32, size int64, rdev uint64, uid uint32, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, 0, 0, 0, os.NewSyscallError("fstat", err)
	}
	return st.Mode & unix.S_IFMT, st.Size, uint64(st.Rdev), st.Uid, nil
}

// Fchown is fchown(2) of the owner alone.
func Fchown(fd int, uid int) error {
	return os.NewSyscallError("fchown", unix.Fchown(fd, uid, -1))
}

// Pread is one pread(2).
func Pread(fd int, b []byte, off int64) (n int, err error) {
	err = retry(func() (e error) { n, e = unix.Pread(fd, b, off); return e })
	return n, os.NewSyscallError("pread", err)
}

// Read is one read(2).
func Read(fd int, b []byte) (n int, err error) {
	err = retry(func() (e error) { n, e = unix.Read(fd, b); return e })
	return n, os.NewSyscallError("read", err)
}

// Write writes all of b, write(2).
func Write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		b = b[n:]
	}
	return nil
}

// DupFrom duplicates a descriptor to the lowest free one from min on, with
// FD_CLOEXEC.
func DupFrom(fd, min int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, min)
	return n, os.NewSyscallError("fcntl(F_DUPFD_CLOEXEC)", err)
}

// SetNonblock sets O_NONBLOCK on the open file.
func SetNonblock(fd int, on bool) error {
	return os.NewSyscallError("fcntl(F_SETFL)", unix.SetNonblock(fd, on))
}

// IsOpen tells whether a descriptor is open.
func IsOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// OpenatNoFollow opens what a name in a directory is, without following it if
// it is a symlink and without acting on it: O_PATH.
func OpenatNoFollow(dir int, name string) (int, error) {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	return fd, pathError("openat", name, err)
}

// Touchat makes an empty regular file; it must not exist.
func Touchat(dir int, name string, mode uint32) error {
	return pathError("mknodat", name, unix.Mknodat(dir, name, unix.S_IFREG|mode, 0))
}

// WriteAt0 writes b to the beginning of a file, pwrite(2).
func WriteAt0(fd int, b []byte) error {
	for off := 0; off < len(b); {
		n, err := unix.Pwrite(fd, b[off:], int64(off))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("pwrite", err)
		}
		off += n
	}
	return nil
}

// ChownNoFollow is fchownat(2) of a name itself, be it a symlink.
func ChownNoFollow(dir int, name string, uid, gid int) error {
	return pathError("fchownat", name, unix.Fchownat(dir, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW))
}

// PipeWith gives the reading end of a pipe that holds data, at most a few
// bytes.
func PipeWith(data []byte) (int, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("pipe2", err)
	}
	err := Write(p[1], data)
	Close(p[1])
	if err != nil {
		Close(p[0])
		return -1, err
	}
	return p[0], nil
}

// IsInherited tells whether a descriptor is open and would survive an
// execve(2): it then came from the caller, for all of wrun's own would not.
func IsInherited(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}
