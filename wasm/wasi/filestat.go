package wasi

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"unsafe"
)

func (h *Host) filestatFunctions() []function {
	return []function{
		{"fd_filestat_get", "ii", h.fdFilestatGet},
		{"fd_filestat_set_size", "il", h.fdFilestatSetSize},
		{"fd_filestat_set_times", "illi", h.fdFilestatSetTimes},
		{"path_filestat_get", "iiiii", h.pathFilestatGet},
		{"path_filestat_set_times", "iiiilli", h.pathFilestatSetTimes},
	}
}

const filestatSize = 64

// putFilestat stores a filestat.
func putFilestat(m memory, p uint32, st *syscall.Stat_t, filetype byte) Errno {
	b, e := m.bytes(p, filestatSize)
	if e != esuccess {
		return e
	}
	le := binary.LittleEndian
	le.PutUint64(b, uint64(st.Dev))
	le.PutUint64(b[8:], st.Ino)
	le.PutUint64(b[16:], uint64(filetype))
	le.PutUint64(b[24:], uint64(st.Nlink))
	le.PutUint64(b[32:], uint64(st.Size))
	le.PutUint64(b[40:], uint64(st.Atim.Nano()))
	le.PutUint64(b[48:], uint64(st.Mtim.Nano()))
	le.PutUint64(b[56:], uint64(st.Ctim.Nano()))
	return esuccess
}

func filetypeOf(mode uint32) byte {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFBLK:
		return filetypeBlock
	case syscall.S_IFCHR:
		return filetypeChar
	case syscall.S_IFDIR:
		return filetypeDirectory
	case syscall.S_IFREG:
		return filetypeRegular
	case syscall.S_IFSOCK:
		return filetypeStream
	case syscall.S_IFLNK:
		return filetypeSymlink
	}
	return filetypeUnknown
}

func (h *Host) fdFilestatGet(m memory, p []uint64) Errno {
	f, e := h.table.GetRights(uint32(p[0]), RightFdFilestatGet)
	if e != esuccess {
		return e
	}
	return h.putStatOf(m, uint32(p[1]), f)
}

func (h *Host) putStatOf(m memory, p uint32, f *FD) Errno {
	var st syscall.Stat_t
	if e := fstat(f.Host, &st); e != 0 {
		return errnoOf(e)
	}
	return putFilestat(m, p, &st, f.filetype())
}

func (h *Host) fdFilestatSetSize(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	switch {
	case e != esuccess:
		return e
	case f.Kind == KindDir:
		return eisdir
	case f.ReadOnly:
		return erofs
	case f.Rights&RightFdFilestatSetSize == 0:
		return enotcapable
	case int64(p[1]) < 0:
		return einval
	}
	for {
		if _, _, errno := syscall.Syscall(syscall.SYS_FTRUNCATE, uintptr(f.Host), uintptr(p[1]), 0); errno != syscall.EINTR {
			return errnoOf(errno)
		}
	}
}

// fstflags of preview 1.
const (
	fstAtim    = 1 << 0
	fstAtimNow = 1 << 1
	fstMtim    = 1 << 2
	fstMtimNow = 1 << 3
)

// times makes what utimensat(2) takes.
func times(atim, mtim uint64, flags uint32) (ts [2]syscall.Timespec, e Errno) {
	if flags&^0xf != 0 {
		return ts, einval
	}
	if ts[0], e = timespec(atim, flags&fstAtim != 0, flags&fstAtimNow != 0); e != esuccess {
		return ts, e
	}
	ts[1], e = timespec(mtim, flags&fstMtim != 0, flags&fstMtimNow != 0)
	return ts, e
}

func timespec(ns uint64, set, now bool) (syscall.Timespec, Errno) {
	const (
		utimeNow  = 1<<30 - 1
		utimeOmit = 1<<30 - 2
	)
	switch {
	case set && now:
		return syscall.Timespec{}, einval
	case set:
		return syscall.Timespec{Sec: int64(ns / 1e9), Nsec: int64(ns % 1e9)}, esuccess
	case now:
		return syscall.Timespec{Nsec: utimeNow}, esuccess
	}
	return syscall.Timespec{Nsec: utimeOmit}, esuccess
}

