package wasi

import (
	"syscall"
	"unsafe"
)

// System calls without Go's poller, retried on EINTR where that is right.

func sysClose(fd int) syscall.Errno {
	_, _, e := syscall.Syscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
	return e
}

// closePath closes a descriptor of O_PATH: there is nothing that could fail.
func closePath(fd int) { syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// pollFD is struct pollfd (poll(2)).
type pollFD struct {
	fd      int32
	events  int16
	revents int16
}

// Events of poll(2).
const (
	pollIn    = 0x1
	pollOut   = 0x4
	pollErr   = 0x8
	pollHup   = 0x10
	pollNval  = 0x20
	pollRdhup = 0x2000
)

// ppoll waits for at most timeout, nil for ever. It does not retry: EINTR is the
// caller's, who knows the deadline.
func ppoll(fds []pollFD, timeout *syscall.Timespec) (n int, e syscall.Errno) {
	r, _, e := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)),
		uintptr(unsafe.Pointer(timeout)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}

// ready tells whether a descriptor has one of the events, or an error.
func (h *Host) ready(fd int, events int16) bool {
	h.poll1[0] = pollFD{fd: int32(fd), events: events}
	h.zero = syscall.Timespec{}
	n, e := ppoll(h.poll1[:], &h.zero)
	return n > 0 || e != 0
}

// await waits until a descriptor has one of the events, or an error.
func (h *Host) await(fd int, events int16) {
	for {
		h.poll1[0] = pollFD{fd: int32(fd), events: events}
		if _, e := ppoll(h.poll1[:], nil); e != syscall.EINTR {
			return
		}
	}
}

// Flags of open(2) and of the *at calls that package syscall has not.
const (
	oPath             = 0x200000
	atFdcwd           = -100
	atSymlinkNofollow = 0x100
	atRemovedir       = 0x200
	atEmptyPath       = 0x1000
)

// resolve flags of openat2(2).
const (
	resolveNoMagiclinks = 0x02
	resolveBeneath      = 0x08
	resolveInRoot       = 0x10
)

// openHow is struct open_how (openat2(2)).
type openHow struct{ flags, mode, resolve uint64 }

// maxAgain is how often an open is tried that lost a race with a rename
// (openat2(2), EAGAIN).
const maxAgain = 128

// Calls that only look at names are made without Go's scheduler being told,
// which halves what they cost: while one waits for a disk there is nothing else
// to run but the garbage collector, which waits too.

// openat2 opens path, which ends with a NUL.
func openat2(dir int, path []byte, how openHow) (int, syscall.Errno) {
	how.flags |= syscall.O_CLOEXEC
	for again := 0; ; {
		var fd uintptr
		var e syscall.Errno
		if how.flags&oPath != 0 {
			fd, _, e = syscall.RawSyscall6(sysOpenat2, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&how)),
				unsafe.Sizeof(how), 0, 0)
		} else {
			fd, _, e = syscall.Syscall6(sysOpenat2, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&how)),
				unsafe.Sizeof(how), 0, 0)
		}
		switch {
		case e == 0:
			return int(fd), 0
		case e == syscall.EINTR:
		case e == syscall.EAGAIN && how.resolve&(resolveBeneath|resolveInRoot) != 0 && again < maxAgain:
			again++
		default:
			return -1, e
		}
	}
}

// fstatat stats path, which ends with a NUL; an empty one is dir itself.
func fstatat(dir int, path []byte, st *syscall.Stat_t, flags int) syscall.Errno {
	_, _, e := syscall.RawSyscall6(sysFstatat, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(st)),
		uintptr(flags), 0, 0)
	return e
}

func fstat(fd int, st *syscall.Stat_t) syscall.Errno {
	_, _, e := syscall.RawSyscall(syscall.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(st)), 0)
	return e
}

// fcntl is fcntl(2) with a number as its argument.
func fcntl(fd, cmd, arg int) (int, syscall.Errno) {
	r, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(cmd), uintptr(arg))
	return int(r), e
}

// readlinkat reads the link path, which ends with a NUL, into b.
func readlinkat(dir int, path, b []byte) (int, syscall.Errno) {
	if len(b) == 0 {
		return 0, syscall.EINVAL
	}
	n, _, e := syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])),
		uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0)
	return int(n), e
}

// rw does a system call of the readv family on a descriptor, until no signal
// interrupts it. For the calls with a position, pos is split in halves as the
// kernel has it (readv(2)).
func rw(number uintptr, fd int, v []syscall.Iovec, pos int64, flags uintptr) (uint32, syscall.Errno) {
	for {
		n, _, e := syscall.Syscall6(number, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(v))), uintptr(len(v)),
			uintptr(pos), 0, flags)
		if e != syscall.EINTR {
			return uint32(n), e
		}
	}
}
