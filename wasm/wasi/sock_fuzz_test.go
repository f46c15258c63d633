package wasi

import (
	"encoding/binary"
	"syscall"
	"testing"
)

// FuzzSockets calls the functions of sockets and polls with wild arguments, on
// wild memory. Whatever the guest does, it gets an errno.
func FuzzSockets(f *testing.F) {
	args := func(v ...uint32) (b []byte) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
		return b
	}
	n := uint8(len((&Host{}).socketFunctions()))
	f.Add(uint8(0), args(1, 2, 0x100), []byte{})
	f.Add(uint8(1), args(3, 0x8, 80), args(0, 0, 0x10, 128, 3))
	f.Add(uint8(11), args(3, 0, 1, 1, 0x20, 0x30), args(0x40, 4))
	f.Add(uint8(13), args(3, 0, 1, 0x10, 0, 0x20, 0x30, 0x38), args(0x40, 4, 0, 0, 0x80, 128))
	f.Add(uint8(29), args(0, 8, 8, 4, 0x20, 0x10, 5, 0x14), []byte("host\x0080\x00"))
	f.Add(n, args(0, 0x800, 3, 0x700), []byte{15: 0, 16: 1, 56: 1, 64: 3})
	f.Add(n, args(0, 24, 3, 0x700), []byte{8: 1, 16: 4, 56: 1, 64: 3})
	f.Fuzz(func(t *testing.T, which uint8, raw, text []byte) {
		pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		check(t, err)
		for _, fd := range pair {
			_, err = syscall.Write(fd, []byte("something to read"))
			check(t, err)
		}
		h := &Host{}
		// No address of the network can be reached from them, whatever is asked.
		for n := range uint32(5) {
			var s *FD
			switch n {
			case 3:
				s = &FD{Kind: KindStream, Host: pair[0], Flags: fdflagNonblock, Rights: allRights, Sock: &sock{}}
			case 4:
				s = &FD{Kind: KindStream, Host: pair[1], Flags: fdflagNonblock, Shared: true, Rights: allRights, Sock: &sock{preopened: true}}
			default:
				s = &FD{Kind: KindChar, Host: -1}
			}
			h.table.Open(s)
		}
		h.net.resolver = resolver{root: "/nonexistent"}
		if len(text) > 1<<12 {
			return
		}
		m := make(memory, 1<<12)
		copy(m, text)
		all := append(h.socketFunctions(), h.pollFunctions()...)
		fn := all[int(which)%len(all)]
		p := make([]uint64, 8)
		for i := range p {
			if len(raw) >= 4 {
				p[i] = uint64(binary.LittleEndian.Uint32(raw))
				raw = raw[4:]
			}
		}
		switch fn.name {
		case "poll_oneoff", "epoll_oneoff":
			// No sleeping: what is subscribed is there, or over.
			for at := p[0]; at+subscriptionSize <= uint64(len(m)); at += subscriptionSize {
				if m[at+8] == eventClock {
					clear(m[at+24 : at+42])
				}
			}
		case "sock_getaddrinfo":
			if binary.LittleEndian.Uint16(append(m[min(p[4], 1<<12-2):], 0, 0))&aiNumerichost == 0 {
				return // no traffic
			}
		case "sock_accept", "sock_accept_v2":
			if p[0] == 4 {
				return // a blocking one
			}
		}
		if e := fn.call(m, p[:len(fn.params)]); e > aiSystem {
			t.Errorf("%s: errno %d", fn.name, e)
		}
		for n := range h.table.fds {
			h.table.Close(uint32(n))
		}
	})
}
