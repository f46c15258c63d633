package wasi

import (
	"syscall"
	"unsafe"
)

// sock is what a socket descriptor has beyond others.
type sock struct {
	preopened bool // it was there at the start
	accepted  bool // by accept, so that draining waits for its end
}

// sockScratch keeps what socket calls need from one to the next, so that they
// do not allocate.
type sockScratch struct {
	addr     sockAddr
	msg      syscall.Msghdr
	drain    *Drain // nil if TERM ends the guest at once
	resolver resolver
	bound    []bound
}

// Enumerations of WasmEdge's: address_family, sock_type.
const (
	familyUnspec = 0
	familyInet4  = 1
	familyInet6  = 2
	familyUnix   = 3

	sockAny    = 0
	sockDgram  = 1
	sockStream = 2
)

// sdflags of preview 1.
const (
	shutRead  = 1
	shutWrite = 2
)

// socketFunctions are preview 1's sock_* and WasmEdge's: of each name the form
// of its second version first, which is preview 1's where that has it.
func (h *Host) socketFunctions() []function {
	return []function{
		{"sock_open", "iii", h.sockOpen},
		{"sock_open_v2", "iii", h.sockOpen},
		{"sock_bind", "iii", h.sockBind},
		{"sock_bind_v2", "iii", h.sockBind},
		{"sock_listen", "ii", h.sockListen},
		{"sock_listen_v2", "ii", h.sockListen},
		{"sock_accept", "iii", h.sockAccept},
		{"sock_accept", "ii", h.sockAcceptV1},
		{"sock_accept_v2", "iii", h.sockAccept},
		{"sock_connect", "iii", h.sockConnect},
		{"sock_connect_v2", "iii", h.sockConnect},
		{"sock_recv", "iiiiii", h.sockRecv},
		{"sock_recv_v2", "iiiiii", h.sockRecv},
		{"sock_recv_from", "iiiiiiii", h.sockRecvFrom},
		{"sock_recv_from", "iiiiiii", h.sockRecvFromV1},
		{"sock_recv_from_v2", "iiiiiiii", h.sockRecvFrom},
		{"sock_send", "iiiii", h.sockSend},
		{"sock_send_v2", "iiiii", h.sockSend},
		{"sock_send_to", "iiiiiii", h.sockSendTo},
		{"sock_send_to_v2", "iiiiiii", h.sockSendTo},
		{"sock_shutdown", "ii", h.sockShutdown},
		{"sock_getsockopt", "iiiii", h.sockGetsockopt},
		{"sock_setsockopt", "iiiii", h.sockSetsockopt},
		{"sock_getlocaladdr", "iii", h.sockGetlocaladdr},
		{"sock_getlocaladdr", "iiii", h.sockGetlocaladdrV1},
		{"sock_getlocaladdr_v2", "iii", h.sockGetlocaladdr},
		{"sock_getpeeraddr", "iii", h.sockGetpeeraddr},
		{"sock_getpeeraddr", "iiii", h.sockGetpeeraddrV1},
		{"sock_getpeeraddr_v2", "iii", h.sockGetpeeraddr},
		{"sock_getaddrinfo", "iiiiiiii", h.sockGetaddrinfo},
	}
}

// socket gives a socket's descriptor: ENOTSOCK for others.
func (h *Host) socket(n uint32) (*FD, Errno) {
	f, e := h.table.Get(n)
	if e == esuccess && f.Sock == nil {
		e = enotsock
	}
	return f, e
}

func (h *Host) socketRights(n uint32, need Rights) (*FD, Errno) {
	f, e := h.socket(n)
	if e == esuccess && f.Rights&need != need {
		e = enotcapable
	}
	return f, e
}

// openSocket puts a socket of our own into the table. It is closed if that
// fails, or if its number cannot be written to out.
func (h *Host) openSocket(m memory, out uint32, host int, kind Kind, rights Rights, flags uint16, accepted bool) Errno {
	f := &struct {
		FD
		sock
	}{
		FD{Kind: kind, Host: host, Flags: flags, Rights: rights, Inheriting: sockRights},
		sock{accepted: accepted},
	}
	f.FD.Sock = &f.sock
	n, e := h.table.Open(&f.FD)
	if e != esuccess {
		if accepted {
			h.leaves()
		}
		return e
	}
	return m.putU32(out, n)
}

// closed is told of every socket that leaves the table.
func (h *Host) closed(f *FD) {
	switch {
	case f.Kind == KindListener:
		h.listensNot(f)
	case f.Sock.accepted:
		h.leaves()
	}
}

// sockOpen is sock_open(af, type, *fd).
func (h *Host) sockOpen(m memory, p []uint64) Errno {
	out := uint32(p[2])
	if e := m.aligned(out, 4, 4); e != esuccess {
		return e
	}
	domain, ok := domainOf(uint32(p[0]))
	if !ok {
		return einval
	}
	var typ int
	var kind Kind
	switch uint32(p[1]) {
	case sockDgram:
		typ, kind = syscall.SOCK_DGRAM, KindDatagram
	case sockStream:
		typ, kind = syscall.SOCK_STREAM, KindStream
	default:
		return einval
	}
	host, _, e := syscall.Syscall(syscall.SYS_SOCKET, uintptr(domain), uintptr(typ|syscall.SOCK_CLOEXEC), 0)
	if e != 0 {
		return errnoOf(e)
	}
	if typ == syscall.SOCK_STREAM && domain != syscall.AF_UNIX {
		noDelay(int(host))
	}
	return h.openSocket(m, out, int(host), kind, sockRights|RightSockAccept, 0, false)
}