// utimens sets the times of path in dir, or of dir itself if path is nil.
func utimens(dir int, path *byte, ts *[2]syscall.Timespec, flags int) Errno {
	_, _, e := syscall.Syscall6(syscall.SYS_UTIMENSAT, uintptr(dir), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(ts)), uintptr(flags), 0, 0)
	return errnoOf(e)
}

func (h *Host) fdFilestatSetTimes(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	switch {
	case e != esuccess:
		return e
	case f.ReadOnly:
		return erofs
	case f.Rights&RightFdFilestatSetTimes == 0:
		return enotcapable
	}
	ts, e := times(p[1], p[2], uint32(p[3]))
	if e != esuccess {
		return e
	}
	return utimens(f.Host, nil, &ts, 0)
}

func (h *Host) pathFilestatGet(m memory, p []uint64) Errno {
	f, e := h.directory(uint32(p[0]), RightPathFilestatGet)
	if e != esuccess {
		return e
	}
	name, e := h.path(m, f, uint32(p[2]), uint32(p[3]), &h.path1)
	if e != esuccess {
		return e
	}
	follow := uint32(p[1])&lookupFollow != 0
	if follow {
		if n, ok := h.special(f, name); ok {
			return h.statDescriptor(m, uint32(p[4]), n)
		}
	}
	var st syscall.Stat_t
	errno := h.stat(f, name, follow, &st)
	if errno == syscall.ELOOP && follow {
		if n, ok := h.linked(f, name); ok {
			return h.statDescriptor(m, uint32(p[4]), n)
		}
	}
	if errno != 0 {
		return errnoOf(errno)
	}
	return putFilestat(m, uint32(p[4]), &st, filetypeOf(st.Mode))
}

func (h *Host) statDescriptor(m memory, p, n uint32) Errno {
	f, e := h.table.Get(n)
	if e != esuccess {
		return enoent
	}
	return h.putStatOf(m, p, f)
}

// stat stats a path. A name without a slash, or in a known directory, needs no
// resolution unless it is a symlink.
func (h *Host) stat(f *FD, name []byte, follow bool, st *syscall.Stat_t) syscall.Errno {
	i := bytes.LastIndexByte(name, '/')
	simple := plain(name[i+1:])
	if simple && (i < 0 || i > 0 && h.known(f, name[:i])) {
		e := fstatat(f.Host, terminated(name), st, atSymlinkNofollow)
		if e != 0 || !follow || st.Mode&syscall.S_IFMT != syscall.S_IFLNK {
			return e
		}
	}
	flags := oPath
	if !follow {
		flags |= syscall.O_NOFOLLOW
	}
	fd, e := h.open(f, name, flags, 0)
	if e != 0 {
		return e
	}
	e = fstat(fd, st)
	closePath(fd)
	if simple && i > 0 {
		h.know(f, name[:i])
	}
	return e
}

// plain tells whether a name, without a slash, is one that can be looked at
// where it is: not a way out.
func plain(name []byte) bool { return len(name) > 0 && string(name) != ".." }
func (h *Host) pathFilestatSetTimes(m memory, p []uint64) Errno {
	f, e := h.directory(uint32(p[0]), RightPathFilestatSetTimes)
	if e != esuccess {
		return e
	}
	name, e := h.path(m, f, uint32(p[2]), uint32(p[3]), &h.path1)
	if e != esuccess {
		return e
	}
	ts, e := times(p[4], p[5], uint32(p[6]))
	if e != esuccess {
		return e
	}
	flags := oPath
	if uint32(p[1])&lookupFollow == 0 {
		flags |= syscall.O_NOFOLLOW
	}
	fd, errno := h.open(f, name, flags, 0)
	if errno != 0 {
		return errnoOf(errno)
	}
	defer closePath(fd)
	empty := [1]byte{}
	return utimens(fd, &empty[0], &ts, atEmptyPath)
}
