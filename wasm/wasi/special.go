package wasi

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// special tells whether a path means one of the guest's own descriptors. In the
// engine's process those names stand for the engine's.
func (h *Host) special(f *FD, name []byte) (n uint32, ok bool) {
	if !bytes.Contains(name, []byte("std")) && !mayBeNumber(name) || f.Dir.name == "" || f.Dir.name[0] != '/' {
		return 0, false
	}
	return descriptorOf(path.Join(f.Dir.name, string(name)))
}

// mayBeNumber spares most paths a closer look.
func mayBeNumber(name []byte) bool {
	c := name[len(name)-1]
	return c >= '0' && c <= '9'
}

// descriptorOf reads the names that a native program has for its descriptors.
func descriptorOf(name string) (n uint32, ok bool) {
	switch name {
	case "/dev/stdin":
		return 0, true
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	number, ok := strings.CutPrefix(name, "/dev/fd/")
	if !ok {
		if number, ok = strings.CutPrefix(name, "/proc/self/fd/"); !ok {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(number, 10, 31)
	return uint32(v), err == nil
}

// maxLinks is how many symlinks are followed, as in the kernel
// (path_resolution(7)).
const maxLinks = 40

// linked follows a path whose last name is a symlink, from one to the next,
// until one of them means a descriptor of the guest's: images have log files
// that are links to /dev/stdout. It is for paths that openat2 gave ELOOP for,
// because /dev/stdout is a link to a magic one.
func (h *Host) linked(f *FD, name []byte) (n uint32, ok bool) {
	if f.Dir.scope == scopeBeneath || f.Dir.name == "" || f.Dir.name[0] != '/' {
		return 0, false
	}
	at := path.Join(f.Dir.name, string(name))
	var b [maxPath]byte
	for range maxLinks {
		how := openHow{flags: oPath | syscall.O_NOFOLLOW, resolve: resolveNoMagiclinks}
		fd, e := openat2(atFdcwd, append([]byte(at), 0), how)
		if e != 0 {
			return 0, false
		}
		size, e := readlinkat(fd, []byte{0}, b[:])
		sysClose(fd)
		if e != 0 {
			return 0, false
		}
		target := string(b[:size])
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(at), target)
		}
		at = path.Clean(target)
		if n, ok := descriptorOf(at); ok {
			return n, true
		}
	}
	return 0, false
}

// reopen gives the guest another descriptor for one that it has.
func (h *Host) reopen(n uint32, rights Rights) (uint32, Errno) {
	old, e := h.table.Get(n)
	if e != esuccess {
		return 0, enoent
	}
	fd, errno := fcntl(old.Host, syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return 0, errnoOf(errno)
	}
	f := *old
	f.Host = fd
	f.Rights &= rights
	// From now on two descriptors have the open file.
	f.Shared = true
	old.Shared = true
	if f.Dir != nil {
		d := *f.Dir
		d.preopen, d.list = false, nil
		f.Dir = &d
	}
	if f.Sock != nil {
		s := *f.Sock
		s.preopened, s.accepted = false, false
		f.Sock = &s
	}
	return h.table.Open(&f)
}
