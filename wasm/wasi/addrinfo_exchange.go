package wasi

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"time"
	"unsafe"
)

// maxMessage is the longest DNS message (RFC 1035, 4.2.2).
const maxMessage = 1<<16 - 1

// exchange asks one server all questions at once, over UDP; what does not fit
// there, over TCP. It is ok if the server knows of each question that there are
// records, or that there are none.
func exchange(server netip.AddrPort, questions [][]byte, timeout time.Duration) (answers []answer, ok bool) {
	fd, e := dial(server, syscall.SOCK_DGRAM)
	if e != 0 {
		return nil, false
	}
	defer sysClose(fd)
	deadline := nanos(clockMonotonic) + int64(timeout)
	for _, q := range questions {
		if !sendAll(fd, q, deadline) {
			return nil, false
		}
	}
	answers = make([]answer, len(questions))
	have := make([]bool, len(questions))
	b := make([]byte, maxMessage)
	for missing := len(questions); missing > 0; {
		n, ok := receive(fd, b, deadline)
		if !ok {
			return nil, false
		}
		for i, q := range questions {
			// Others' and forged messages are passed over until the deadline.
			a, ok := parseAnswer(b[:n], q)
			if !ok || have[i] {
				continue
			}
			if a.truncated {
				if a, ok = exchangeTCP(server, q, timeout); !ok {
					return nil, false
				}
			}
			if a.rcode != rcodeSuccess && a.rcode != rcodeNXDomain {
				return nil, false
			}
			answers[i], have[i] = a, true
			missing--
			break
		}
	}
	return answers, true
}

// exchangeTCP asks one question over TCP: each message has its length before
// it.
func exchangeTCP(server netip.AddrPort, question []byte, timeout time.Duration) (a answer, ok bool) {
	fd, e := dial(server, syscall.SOCK_STREAM)
	if e != 0 && e != syscall.EINPROGRESS {
		return a, false
	}
	defer sysClose(fd)
	deadline := nanos(clockMonotonic) + int64(timeout)
	b := binary.BigEndian.AppendUint16(nil, uint16(len(question)))
	if !awaitUntil(fd, pollOut, deadline) || !sendAll(fd, append(b, question...), deadline) {
		return a, false
	}
	var size [2]byte
	if !receiveFull(fd, size[:], deadline) {
		return a, false
	}
	b = make([]byte, binary.BigEndian.Uint16(size[:]))
	if !receiveFull(fd, b, deadline) {
		return a, false
	}
	a, ok = parseAnswer(b, question)
	return a, ok && !a.truncated
}

// dial opens a non-blocking socket and connects it; a stream's connect goes on
// after EINPROGRESS, which is the only error that comes with a socket.
func dial(to netip.AddrPort, typ uintptr) (fd int, e syscall.Errno) {
	var a sockAddr
	addr := to.Addr()
	domain := uintptr(syscall.AF_INET6)
	if addr.Is4() {
		domain = syscall.AF_INET
		a.setInet4(addr.AsSlice(), uint32(to.Port()))
	} else {
		a.setInet6(addr.AsSlice(), uint32(to.Port()))
	}
	r, _, e := syscall.Syscall(syscall.SYS_SOCKET, domain, typ|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if e != 0 {
		return -1, e
	}
	_, _, e = syscall.Syscall(syscall.SYS_CONNECT, r, uintptr(a.pointer()), uintptr(a.size))
	if e != 0 && e != syscall.EINPROGRESS {
		sysClose(int(r))
		return -1, e
	}
	return int(r), e
}

// awaitUntil waits for an event, until a deadline on the monotonic clock.
func awaitUntil(fd int, events int16, deadline int64) bool {
	s := pollScratch{fds: []pollFD{{fd: int32(fd), events: events}}}
	return s.wait(deadline, never, nanos) == esuccess && s.fds[0].revents != 0
}

func sendAll(fd int, b []byte, deadline int64) bool {
	for len(b) > 0 {
		n, _, e := syscall.Syscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), syscall.MSG_NOSIGNAL, 0, 0)
		switch {
		case e == syscall.EINTR:
		case e == syscall.EAGAIN:
			if !awaitUntil(fd, pollOut, deadline) {
				return false
			}
		case e != 0:
			return false
		default:
			b = b[n:]
		}
	}
	return true
}

// receive gives what comes next, at least one byte.
func receive(fd int, b []byte, deadline int64) (n int, ok bool) {
	for {
		if !awaitUntil(fd, pollIn, deadline) {
			return 0, false
		}
		r, _, e := syscall.Syscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
		switch {
		case e == syscall.EINTR || e == syscall.EAGAIN:
		default:
			return int(r), e == 0 && r > 0
		}
	}
}

func receiveFull(fd int, b []byte, deadline int64) bool {
	for len(b) > 0 {
		n, ok := receive(fd, b, deadline)
		if !ok {
			return false
		}
		b = b[n:]
	}
	return true
}
