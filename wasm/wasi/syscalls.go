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
