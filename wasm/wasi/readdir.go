package wasi

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// listing is what was read of a directory and not yet given, for fd_readdir.
//
// A cookie is the position after an entry as the kernel has it (getdents64(2),
// d_off). Whoever goes on where the last call ended gets the entries that are
// kept here: on some file systems a position that is sought again is another
// one once files have been removed.
type listing struct {
	buf        []byte
	start, end int    // of the entries in buf
	before     uint64 // the cookie before the entry at start
	done       bool   // the kernel has no more
}

const listingSize = 32 << 10

// The fields of struct linux_dirent64.
const (
	direntIno  = 0
	direntOff  = 8
	direntLen  = 16
	direntType = 18
	direntName = 19
)

// direntSize is the size of preview 1's dirent, without the name.
const direntSize = 24

func (h *Host) readdirFunctions() []function {
	return []function{{"fd_readdir", "iiili", h.fdReaddir}}
}

// fdReaddir fills the buffer with entries; the last may be cut off, which tells
// the guest to come back with its cookie.
func (h *Host) fdReaddir(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	switch {
	case e != esuccess:
		return e
	case f.Kind != KindDir:
		return enotdir
	case f.Rights&RightFdReaddir == 0:
		return enotcapable
	}
	b, e := m.bytes(uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	if f.Dir.list == nil {
		f.Dir.list = &listing{buf: make([]byte, listingSize)}
		if p[3] == 0 {
			if e := f.Dir.list.seek(f.Host, 0); e != 0 {
				return errnoOf(e)
			}
		}
	}
	l := f.Dir.list
	if errno := l.find(f.Host, p[3]); errno != 0 {
		return errnoOf(errno)
	}
	used, errno := l.fill(f.Host, b)
	if errno != 0 {
		return errnoOf(errno)
	}
	return m.putU32(uint32(p[4]), uint32(used))
}

// find goes to a cookie: in what is kept, or else by seeking. 0 is the start,
// with what is there now.
func (l *listing) find(fd int, cookie uint64) syscall.Errno {
	if cookie == 0 {
		return l.seek(fd, 0)
	}
	if cookie == l.before {
		return 0
	}
	for at := 0; at < l.end; {
		entry := l.buf[at:l.end]
		at += int(binary.LittleEndian.Uint16(entry[direntLen:]))
		if off := binary.LittleEndian.Uint64(entry[direntOff:]); off == cookie {
			l.start, l.before = at, cookie
			return 0
		}
	}
	return l.seek(fd, cookie)
}

func (l *listing) seek(fd int, cookie uint64) syscall.Errno {
	if _, _, e := syscall.Syscall(syscall.SYS_LSEEK, uintptr(fd), uintptr(cookie), 0); e != 0 {
		return e
	}
	l.start, l.end, l.before, l.done = 0, 0, cookie, false
	return 0
}

// fill stores entries from start on, and gives how many bytes they take. An
// entry that is cut off stays.
func (l *listing) fill(fd int, b []byte) (used int, e syscall.Errno) {
	for used < len(b) {
		if l.start == l.end {
			if l.done {
				return used, 0
			}
			n, e := getdents(fd, l.buf)
			if e != 0 {
				if used > 0 {
					return used, 0 // the next call meets it again
				}
				return 0, e
			}
			l.start, l.end, l.done = 0, n, n == 0
			continue
		}
		entry := l.buf[l.start:l.end]
		entry = entry[:binary.LittleEndian.Uint16(entry[direntLen:])]
		size := putDirent(fd, b[used:], entry)
		if size > len(b)-used {
			return len(b), 0
		}
		used += size
		l.start += len(entry)
		l.before = binary.LittleEndian.Uint64(entry[direntOff:])
	}
	return used, 0
}

func getdents(fd int, b []byte) (int, syscall.Errno) {
	for {
		n, e := syscall.Getdents(fd, b)
		if e == nil {
			return n, 0
		}
		if errno, ok := e.(syscall.Errno); ok && errno != syscall.EINTR {
			return 0, errno
		}
	}
}

// putDirent stores as much of an entry as fits, and gives its whole size.
func putDirent(fd int, b, entry []byte) int {
	name := entry[direntName:]
	name = name[:bytes.IndexByte(name, 0)]
	le := binary.LittleEndian
	var head [direntSize]byte
	le.PutUint64(head[0:], le.Uint64(entry[direntOff:]))
	le.PutUint64(head[8:], le.Uint64(entry[direntIno:]))
	le.PutUint32(head[16:], uint32(len(name)))
	head[20] = direntFiletype(fd, entry)
	n := copy(b, head[:])
	copy(b[n:], name)
	return direntSize + len(name)
}

// direntFiletype gives a file's type; not every file system has it in its
// directories.
func direntFiletype(fd int, entry []byte) byte {
	if t := uint32(entry[direntType]); t != syscall.DT_UNKNOWN {
		return filetypeOf(t << 12) // IFTODT in dirent.h
	}
	var st syscall.Stat_t
	if e := fstatat(fd, entry[direntName:], &st, atSymlinkNofollow); e != 0 {
		return filetypeUnknown
	}
	return filetypeOf(st.Mode)
}
