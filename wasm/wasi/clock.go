package wasi

import (
	"syscall"
	"time"
	"unsafe"
)

// The clocks of preview 1 (clockid in its witx) have the numbers Linux has for
// them: realtime, monotonic, of the process's and of the thread's CPU time.
const (
	clockRealtime  = 0
	clockMonotonic = 1
	clockProcess   = 2
	clockThread    = 3
)

func (h *Host) clockFunctions() []function {
	return []function{
		{"clock_res_get", "ii", h.clockResGet},
		{"clock_time_get", "ili", h.clockTimeGet},
	}
}

func (h *Host) clockResGet(m memory, p []uint64) Errno {
	id := uint32(p[0])
	if id > clockThread {
		return einval
	}
	var ts syscall.Timespec
	if _, _, e := syscall.RawSyscall(syscall.SYS_CLOCK_GETRES, uintptr(id), uintptr(unsafe.Pointer(&ts)), 0); e != 0 {
		return errnoOf(e)
	}
	return m.putU64(uint32(p[1]), uint64(ts.Nano()))
}

func (h *Host) clockTimeGet(m memory, p []uint64) Errno {
	id := uint32(p[0])
	if id > clockThread {
		return einval
	}
	ns, e := h.clock(id)
	if e != 0 {
		return errnoOf(e)
	}
	return m.putU64(uint32(p[2]), uint64(ns))
}

// clock reads a clock, in ns. The usual two are read as Go's runtime does it,
// without a system call.
func (h *Host) clock(id uint32) (int64, syscall.Errno) {
	switch {
	case id == clockRealtime:
		return time.Now().UnixNano(), 0
	case id == clockMonotonic && !h.began.IsZero():
		return h.beganAt + int64(time.Since(h.began)), 0
	}
	var ts syscall.Timespec
	now := time.Now() // before, so that no deadline passes earlier for the kernel
	if _, _, e := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(&ts)), 0); e != 0 {
		return 0, e
	}
	if id == clockMonotonic {
		// Go's time.Since measures with the same clock, from a point of its own.
		h.began, h.beganAt = now, ts.Nano()
	}
	return ts.Nano(), 0
}
