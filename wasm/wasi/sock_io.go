package wasi

import (
	"syscall"
	"unsafe"
)

// riflags and roflags of preview 1.
const (
	recvPeek      = 1
	recvWaitall   = 2
	recvTruncated = 1
)

// sockRecv is sock_recv(fd, *iov, niov, riflags, *nread, *roflags).
func (h *Host) sockRecv(m memory, p []uint64) Errno {
	return h.recv(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), uint32(p[5]), nil)
}

// sockRecvFrom is sock_recv_from(fd, *iov, niov, *addr, riflags, *port, *nread,
// *roflags).
func (h *Host) sockRecvFrom(m memory, p []uint64) Errno {
	port := uint32(p[5])
	if e := m.aligned(port, 4, 4); e != esuccess {
		return e
	}
	number, e := h.recvFrom(m, p[:5], uint32(p[6]), uint32(p[7]))
	if e != esuccess {
		return e
	}
	return m.putU32(port, number)
}

// sockRecvFromV1 is sock_recv_from(fd, *iov, niov, *addr, riflags, *nread,
// *roflags), which does not tell the port.
func (h *Host) sockRecvFromV1(m memory, p []uint64) Errno {
	_, e := h.recvFrom(m, p[:5], uint32(p[5]), uint32(p[6]))
	return e
}

func (h *Host) recvFrom(m memory, p []uint64, nread, roflags uint32) (port uint32, e Errno) {
	addr, e := m.addrBuffer(uint32(p[3]))
	if e != esuccess {
		return 0, e
	}
	if e := h.recv(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[4]), nread, roflags, addr); e != esuccess {
		return 0, e
	}
	h.net.addr.size = h.net.msg.Namelen
	_, port, e = h.net.addr.write(addr)
	return port, e
}

// recv receives. Everything of the guest's is checked before, since what is
// received is gone. The sender's address stays in the scratch if addr is there.
func (h *Host) recv(m memory, n, iov, niov, riflags, nread, roflags uint32, addr []byte) Errno {
	if riflags&^(recvPeek|recvWaitall) != 0 {
		return einval
	}
	if _, e := m.bytes(nread, 4); e != esuccess {
		return e
	}
	if _, e := m.bytes(roflags, 2); e != esuccess {
		return e
	}
	f, e := h.socketRights(n, RightFdRead)
	if e != esuccess {
		return e
	}
	v, _, e := h.iovecs(m, iov, niov)
	if e != esuccess {
		return e
	}
	flags := uintptr(0)
	if riflags&recvPeek != 0 {
		flags |= syscall.MSG_PEEK
	}
	if riflags&recvWaitall != 0 {
		flags |= syscall.MSG_WAITALL
	}
	msg := h.message(v)
	if addr != nil {
		msg.Name = (*byte)(unsafe.Pointer(&h.net.addr.raw))
		msg.Namelen = syscall.SizeofSockaddrAny
	}
	got, e := h.transfer(f, syscall.SYS_RECVMSG, flags, pollIn)
	if e != esuccess {
		return e
	}
	var out uint16
	if msg.Flags&syscall.MSG_TRUNC != 0 {
		out = recvTruncated
	}
	if e := m.putU32(nread, uint32(got)); e != esuccess {
		return e
	}
	return m.putU16(roflags, out)
}

// sockSend is sock_send(fd, *ciov, n, siflags, *nwritten).
func (h *Host) sockSend(m memory, p []uint64) Errno {
	return h.send(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), false)
}

// sockSendTo is sock_send_to(fd, *ciov, n, *addr, port, siflags, *nwritten).
func (h *Host) sockSendTo(m memory, p []uint64) Errno {
	if e := h.net.addr.read(m, uint32(p[3]), uint32(p[4])); e != esuccess {
		return e
	}
	return h.withPath(false, func() Errno {
		return h.send(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[5]), uint32(p[6]), true)
	})
}

// send sends, to the address in the scratch if to is set.
func (h *Host) send(m memory, n, iov, niov, siflags, nwritten uint32, to bool) Errno {
	if siflags != 0 {
		return einval
	}
	if _, e := m.bytes(nwritten, 4); e != esuccess {
		return e
	}
	f, e := h.socketRights(n, RightFdWrite)
	if e != esuccess {
		return e
	}
	v, _, e := h.iovecs(m, iov, niov)
	if e != esuccess {
		return e
	}
	msg := h.message(v)
	if to {
		msg.Name = (*byte)(unsafe.Pointer(&h.net.addr.raw))
		msg.Namelen = h.net.addr.size
	}
	sent, e := h.transfer(f, syscall.SYS_SENDMSG, syscall.MSG_NOSIGNAL, pollOut)
	if e != esuccess {
		return e
	}
	return m.putU32(nwritten, uint32(sent))
}

// message sets the scratch's message up for buffers.
func (h *Host) message(v []syscall.Iovec) *syscall.Msghdr {
	h.net.msg = syscall.Msghdr{Iov: unsafe.SliceData(v), Iovlen: uint64(len(v))}
	return &h.net.msg
}

// transfer does a recvmsg(2) or sendmsg(2) of the scratch's message, and waits
// if the guest wants that. A socket of our own with a timeout answers EAGAIN
// although it is blocking (socket(7), SO_RCVTIMEO).
func (h *Host) transfer(f *FD, call, flags uintptr, events int16) (n uintptr, _ Errno) {
	if f.Nonblock() {
		flags |= syscall.MSG_DONTWAIT
	}
	for {
		n, _, e := syscall.Syscall(call, uintptr(f.Host), uintptr(unsafe.Pointer(&h.net.msg)), flags)
		switch {
		case e == syscall.EINTR:
		case e == syscall.EAGAIN && f.Shared && !f.Nonblock():
			h.await(f.Host, events)
		case e != 0:
			return 0, errnoOf(e)
		default:
			return n, esuccess
		}
	}
}
