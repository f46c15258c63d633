package wasi

import (
	"syscall"
)

func (h *Host) ioFunctions() []function {
	return []function{
		{"fd_pread", "iiili", h.fdPread},
		{"fd_pwrite", "iiili", h.fdPwrite},
		{"fd_read", "iiii", h.fdRead},
		{"fd_seek", "ilii", h.fdSeek},
		{"fd_tell", "ii", h.fdTell},
		{"fd_write", "iiii", h.fdWrite},
	}
}

// Flags of preadv2(2) and pwritev2(2).
const (
	rwfDsync  = 0x2
	rwfSync   = 0x4
	rwfNowait = 0x8
	rwfAppend = 0x10
)

// safeWrite is what a pipe takes without waiting once poll says that it takes
// something: a page (pipe(7), PIPE_BUF).
const safeWrite = 4096

func (h *Host) fdRead(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	switch {
	case e != esuccess:
		return e
	case f.Kind == KindDir:
		return eisdir
	case f.Rights&RightFdRead == 0:
		return enotcapable
	}
	v, total, e := h.iovecs(m, uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	var n uint32
	if total > 0 {
		if n, e = h.read(f, v); e != esuccess {
			return e
		}
	}
	return m.putU32(uint32(p[3]), n)
}

// read reads from where the descriptor is.
func (h *Host) read(f *FD, v []syscall.Iovec) (uint32, Errno) {
	nowait := f.Shared && f.Nonblock() && f.Kind != KindFile
	for {
		var n uint32
		var e syscall.Errno
		switch {
		case nowait:
			n, e = h.readNowait(f, v)
		default:
			n, e = rw(syscall.SYS_READV, f.Host, v, 0, 0)
		}
		if e != syscall.EAGAIN || f.Nonblock() || f.Kind == KindFile {
			return n, errnoOf(e)
		}
		// Whoever shares the open file made it non-blocking; the guest did not.
		// Or a socket's own timeout ended the call.
		if !f.Shared {
			return n, eagain
		}
		h.await(f.Host, pollIn)
	}
}

// readNowait reads what is there. Not every kernel, nor every kind of file,
// has RWF_NOWAIT: a poll before is next best.
func (h *Host) readNowait(f *FD, v []syscall.Iovec) (uint32, syscall.Errno) {
	n, e := rw(sysPreadv2, f.Host, v, -1, rwfNowait)
	if e != syscall.EOPNOTSUPP && e != syscall.EINVAL && e != syscall.ENOSYS && e != syscall.EPERM {
		return n, e
	}
	if !h.ready(f.Host, pollIn) {
		return 0, syscall.EAGAIN
	}
	return rw(syscall.SYS_READV, f.Host, v, 0, 0)
}

func (h *Host) fdWrite(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e == esuccess {
		e = writable(f, RightFdWrite)
	}
	if e != esuccess {
		return e
	}
	v, total, e := h.iovecs(m, uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	var n uint32
	if total > 0 || f.Kind == KindDatagram { // an empty datagram is one
		if n, e = h.write(f, v); e != esuccess {
			return e
		}
	}
	return m.putU32(uint32(p[3]), n)
}

// writable checks that a descriptor may be written to in the sense of rights.
func writable(f *FD, rights Rights) Errno {
	switch {
	case f.Kind == KindDir:
		return ebadf
	case f.ReadOnly:
		return erofs
	case f.Rights&rights != rights:
		return enotcapable
	}
	return esuccess
}

// write writes to where the descriptor is. SIGPIPE is ignored by the engine,
// so a reader that is gone is EPIPE.
func (h *Host) write(f *FD, v []syscall.Iovec) (uint32, Errno) {
	nowait := f.Shared && f.Nonblock() && f.Kind != KindFile
	for {
		var n uint32
		var e syscall.Errno
		switch {
		case nowait:
			n, e = h.writeNowait(f, v)
		case f.rwf != 0:
			n, e = rw(sysPwritev2, f.Host, v, -1, f.rwf)
		default:
			n, e = rw(syscall.SYS_WRITEV, f.Host, v, 0, 0)
		}
		if e != syscall.EAGAIN || f.Nonblock() || f.Kind == KindFile || !f.Shared {
			return n, errnoOf(e)
		}
		h.await(f.Host, pollOut)
	}
}

func (h *Host) writeNowait(f *FD, v []syscall.Iovec) (uint32, syscall.Errno) {
	n, e := rw(sysPwritev2, f.Host, v, -1, rwfNowait)
	if e != syscall.EOPNOTSUPP && e != syscall.EINVAL && e != syscall.ENOSYS && e != syscall.EPERM {
		return n, e
	}
	if !h.ready(f.Host, pollOut) {
		return 0, syscall.EAGAIN
	}
	return rw(syscall.SYS_WRITEV, f.Host, cut(v, safeWrite), 0, 0)
}

// cut shortens an array to at most n bytes.
func cut(v []syscall.Iovec, n uint64) []syscall.Iovec {
	for i := range v {
		if v[i].Len >= n {
			v[i].Len = n
			return v[:i+1]
		}
		n -= v[i].Len
	}
	return v
}

func (h *Host) fdPread(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	switch {
	case e != esuccess:
		return e
	case f.Kind == KindDir:
		return eisdir
	case f.Kind != KindFile && f.Rights&RightFdSeek == 0:
		return espipe
	case f.Rights&(RightFdRead|RightFdSeek) != RightFdRead|RightFdSeek:
		return enotcapable
	}
	v, total, e := h.iovecs(m, uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	var n uint32
	if int64(p[3]) < 0 {
		return einval
	}
	if total > 0 {
		var errno syscall.Errno
		if n, errno = rw(syscall.SYS_PREADV, f.Host, v, int64(p[3]), 0); errno != 0 {
			return errnoOf(errno)
		}
	}
	return m.putU32(uint32(p[4]), n)
}

// fdPwrite writes at a position; with APPEND at the end, as Linux has it
// (pwrite(2), BUGS).
func (h *Host) fdPwrite(m memory, p []uint64) Errno {
	f, e := h.table.Get(uint32(p[0]))
	if e != esuccess {
		return e
	}
	if f.Kind != KindFile && f.Kind != KindDir && f.Rights&RightFdSeek == 0 {
		return espipe
	}
	if e := writable(f, RightFdWrite|RightFdSeek); e != esuccess {
		return e
	}
	v, total, e := h.iovecs(m, uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	if int64(p[3]) < 0 {
		return einval
	}
	var n uint32
	if total > 0 {
		var errno syscall.Errno
		if f.rwf != 0 {
			n, errno = rw(sysPwritev2, f.Host, v, int64(p[3]), f.rwf)
		} else {
			n, errno = rw(syscall.SYS_PWRITEV, f.Host, v, int64(p[3]), 0)
		}
		if errno != 0 {
			return errnoOf(errno)
		}
	}
	return m.putU32(uint32(p[4]), n)
}

// fdSeek moves within a file; whence has Linux's numbers. The right to tell is
// enough for a move by nothing.
func (h *Host) fdSeek(m memory, p []uint64) Errno {
	return h.seek(m, uint32(p[0]), int64(p[1]), uint32(p[2]), uint32(p[3]))
}

func (h *Host) fdTell(m memory, p []uint64) Errno {
	return h.seek(m, uint32(p[0]), 0, whenceCur, uint32(p[1]))
}

const (
	whenceCur = 1
	whenceEnd = 2
)

func (h *Host) seek(m memory, n uint32, delta int64, whence, result uint32) Errno {
	f, e := h.table.Get(n)
	switch {
	case e != esuccess:
		return e
	case f.Kind == KindDir:
		return eisdir
	case whence > whenceEnd:
		return einval
	case f.Kind != KindFile && f.Rights&RightFdSeek == 0:
		return espipe
	case f.Rights&RightFdSeek == 0 && (delta != 0 || whence != whenceCur || f.Rights&RightFdTell == 0):
		return enotcapable
	}
	pos, _, errno := syscall.Syscall(syscall.SYS_LSEEK, uintptr(f.Host), uintptr(delta), uintptr(whence))
	if errno != 0 {
		return errnoOf(errno)
	}
	return m.putU64(result, uint64(pos))
}
