package wasi

import (
	"fmt"
	"path"
	"syscall"
)

// Preopen is a directory that the guest has from the start.
type Preopen struct {
	Dir   string // where it is
	Guest string // the name that the guest sees
	// ReadOnly refuses what changes files.
	ReadOnly bool
	// Native says that paths mean what they mean to a native program: symlinks
	// may lead out of Dir. "/" is always so.
	Native bool
	// Cwd, an absolute path, makes names be looked for there before in Dir,
	// which is "/" then.
	Cwd string
}

// OpenStdio gives the guest the process's stdin, stdout and stderr. Their open
// files belong to others too, see FD.Shared. One that is closed stays so.
func (h *Host) OpenStdio() error {
	for fd := range 3 {
		var st syscall.Stat_t
		e := fstat(fd, &st)
		if e == syscall.EBADF {
			h.table.fds = append(h.table.fds, nil)
			continue
		}
		if e != 0 {
			return fmt.Errorf("file descriptor %d: fstat: %w", fd, e)
		}
		flags, e := fcntl(fd, syscall.F_GETFL, 0)
		if e != 0 {
			return fmt.Errorf("file descriptor %d: fcntl(F_GETFL): %w", fd, e)
		}
		f := &FD{Host: fd, Shared: true}
		switch st.Mode & syscall.S_IFMT {
		case syscall.S_IFDIR:
			// Nothing can be opened beneath it.
			f.Kind, f.Rights, f.Dir = KindDir, RightFdReaddir|RightFdFilestatGet, &dir{scope: scopeBeneath}
		case syscall.S_IFCHR:
			f.Kind, f.Rights = KindChar, charRights(fd)
		case syscall.S_IFIFO:
			f.Kind, f.Rights = KindPipe, streamRights
		case syscall.S_IFSOCK:
			f.Kind, f.Rights, f.Sock = KindStream, sockRights, &sock{}
			if t, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE); err == nil && t == syscall.SOCK_DGRAM {
				f.Kind = KindDatagram
			}
		default:
			f.Kind, f.Rights = KindFile, fileRights
			f.block = st.Mode&syscall.S_IFMT == syscall.S_IFBLK
		}
		switch flags & syscall.O_ACCMODE {
		case syscall.O_RDONLY:
			f.Rights &^= RightFdWrite
		case syscall.O_WRONLY:
			f.Rights &^= RightFdRead
		}
		if flags&syscall.O_APPEND != 0 {
			f.Flags |= fdflagAppend
		}
		h.table.fds = append(h.table.fds, f)
	}
	h.table.free = 0
	return nil
}

// Preopen opens a directory for the guest. It gets the next free number.
func (h *Host) Preopen(p Preopen) error {
	fd, e := h.preopened(p.Dir, syscall.O_DIRECTORY)
	if e == syscall.EACCES { // what may be searched but not read
		fd, e = h.preopened(p.Dir, syscall.O_DIRECTORY|oPath)
	}
	if e != 0 {
		return fmt.Errorf("preopen %s: %w", p.Dir, e)
	}
	f := &FD{
		Kind: KindDir, Host: fd, ReadOnly: p.ReadOnly, Rights: dirRights, Inheriting: dirRights | fileRights,
		Dir: &dir{name: p.Guest, preopen: true, scope: scopeBeneath},
	}
	switch {
	case path.Clean(p.Dir) == "/":
		f.Dir.scope = scopeRoot
	case p.Native:
		f.Dir.scope = scopeWithin
	}
	if p.Cwd != "" {
		f.Dir.cwd = path.Clean(p.Cwd)[1:]
	}
	if _, e := h.table.Open(f); e != esuccess {
		return fmt.Errorf("preopen %s: no free descriptor", p.Dir)
	}
	return nil
}

// preopened opens a directory, and learns whether there is openat2: kernels
// before 5.6 and old seccomp profiles refuse it.
func (h *Host) preopened(name string, flags int) (int, syscall.Errno) {
	if !h.walks {
		fd, e := openat2(atFdcwd, append([]byte(name), 0), openHow{flags: uint64(flags), resolve: resolveNoMagiclinks})
		if e != syscall.ENOSYS && e != syscall.EPERM {
			return fd, e
		}
		h.walks = true
	}
	root, e := openatRaw(atFdcwd, "/", oPath|syscall.O_DIRECTORY, 0)
	if e != 0 {
		return -1, e
	}
	defer sysClose(root)
	return walkOpen(root, scopeRoot, "."+name, flags, 0)
}
