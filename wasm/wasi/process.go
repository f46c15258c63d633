package wasi

import (
	"syscall"
	"unsafe"
)

func (h *Host) processFunctions() []function {
	return []function{
		{"args_get", "ii", func(m memory, p []uint64) Errno { return putList(m, uint32(p[0]), uint32(p[1]), h.Args) }},
		{"args_sizes_get", "ii", func(m memory, p []uint64) Errno { return putSizes(m, uint32(p[0]), uint32(p[1]), h.Args) }},
		{"environ_get", "ii", func(m memory, p []uint64) Errno { return putList(m, uint32(p[0]), uint32(p[1]), h.Env) }},
		{"environ_sizes_get", "ii", func(m memory, p []uint64) Errno { return putSizes(m, uint32(p[0]), uint32(p[1]), h.Env) }},
		{"proc_raise", "i", h.procRaise},
		{"random_get", "ii", h.randomGet},
		{"sched_yield", "", schedYield},
	}
}

// putSizes stores how many strings there are, and their size with a NUL each.
func putSizes(m memory, count, size uint32, list []string) Errno {
	var n uint32
	for _, s := range list {
		n += uint32(len(s)) + 1
	}
	if e := m.putU32(count, uint32(len(list))); e != esuccess {
		return e
	}
	return m.putU32(size, n)
}

// putList stores the strings, each with a NUL, and pointers to them.
func putList(m memory, pointers, text uint32, list []string) Errno {
	for _, s := range list {
		b, e := m.bytes(text, uint32(len(s))+1)
		if e == esuccess {
			e = m.putU32(pointers, text)
		}
		if e != esuccess {
			return e
		}
		b[copy(b, s)] = 0
		pointers += 4
		text += uint32(len(b))
	}
	return esuccess
}

// procRaise ends the process for signals that do so, with 128 plus the number
// Linux has for them: PID 1 cannot kill itself. Those that are ignored by
// default are; stopping is not possible.
func (h *Host) procRaise(_ memory, p []uint64) Errno {
	sig := uint32(p[0])
	switch {
	case sig == 0 || sig > 30:
		return einval
	case sig <= 15: // the same up to SIGTERM
	case sig == 16 || sig == 17 || sig == 22 || sig == 27: // CHLD CONT URG WINCH
		return esuccess
	case sig >= 18 && sig <= 21: // STOP TSTP TTIN TTOU
		return enotsup
	default: // Linux has SIGSTKFLT before them
		sig++
	}
	h.Exit(128 + sig)
	return esuccess
}

func (h *Host) randomGet(m memory, p []uint64) Errno {
	b, e := m.bytes(uint32(p[0]), uint32(p[1]))
	if e != esuccess {
		return e
	}
	for len(b) > 0 {
		n, _, e := syscall.Syscall(sysGetrandom, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0)
		if e != 0 && e != syscall.EINTR {
			return errnoOf(e)
		}
		if e == 0 {
			b = b[n:]
		}
	}
	return esuccess
}

func schedYield(memory, []uint64) Errno {
	syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) // cannot fail
	return esuccess
}
