package kernel

import (
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Calls for copying a tree by descriptors. Names come from images, and may
// hold anything: these errors carry no names, the caller quotes its own.

// Inode is what stat(2) says of a file.
type Inode struct {
	Mode     uint32 // S_IF… and permissions
	UID, GID int
	Rdev     uint64
	Size     int64
	times    [2]unix.Timespec // access, modification
}

// Kind is the S_IFMT part of the mode.
func (i *Inode) Kind() uint32 { return i.Mode & unix.S_IFMT }

// Fstat is fstat(2), also of a descriptor with O_PATH.
func Fstat(fd int) (Inode, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Inode{}, os.NewSyscallError("fstat", err)
	}
	return Inode{
		Mode: st.Mode, UID: int(st.Uid), GID: int(st.Gid), Rdev: uint64(st.Rdev), Size: st.Size,
		times: [2]unix.Timespec{st.Atim, st.Mtim},
	}, nil
}

// Openat is openat(2) with O_CLOEXEC and O_NOFOLLOW.
func Openat(dir int, name string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() (e error) {
		fd, e = unix.Openat(dir, name, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, mode)
		return e
	})
	return fd, os.NewSyscallError("openat", err)
}

// Reopen opens the very file that a descriptor with O_PATH stands for. It goes
// through /proc/self/fd, which leads to the inode, not to a path.
func Reopen(fd, flags int) (n int, err error) {
	err = retry(func() (e error) { n, e = unix.Open(magicLink(fd), flags|unix.O_CLOEXEC, 0); return e })
	return n, os.NewSyscallError("open", err)
}

func magicLink(fd int) string { return "/proc/thread-self/fd/" + strconv.Itoa(fd) }

// MakeNode makes a directory (mkdirat(2)), a symlink to target (symlinkat(2)),
// or any other file (mknodat(2)), as the mode's S_IFMT says. It must not exist.
func MakeNode(dir int, name string, mode uint32, rdev uint64, target string) error {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return os.NewSyscallError("mkdirat", unix.Mkdirat(dir, name, mode&^unix.S_IFMT))
	case unix.S_IFLNK:
		return os.NewSyscallError("symlinkat", unix.Symlinkat(target, dir, name))
	}
	return os.NewSyscallError("mknodat", unix.Mknodat(dir, name, mode, int(rdev)))
}

// SetOwner is fchownat(2) of a name itself, be it a symlink.
func SetOwner(dir int, name string, uid, gid int) error {
	return os.NewSyscallError("fchownat", unix.Fchownat(dir, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW))
}

// SetMode is fchmodat(2); the name must not be a symlink.
func SetMode(dir int, name string, mode uint32) error {
	return os.NewSyscallError("fchmodat", unix.Fchmodat(dir, name, mode&0o7777, 0))
}

// Chmod sets the permissions of what a descriptor with O_PATH stands for; it
// must not be a symlink.
func Chmod(fd int, mode uint32) error {
	return os.NewSyscallError("chmod", unix.Chmod(magicLink(fd), mode&0o7777))
}

// SetTimes gives a name the access and modification time of i, utimensat(2).
func SetTimes(dir int, name string, i *Inode) error {
	err := unix.UtimesNanoAt(dir, name, i.times[:], unix.AT_SYMLINK_NOFOLLOW)
	return os.NewSyscallError("utimensat", err)
}

// Xattrs lists the names of a file's extended attributes; none where its file
// system has no such thing.
func Xattrs(fd int) (names []string, err error) {
	var buf []byte
	for {
		n, err := unix.Listxattr(magicLink(fd), buf)
		switch {
		case err == unix.EOPNOTSUPP:
			return nil, nil
		case err == unix.ERANGE: // it has grown
			buf = nil
			continue
		case err != nil:
			return nil, os.NewSyscallError("listxattr", err)
		case n == 0:
			return nil, nil
		case buf != nil:
			for _, name := range bytes.Split(bytes.TrimSuffix(buf[:n], []byte{0}), []byte{0}) {
				names = append(names, string(name))
			}
			return names, nil
		}
		buf = make([]byte, n)
	}
}

// CopyXattr copies one extended attribute. One that has gone, or that the
// other file system cannot hold, is left out.
func CopyXattr(from, to int, name string) error {
	var buf [1 << 16]byte // XATTR_SIZE_MAX, xattr(7)
	n, err := unix.Getxattr(magicLink(from), name, buf[:])
	if err == unix.ENODATA {
		return nil
	}
	if err != nil {
		return os.NewSyscallError("getxattr "+name, err)
	}
	if err := unix.Setxattr(magicLink(to), name, buf[:n], 0); err != nil && err != unix.EOPNOTSUPP {
		return os.NewSyscallError("setxattr "+name, err)
	}
	return nil
}

// CopyData copies the first size bytes of a regular file through buf, and
// leaves its holes holes (SEEK_DATA, lseek(2)).
func CopyData(from, to int, size int64, buf []byte) error {
	for off := int64(0); off < size; {
		start, err := unix.Seek(from, off, unix.SEEK_DATA)
		if err == unix.ENXIO { // a hole up to the end
			break
		}
		if err != nil {
			return os.NewSyscallError("lseek", err)
		}
		end, err := unix.Seek(from, start, unix.SEEK_HOLE)
		if err != nil {
			return os.NewSyscallError("lseek", err)
		}
		if end = min(end, size); start >= end {
			break
		}
		for off = start; off < end; {
			n, err := Pread(from, buf[:min(int64(len(buf)), end-off)], off)
			if err != nil {
				return err
			}
			if n == 0 { // it has been cut off meanwhile
				return nil
			}
			if err := writeAt(to, buf[:n], off); err != nil {
				return err
			}
			off += int64(n)
		}
	}
	return os.NewSyscallError("ftruncate", unix.Ftruncate(to, size))
}

// AsOwner runs f with the file system ids uid and gid, which new files then
// belong to (setfsuid(2)); without rights over other people's files, if uid is
// not 0.
func AsOwner(uid, gid int, f func() error) error {
	runtime.LockOSThread()
	// Should the ids not come back, the thread must not be used again; it ends
	// with its goroutine while it is locked.
	if err := setFSIDs(uid, gid); err != nil {
		return err
	}
	err := f()
	if back := setFSIDs(unix.Geteuid(), unix.Getegid()); back != nil {
		return back
	}
	runtime.UnlockOSThread()
	return err
}

func setFSIDs(uid, gid int) error {
	// Both answer the previous id, whether they did it or not.
	for _, set := range []struct {
		call string
		f    func(int) (int, error)
		id   int
	}{{"setfsgid", unix.SetfsgidRetGid, gid}, {"setfsuid", unix.SetfsuidRetUid, uid}} {
		if _, err := set.f(set.id); err != nil {
			return os.NewSyscallError(set.call, err)
		}
		if now, err := set.f(-1); err != nil || now != set.id {
			return os.NewSyscallError(set.call, unix.EPERM)
		}
	}
	return nil
}

func writeAt(fd int, b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, off)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("pwrite", err)
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}