// noDelay turns Nagle's algorithm off, as Go and Node do: the guest has no
// option for it, and one that writes head and body of an answer apart waits
// 40 ms each time, until the peer acknowledges. What a listener accepts inherits
// it. A socket that cannot have it works all the same.
func noDelay(fd int) {
	one := int32(1)
	syscall.Syscall6(syscall.SYS_SETSOCKOPT, uintptr(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY, uintptr(unsafe.Pointer(&one)), 4, 0)
}

func domainOf(family uint32) (domain int, ok bool) {
	switch family {
	case familyInet4:
		return syscall.AF_INET, true
	case familyInet6:
		return syscall.AF_INET6, true
	case familyUnix:
		return syscall.AF_UNIX, true
	}
	return 0, false
}

// sockBind is sock_bind(fd, *addr, port).
func (h *Host) sockBind(m memory, p []uint64) Errno {
	f, e := h.socket(uint32(p[0]))
	if e != esuccess {
		return e
	}
	if e := h.net.addr.read(m, uint32(p[1]), uint32(p[2])); e != esuccess {
		return e
	}
	return h.withPath(true, func() Errno {
		_, _, e := syscall.Syscall(syscall.SYS_BIND, uintptr(f.Host), uintptr(h.net.addr.pointer()), uintptr(h.net.addr.size))
		return errnoOf(e)
	})
}

// sockListen is sock_listen(fd, backlog).
func (h *Host) sockListen(_ memory, p []uint64) Errno {
	f, e := h.socket(uint32(p[0]))
	if e != esuccess {
		return e
	}
	if _, _, e := syscall.Syscall(syscall.SYS_LISTEN, uintptr(f.Host), uintptr(min(uint32(p[1]), 1<<31-1)), 0); e != 0 {
		return errnoOf(e)
	}
	f.Kind = KindListener
	h.listens(f)
	return esuccess
}

// sockAcceptV1 is sock_accept(fd, *newfd) of WasmEdge.
func (h *Host) sockAcceptV1(m memory, p []uint64) Errno {
	return h.accept(m, uint32(p[0]), 0, uint32(p[1]))
}

// sockAccept is sock_accept(fd, fdflags, *newfd) of preview 1.
func (h *Host) sockAccept(m memory, p []uint64) Errno {
	return h.accept(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
}

func (h *Host) accept(m memory, n, flags, out uint32) Errno {
	if flags&^fdflagNonblock != 0 {
		return einval
	}
	if _, e := m.bytes(out, 4); e != esuccess {
		return e
	}
	f, e := h.socketRights(n, RightSockAccept)
	if e != esuccess {
		return e
	}
	how := uintptr(syscall.SOCK_CLOEXEC)
	if flags != 0 {
		how |= syscall.SOCK_NONBLOCK
	}
	h.arrives()
	host, e := h.acceptHost(f, how)
	if e != esuccess {
		h.leaves()
		return e
	}
	return h.openSocket(m, out, host, KindStream, sockRights, uint16(flags), true)
}

// acceptHost gives the host's descriptor of the next connection.
func (h *Host) acceptHost(f *FD, how uintptr) (fd int, _ Errno) {
	for {
		switch {
		case f.Shared && h.drains(): // what is not ours has not been shut down
			return 0, einval
		case f.Shared && f.Nonblock() && !h.ready(f.Host, pollIn):
			return 0, eagain
		}
		host, _, e := syscall.Syscall6(syscall.SYS_ACCEPT4, uintptr(f.Host), 0, 0, how, 0, 0)
		switch {
		case e == syscall.EINTR:
		case e == syscall.EAGAIN && f.Shared && !f.Nonblock():
			h.await(f.Host, pollIn)
		case e != 0:
			return 0, errnoOf(e)
		default:
			if f.Shared { // its owner may not have thought of it
				noDelay(int(host))
			}
			return int(host), esuccess
		}
	}
}

// sockConnect is sock_connect(fd, *addr, port).
func (h *Host) sockConnect(m memory, p []uint64) Errno {
	f, e := h.socket(uint32(p[0]))
	if e != esuccess {
		return e
	}
	if e := h.net.addr.read(m, uint32(p[1]), uint32(p[2])); e != esuccess {
		return e
	}
	return h.withPath(false, func() Errno {
		_, _, e := syscall.Syscall(syscall.SYS_CONNECT, uintptr(f.Host), uintptr(h.net.addr.pointer()), uintptr(h.net.addr.size))
		if e == syscall.EINTR { // it goes on meanwhile (connect(2))
			h.await(f.Host, pollOut)
			v, e := getsockoptInt(f.Host, syscall.SO_ERROR)
			if e != 0 {
				return errnoOf(e)
			}
			return errnoOf(syscall.Errno(v))
		}
		return errnoOf(e)
	})
}

// sockShutdown is sock_shutdown(fd, how).
func (h *Host) sockShutdown(_ memory, p []uint64) Errno {
	f, e := h.socketRights(uint32(p[0]), RightSockShutdown)
	if e != esuccess {
		return e
	}
	var how uintptr
	switch uint32(p[1]) {
	case shutRead:
		how = syscall.SHUT_RD
	case shutWrite:
		how = syscall.SHUT_WR
	case shutRead | shutWrite:
		how = syscall.SHUT_RDWR
	default:
		return einval
	}
	_, _, se := syscall.Syscall(syscall.SYS_SHUTDOWN, uintptr(f.Host), how, 0)
	return errnoOf(se)
}
