package wasi

import (
	"encoding/binary"
	"syscall"
	"unsafe"
)

// Options of WasmEdge's sock_getsockopt and sock_setsockopt; their only level is
// 0.
const (
	optReuseaddr    = 0
	optType         = 1
	optError        = 2
	optDontroute    = 3
	optBroadcast    = 4
	optSndbuf       = 5
	optRcvbuf       = 6
	optKeepalive    = 7
	optOobinline    = 8
	optLinger       = 9
	optRcvlowat     = 10
	optRcvtimeo     = 11
	optSndtimeo     = 12
	optAcceptconn   = 13
	optBindtodevice = 14
)

// literalLen is the longest length a guest can mean by sock_getsockopt's last
// parameter: Rust passes a pointer to it, Go the length itself. No allocator
// gives out an address so low.
const literalLen = 16

// hostOption gives Linux's name of an option (socket(7)).
func hostOption(level, name uint32) (opt uintptr, e Errno) {
	if level != 0 {
		return 0, einval
	}
	switch name {
	case optReuseaddr:
		return syscall.SO_REUSEADDR, esuccess
	case optType:
		return syscall.SO_TYPE, esuccess
	case optError:
		return syscall.SO_ERROR, esuccess
	case optDontroute:
		return syscall.SO_DONTROUTE, esuccess
	case optBroadcast:
		return syscall.SO_BROADCAST, esuccess
	case optSndbuf:
		return syscall.SO_SNDBUF, esuccess
	case optRcvbuf:
		return syscall.SO_RCVBUF, esuccess
	case optKeepalive:
		return syscall.SO_KEEPALIVE, esuccess
	case optOobinline:
		return syscall.SO_OOBINLINE, esuccess
	case optLinger:
		return syscall.SO_LINGER, esuccess
	case optRcvlowat:
		return syscall.SO_RCVLOWAT, esuccess
	case optRcvtimeo:
		return syscall.SO_RCVTIMEO, esuccess
	case optSndtimeo:
		return syscall.SO_SNDTIMEO, esuccess
	case optAcceptconn:
		return syscall.SO_ACCEPTCONN, esuccess
	case optBindtodevice:
		return syscall.SO_BINDTODEVICE, esuccess
	}
	return 0, einval
}

// sockGetsockopt is sock_getsockopt(fd, level, name, *value, *len).
func (h *Host) sockGetsockopt(m memory, p []uint64) Errno {
	opt, e := hostOption(uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	n, where := uint32(p[4]), uint32(p[4])
	if where > literalLen {
		if e := m.aligned(where, 4, 4); e != esuccess {
			return e
		}
		n, _ = m.u32(where)
	}
	value, e := m.bytes(uint32(p[3]), n)
	if e != esuccess {
		return e
	}
	f, e := h.socket(uint32(p[0]))
	if e != esuccess {
		return e
	}
	var b [addrAny]byte // longer than any value
	size := uint32(min(len(value), len(b)))
	if _, _, e := syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(f.Host), syscall.SOL_SOCKET, opt,
		uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size)), 0); e != 0 {
		return errnoOf(e)
	}
	got := b[:min(size, uint32(len(value)))]
	if len(got) == 4 {
		guestValue(got, uint32(p[2]))
	}
	copy(value, got)
	if where > literalLen {
		return m.putU32(where, uint32(len(got)))
	}
	return esuccess
}

// guestValue turns the options that are enumerations into WASI's.
func guestValue(b []byte, name uint32) {
	le := binary.LittleEndian
	switch v := le.Uint32(b); name {
	case optError:
		le.PutUint32(b, uint32(errnoOf(syscall.Errno(v))))
	case optType:
		typ := uint32(sockAny)
		switch v {
		case syscall.SOCK_DGRAM:
			typ = sockDgram
		case syscall.SOCK_STREAM:
			typ = sockStream
		}
		le.PutUint32(b, typ)
	}
}

// sockSetsockopt is sock_setsockopt(fd, level, name, *value, len). Without a
// value it sets what that option has as none.
func (h *Host) sockSetsockopt(m memory, p []uint64) Errno {
	opt, e := hostOption(uint32(p[1]), uint32(p[2]))
	if e != esuccess {
		return e
	}
	value, e := m.bytes(uint32(p[3]), uint32(p[4]))
	if e != esuccess {
		return e
	}
	f, e := h.socket(uint32(p[0]))
	if e != esuccess {
		return e
	}
	var none [16]byte
	if len(value) == 0 {
		switch uint32(p[2]) {
		case optRcvtimeo, optSndtimeo:
			value = none[:]
		case optLinger:
			value = none[:8]
		case optBindtodevice:
			value = none[:1] // an empty name
		default:
			return esuccess
		}
	}
	_, _, se := syscall.Syscall6(syscall.SYS_SETSOCKOPT, uintptr(f.Host), syscall.SOL_SOCKET, opt,
		uintptr(unsafe.Pointer(&value[0])), uintptr(len(value)), 0)
	return errnoOf(se)
}

func getsockoptInt(fd int, opt uintptr) (v int32, e syscall.Errno) {
	size := uint32(4)
	_, _, e = syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(fd), syscall.SOL_SOCKET, opt,
		uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&size)), 0)
	return v, e
}
