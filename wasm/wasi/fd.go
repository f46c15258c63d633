package wasi

import (
	"encoding/binary"
	"syscall"
)

func (h *Host) fdFunctions() []function {
	return []function{
		{"fd_advise", "illi", h.fdAdvise},
		{"fd_allocate", "ill", h.fdAllocate},
		{"fd_close", "i", h.fdClose},
		{"fd_datasync", "i", h.fdDatasync},
		{"fd_fdstat_get", "ii", h.fdFdstatGet},
		{"fd_fdstat_set_flags", "ii", h.fdFdstatSetFlags},
		{"fd_fdstat_set_rights", "ill", h.fdFdstatSetRights},
		{"fd_prestat_dir_name", "iii", h.fdPrestatDirName},
		{"fd_prestat_get", "ii", h.fdPrestatGet},
		{"fd_renumber", "ii", h.fdRenumber},
		{"fd_sync", "i", h.fdSync},
	}
}

func (h *Host) fdClose(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e != esuccess {
		return e
	}
	h.forget() // its Linux number may be another's
	e = h.table.Close(uint32(p[0]))
	if f.Sock != nil {
		h.closed(f)
	}
	return e
}

func (h *Host) fdRenumber(_ memory, p []uint64) Errno {
	from, to := uint32(p[0]), uint32(p[1])
	old, _ := h.table.Get(to) // Renumber says what is wrong
	h.forget()
	e := h.table.Renumber(from, to)
	if e == esuccess && from != to && old.Sock != nil {
		h.closed(old)
	}
	return e
}

// fdAdvise passes advice on; nothing is wrong with advice that nobody takes.
func (h *Host) fdAdvise(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e != esuccess {
		return e
	}
	var advice int
	switch uint32(p[3]) {
	case 0, 3, 4, 5: // normal, will need, don't need, no reuse
		advice = int(p[3])
	case 1: // sequential
		advice = 2
	case 2: // random
		advice = 1
	default:
		return einval
	}
	switch {
	case f.Kind != KindFile && f.Kind != KindDir && f.Rights&RightFdSeek == 0:
		return espipe
	case f.Rights&RightFdAdvise == 0:
		return enotcapable
	case int64(p[1]) < 0 || int64(p[2]) < 0:
		return einval
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, uintptr(f.Host), uintptr(p[1]), uintptr(p[2]), uintptr(advice), 0, 0)
	return errnoOf(errno)
}

func (h *Host) fdAllocate(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e == esuccess {
		e = writable(f, RightFdAllocate)
	}
	switch {
	case e != esuccess:
		return e
	case int64(p[1]) < 0 || int64(p[2]) <= 0:
		return einval
	}
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_FALLOCATE, uintptr(f.Host), 0, uintptr(p[1]), uintptr(p[2]), 0, 0)
		if errno != syscall.EINTR {
			return errnoOf(errno)
		}
	}
}

func (h *Host) fdSync(_ memory, p []uint64) Errno {
	return h.sync(uint32(p[0]), RightFdSync, syscall.SYS_FSYNC)
}

func (h *Host) fdDatasync(_ memory, p []uint64) Errno {
	return h.sync(uint32(p[0]), RightFdDatasync, syscall.SYS_FDATASYNC)
}

func (h *Host) sync(n uint32, need Rights, call uintptr) Errno {
	f, e := h.table.GetRights(n, need)
	if e != esuccess {
		return e
	}
	for {
		if _, _, errno := syscall.Syscall(call, uintptr(f.Host), 0, 0); errno != syscall.EINTR {
			return errnoOf(errno)
		}
	}
}

// fdFdstatGet stores an fdstat: filetype, flags, rights.
func (h *Host) fdFdstatGet(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e != esuccess {
		return e
	}
	b, e := m.bytes(uint32(p[1]), 24)
	if e != esuccess {
		return e
	}
	clear(b)
	b[0] = f.filetype()
	binary.LittleEndian.PutUint16(b[2:], f.Flags)
	binary.LittleEndian.PutUint64(b[8:], uint64(f.Rights))
	binary.LittleEndian.PutUint64(b[16:], uint64(f.Inheriting))
	return esuccess
}

