package wasi

import (
	"path"
	"syscall"
	"unsafe"
)

// oflags and lookupflags of preview 1.
const (
	oflagCreat     = 1 << 0
	oflagDirectory = 1 << 1
	oflagExcl      = 1 << 2
	oflagTrunc     = 1 << 3

	lookupFollow = 1 << 0
)

// fileMode and dirMode are what new files and directories get, less the
// process's umask, as with a native program.
const (
	fileMode = 0o666
	dirMode  = 0o777
)

// opening is what path_open was asked for.
type opening struct {
	lookup, oflags, fdflags uint32
	base, inheriting        Rights
}

func (h *Host) pathOpen(m memory, p []uint64) Errno {
	o := opening{
		lookup: uint32(p[1]), oflags: uint32(p[4]), fdflags: uint32(p[7]),
		base: Rights(p[5]), inheriting: Rights(p[6]),
	}
	f, e := h.table.GetRights(uint32(p[0]), RightPathOpen)
	switch {
	case e == ebadf:
		return e
	case f.Kind != KindDir:
		return enotdir
	case e != esuccess:
		return e
	case o.oflags&^0xf != 0 || o.fdflags&^fdflagsAll != 0:
		return einval
	}
	name, e := h.path(m, f, uint32(p[2]), uint32(p[3]), &h.path1)
	if e != esuccess {
		return e
	}
	if _, e := m.bytes(uint32(p[8]), 4); e != esuccess {
		return e // before anything is made
	}
	n, e := h.openPath(f, name, o)
	if e != esuccess {
		return e
	}
	return m.putU32(uint32(p[8]), n)
}

func (h *Host) openPath(f *FD, name []byte, o opening) (uint32, Errno) {
	// What the directory cannot pass on is cut off, not refused: libraries ask
	// for more than they need.
	o.base &= f.Inheriting
	o.inheriting &= f.Inheriting
	if n, ok := h.special(f, name); ok {
		return h.reopen(n, o.base)
	}
	flags, e := o.hostFlags(f)
	if e != esuccess {
		return 0, e
	}
	mode := uint64(0)
	if flags&syscall.O_CREAT != 0 {
		mode = fileMode
	}
	fd, errno := h.open(f, name, flags, mode)
	switch {
	case errno == 0:
	case errno == syscall.ELOOP && o.lookup&lookupFollow != 0:
		if n, ok := h.linked(f, name); ok {
			return h.reopen(n, o.base)
		}
		return 0, eloop
	case f.ReadOnly && errno == syscall.ENOENT && o.oflags&oflagCreat != 0:
		return 0, erofs
	default:
		return 0, errnoOf(errno)
	}
	return h.opened(f, name, fd, flags, o)
}

// hostFlags gives the flags of open(2).
func (o *opening) hostFlags(f *FD) (flags int, e Errno) {
	if o.oflags&oflagCreat != 0 && o.oflags&oflagDirectory != 0 {
		return 0, einval
	}
	if o.oflags&oflagTrunc != 0 {
		switch {
		case f.ReadOnly:
			return 0, erofs
		case f.Rights&RightPathFilestatSetSize == 0:
			return 0, enotcapable
		}
		flags |= syscall.O_TRUNC
	}
	if o.oflags&oflagCreat != 0 {
		switch {
		case f.ReadOnly: // what is there can be opened
		case f.Rights&RightPathCreateFile == 0:
			return 0, enotcapable
		default:
			flags |= syscall.O_CREAT
			if o.oflags&oflagExcl != 0 {
				flags |= syscall.O_EXCL
			}
		}
	}
	if o.oflags&oflagDirectory != 0 {
		flags |= syscall.O_DIRECTORY
	}
	if o.lookup&lookupFollow == 0 {
		flags |= syscall.O_NOFOLLOW
	}
	switch write := o.base&RightFdWrite != 0 && !f.ReadOnly; {
	case write && o.base&(RightFdRead|RightFdReaddir) != 0:
		flags |= syscall.O_RDWR
	case write:
		flags |= syscall.O_WRONLY
	}
	if o.fdflags&fdflagAppend != 0 {
		flags |= syscall.O_APPEND
	}
	if o.fdflags&fdflagNonblock != 0 {
		flags |= syscall.O_NONBLOCK
	}
	if o.fdflags&(fdflagSync|fdflagRsync) != 0 {
		flags |= syscall.O_SYNC
	}
	if o.fdflags&fdflagDsync != 0 {
		flags |= syscall.O_DSYNC
	}
	return flags | syscall.O_NOCTTY, esuccess
}

// opened makes a descriptor of what was opened.
func (h *Host) opened(f *FD, name []byte, fd, flags int, o opening) (uint32, Errno) {
	var st syscall.Stat_t
	e := errnoOf(fstat(fd, &st))
	if e == esuccess {
		e = h.guard(fd, &st, flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0)
	}
	switch {
	case e != esuccess:
	case f.ReadOnly && o.oflags&(oflagCreat|oflagExcl) == oflagCreat|oflagExcl:
		e = eexist
	}
	if e != esuccess {
		sysClose(fd)
		return 0, e
	}
	n := &FD{Host: fd, Flags: uint16(o.fdflags), ReadOnly: f.ReadOnly}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		n.Kind, n.Rights, n.Inheriting = KindDir, o.base&dirRights, o.inheriting
		n.Dir = &dir{scope: f.Dir.scope, cwd: f.Dir.cwd}
		if same := string(name) == "."; same {
			n.Dir.name = f.Dir.name
		} else {
			n.Dir.cwd = ""
			if n.Dir.scope == scopeRoot {
				n.Dir.scope = scopeWithin
			}
			if f.Dir.name != "" {
				n.Dir.name = path.Join(f.Dir.name, string(name))
			}
		}
	case syscall.S_IFCHR:
		n.Kind, n.Rights = KindChar, o.base&charRights(fd)
	case syscall.S_IFIFO:
		n.Kind, n.Rights = KindPipe, o.base&streamRights
	default:
		n.Kind, n.Rights = KindFile, o.base&fileRights
		n.block = st.Mode&syscall.S_IFMT == syscall.S_IFBLK
	}
	return h.table.Open(n)
}

// charRights gives what can be done with a character device. wasi-libc takes
// one that cannot seek for a terminal (isatty).
func charRights(fd int) Rights {
	var termios [64]byte // struct termios is smaller
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&termios[0]))); e == 0 {
		return streamRights
	}
	return fileRights
}
