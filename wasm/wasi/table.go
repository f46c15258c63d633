package wasi

import (
	"syscall"
)

// Kind is what a descriptor stands for.
type Kind uint8

const (
	KindFile     Kind = iota // a regular file, or a block device
	KindDir                  // a directory
	KindChar                 // a terminal or another character device
	KindPipe                 // a pipe or FIFO
	KindStream               // a connected or unconnected stream socket
	KindDatagram             // a datagram socket
	KindListener             // a listening stream socket
)

// File types of preview 1 (filetype in its witx).
const (
	filetypeUnknown   = 0
	filetypeBlock     = 1
	filetypeChar      = 2
	filetypeDirectory = 3
	filetypeRegular   = 4
	filetypeDatagram  = 5
	filetypeStream    = 6
	filetypeSymlink   = 7
)

// Descriptor flags of preview 1 (fdflags in its witx).
const (
	fdflagAppend   = 1 << 0
	fdflagDsync    = 1 << 1
	fdflagNonblock = 1 << 2
	fdflagRsync    = 1 << 3
	fdflagSync     = 1 << 4
	fdflagsAll     = 1<<5 - 1
)

// FD is one open descriptor of the guest.
type FD struct {
	Kind Kind
	// Host is the Linux descriptor, close-on-exec.
	Host int
	// Shared says that the open file description belongs to others too (stdio,
	// inherited sockets): its O_NONBLOCK is left as it is, and Flags are kept by
	// us. Otherwise O_NONBLOCK and O_APPEND of Host are what Flags say.
	Shared bool
	// Flags are the guest's fdflags.
	Flags uint16
	// Rights of this descriptor, and those that what is opened beneath a
	// directory can have.
	Rights, Inheriting Rights
	// ReadOnly says that it comes from a read-only preopen.
	ReadOnly bool
	// rwf are the flags of pwritev2(2) that every write gets.
	rwf uintptr
	// block says that it is a block device.
	block bool

	Dir  *dir  // of directories
	Sock *sock // of sockets
}

// Nonblock tells whether the guest wants EAGAIN rather than to wait.
func (f *FD) Nonblock() bool { return f.Flags&fdflagNonblock != 0 }

// maxDescriptors bounds the table: what a guest can make the engine remember.
// RLIMIT_NOFILE usually ends it earlier.
const maxDescriptors = 1 << 20

// Table maps the guest's descriptor numbers to what they stand for. A new one
// gets the lowest free number, as POSIX has it. Guests have one thread, so there
// are no locks.
type Table struct {
	fds  []*FD // nil where a number is free
	free int   // no number below is free
}

// Open gives f the lowest free number. If there is none, f is closed.
func (t *Table) Open(f *FD) (uint32, Errno) {
	n := t.free
	for n < len(t.fds) && t.fds[n] != nil {
		n++
	}
	if n >= maxDescriptors {
		closeHost(f)
		return 0, enfile
	}
	if n == len(t.fds) {
		t.fds = append(t.fds, nil)
	}
	t.fds[n] = f
	t.free = n + 1
	return uint32(n), esuccess
}

// Get gives the descriptor of a number, or EBADF.
func (t *Table) Get(n uint32) (*FD, Errno) {
	if uint64(n) >= uint64(len(t.fds)) || t.fds[n] == nil {
		return nil, ebadf
	}
	return t.fds[n], esuccess
}

// GetRights is Get for an operation that needs rights: NOTCAPABLE without.
func (t *Table) GetRights(n uint32, need Rights) (*FD, Errno) {
	f, e := t.Get(n)
	if e == esuccess && f.Rights&need != need {
		e = enotcapable
	}
	return f, e
}

// Close frees a number and closes what it stood for.
func (t *Table) Close(n uint32) Errno {
	f, e := t.Get(n)
	if e != esuccess {
		return e
	}
	t.fds[n] = nil
	t.free = min(t.free, int(n))
	return closeHost(f)
}

// Renumber moves a descriptor to a number that is in use, and closes what was
// there (fd_renumber).
func (t *Table) Renumber(from, to uint32) Errno {
	f, e := t.Get(from)
	if e != esuccess {
		return e
	}
	old, e := t.Get(to)
	if e != esuccess || from == to {
		return e
	}
	t.fds[to] = f
	t.fds[from] = nil
	t.free = min(t.free, int(from))
	closeHost(old)
	return esuccess
}

func closeHost(f *FD) Errno {
	if f.Host < 0 {
		return esuccess
	}
	// Linux frees the descriptor whatever close says (close(2)); EINTR is no
	// error.
	if e := sysClose(f.Host); e != syscall.EINTR {
		return errnoOf(e)
	}
	return esuccess
}