func (f *FD) filetype() byte {
	switch f.Kind {
	case KindDir:
		return filetypeDirectory
	case KindChar:
		return filetypeChar
	case KindStream, KindListener:
		return filetypeStream
	case KindDatagram:
		return filetypeDatagram
	case KindFile:
		if f.block {
			return filetypeBlock
		}
		return filetypeRegular
	}
	return filetypeUnknown
}

func (h *Host) fdFdstatSetFlags(_ memory, p []uint64) Errno {
	f, e := h.table.GetRights(uint32(p[0]), RightFdFdstatSetFlags)
	if e != esuccess {
		return e
	}
	return f.setFlags(uint32(p[1]))
}

// setFlags changes APPEND and NONBLOCK of the open file if it is ours alone. In
// an open file that others share they would change for all: pwritev2's flags
// and poll do for us there. Linux cannot change the SYNC flags of an open file
// (fcntl(2)); pwritev2's do.
func (f *FD) setFlags(flags uint32) Errno {
	if flags&^fdflagsAll != 0 {
		return einval
	}
	if !f.Shared {
		old, e := fcntl(f.Host, syscall.F_GETFL, 0)
		if e != 0 {
			return errnoOf(e)
		}
		now := old &^ (syscall.O_APPEND | syscall.O_NONBLOCK)
		if flags&fdflagAppend != 0 {
			now |= syscall.O_APPEND
		}
		if flags&fdflagNonblock != 0 {
			now |= syscall.O_NONBLOCK
		}
		if now != old {
			if _, e := fcntl(f.Host, syscall.F_SETFL, now); e != 0 {
				return errnoOf(e)
			}
		}
	}
	f.Flags = uint16(flags)
	f.rwf = 0
	if f.Kind != KindFile {
		return esuccess
	}
	if flags&(fdflagSync|fdflagRsync) != 0 {
		f.rwf |= rwfSync
	}
	if flags&fdflagDsync != 0 {
		f.rwf |= rwfDsync
	}
	if f.Shared && flags&fdflagAppend != 0 {
		f.rwf |= rwfAppend
	}
	return esuccess
}

// fdFdstatSetRights takes rights away; it cannot give any.
func (h *Host) fdFdstatSetRights(_ memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e != esuccess {
		return e
	}
	base, inheriting := Rights(p[1]), Rights(p[2])
	if base&^f.Rights != 0 || inheriting&^f.Inheriting != 0 {
		return enotcapable
	}
	f.Rights, f.Inheriting = base, inheriting
	return esuccess
}

// The tags of a prestat. Preview 1 knows only directories; a listener is given
// another tag so that those who scan go on, see prestat.
const (
	prestatDir      = 0
	prestatListener = 1
)

// prestat gives the name of a preopen. Every language's library scans the
// descriptors from 3 on until EBADF; any other error ends some programs, so
// listeners, which may come first, answer with a tag of their own.
func (h *Host) prestat(n uint32) (tag byte, name string, e Errno) {
	f, e := h.table.Get(n)
	switch {
	case e != esuccess:
		return 0, "", e
	case f.Sock != nil && f.Sock.preopened:
		return prestatListener, "", esuccess
	case f.Dir != nil && f.Dir.preopen:
		return prestatDir, f.Dir.name, esuccess
	}
	return 0, "", ebadf
}

func (h *Host) fdPrestatGet(m memory, p []uint64) Errno {
	tag, name, e := h.prestat(uint32(p[0]))
	if e != esuccess {
		return e
	}
	b, e := m.bytes(uint32(p[1]), 8)
	if e != esuccess {
		return e
	}
	clear(b)
	b[0] = tag
	binary.LittleEndian.PutUint32(b[4:], uint32(len(name)))
	return esuccess
}

func (h *Host) fdPrestatDirName(m memory, p []uint64) Errno {
	_, name, e := h.prestat(uint32(p[0]))
	if e != esuccess {
		return e
	}
	b, e := m.bytes(uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	if len(b) < len(name) {
		return enametoolong
	}
	copy(b, name)
	return esuccess
}
