package wasi

import (
	"bytes"
	"strings"
	"syscall"
	"unsafe"
)

// walk does what openat2 does, for kernels before 5.6 and seccomp profiles that
// do not know it: it looks at one name after the other, and follows symlinks
// itself, by their text, so that none is a magic one. No name is followed by
// the kernel, so a rename meanwhile changes where it ends, never by what rules.
type walk struct {
	scope scope
	start int   // where the path begins, or where it began anew
	base  int   // start if it is the walk's own, else -1
	stack []int // directories on the way from there
	rest  string
	links int
}

// at gives the directory reached so far.
func (w *walk) at() int {
	if len(w.stack) == 0 {
		return w.start
	}
	return w.stack[len(w.stack)-1]
}

func (w *walk) push(fd int) { w.stack = append(w.stack, fd) }

func (w *walk) close() {
	for _, fd := range w.stack {
		sysClose(fd)
	}
	if w.base >= 0 {
		sysClose(w.base)
	}
	w.stack, w.base = nil, -1
}

// walkOpen opens a path as openat2 would in a directory of that scope.
func walkOpen(dir int, s scope, path string, flags int, mode uint64) (int, syscall.Errno) {
	w := walk{scope: s, start: dir, base: -1, rest: path}
	defer w.close()
	if path == "" {
		return -1, syscall.ENOENT
	}
	for {
		name, rest, more := strings.Cut(w.rest, "/")
		rest = strings.TrimLeft(rest, "/")
		w.rest = rest
		last := rest == ""
		var e syscall.Errno
		switch {
		case name == "" && !last: // a leading slash of a symlink's target
		case name == "" || name == ".":
		case name == "..":
			e = w.up()
		case last:
			fd, again, e := w.final(name, more, flags, mode)
			if again {
				continue
			}
			return fd, e
		default:
			e = w.step(name, true)
		}
		if e != 0 {
			return -1, e
		}
		if last && w.rest == "" { // "." or "..", or a symlink to "/"
			return openatRaw(w.at(), ".", flags&^(syscall.O_NOFOLLOW|syscall.O_CREAT|syscall.O_EXCL)|syscall.O_DIRECTORY, 0)
		}
	}
}

// up goes to the parent: on the way back that was come, or, where the path
// began, as the scope has it.
func (w *walk) up() syscall.Errno {
	switch {
	case len(w.stack) > 0:
		sysClose(w.at())
		w.stack = w.stack[:len(w.stack)-1]
	case w.scope == scopeBeneath:
		return syscall.EPERM
	case w.scope == scopeWithin:
		// "/" is its own parent, and the start is beneath it.
		fd, e := openatRaw(w.start, "..", oPath|syscall.O_DIRECTORY, 0)
		if e != 0 {
			return e
		}
		w.close()
		w.base, w.start = fd, fd
	}
	return 0
}

// step goes into a directory, or follows a symlink. must says that it has to be
// one of them.
func (w *walk) step(name string, must bool) syscall.Errno {
	fd, e := openatRaw(w.at(), name, oPath|syscall.O_NOFOLLOW, 0)
	if e != 0 {
		return e
	}
	var st syscall.Stat_t
	if e := fstat(fd, &st); e != 0 {
		sysClose(fd)
		return e
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFLNK:
		defer sysClose(fd)
		return w.follow(fd)
	case syscall.S_IFDIR:
		w.push(fd)
		return 0
	}
	sysClose(fd)
	if must {
		return syscall.ENOTDIR
	}
	return 0
}

func (w *walk) follow(link int) syscall.Errno {
	if w.links++; w.links > maxLinks {
		return syscall.ELOOP
	}
	var b [maxPath]byte
	n, e := readlinkat(link, []byte{0}, b[:])
	if e != 0 {
		return e
	}
	target := string(b[:n])
	if w.rest != "" {
		target += "/" + w.rest
	}
	w.rest = target
	if !strings.HasPrefix(target, "/") {
		return 0
	}
	if w.scope == scopeBeneath {
		return syscall.EPERM
	}
	fd, e := openatRaw(atFdcwd, "/", oPath|syscall.O_DIRECTORY, 0)
	if e != 0 {
		return e
	}
	w.close()
	w.base, w.start, w.scope = fd, fd, scopeRoot
	return 0
}

// final opens the last name; again says that it was a symlink, and that the
// path goes on. A slash behind it asks for a directory.
func (w *walk) final(name string, slash bool, flags int, mode uint64) (fd int, again bool, e syscall.Errno) {
	if slash || flags&syscall.O_NOFOLLOW == 0 {
		probe, e := openatRaw(w.at(), name, oPath|syscall.O_NOFOLLOW, 0)
		if e == 0 {
			var st syscall.Stat_t
			if e = fstat(probe, &st); e == 0 && st.Mode&syscall.S_IFMT == syscall.S_IFLNK && flags&syscall.O_EXCL == 0 {
				e = w.follow(probe)
				if slash && e == 0 {
					w.rest += "/"
				}
				again = e == 0
			}
			sysClose(probe)
			if e != 0 || again {
				return -1, again, e
			}
		} else if e != syscall.ENOENT {
			return -1, false, e
		}
	}
	if slash {
		if flags&syscall.O_CREAT != 0 {
			return -1, false, syscall.EISDIR
		}
		flags |= syscall.O_DIRECTORY
	}
	fd, e = openatRaw(w.at(), name, flags|syscall.O_NOFOLLOW, mode)
	return fd, false, e
}

// openatRaw is openat(2).
func openatRaw(dir int, name string, flags int, mode uint64) (int, syscall.Errno) {
	b := append([]byte(name), 0)
	if bytes.IndexByte(b, 0) != len(name) {
		return -1, syscall.EINVAL
	}
	for {
		fd, _, e := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&b[0])), uintptr(flags|syscall.O_CLOEXEC), uintptr(mode), 0, 0)
		if e != syscall.EINTR {
			return int(fd), e
		}
	}
}
