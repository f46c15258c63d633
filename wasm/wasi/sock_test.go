package wasi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// guest calls a host's functions by name and arity, as a module would, with a
// memory of one page.
type guest struct {
	t *testing.T
	h *Host
	m memory
}

func newGuest(t *testing.T) *guest {
	t.Helper()
	g := &guest{t, &Host{Log: func(s string) { t.Log(s) }}, make(memory, 1<<16)}
	for range 3 { // stdio's numbers
		if _, e := g.h.table.Open(&FD{Kind: KindChar, Host: -1}); e != esuccess {
			t.Fatal(e)
		}
	}
	t.Cleanup(func() {
		for n := range g.h.table.fds {
			g.h.table.Close(uint32(n))
		}
	})
	return g
}

func (g *guest) call(name string, args ...uint64) Errno {
	g.t.Helper()
	for _, f := range append(g.h.socketFunctions(), g.h.pollFunctions()...) {
		if f.name == name && len(f.params) == len(args) {
			return f.call(g.m, args)
		}
	}
	g.t.Fatalf("no function %s of %d parameters", name, len(args))
	return 0
}

func (g *guest) must(name string, args ...uint64) {
	g.t.Helper()
	if e := g.call(name, args...); e != esuccess {
		g.t.Fatalf("%s%v: errno %d", name, args, e)
	}
}

// want checks an errno.
func (g *guest) want(e Errno, name string, args ...uint64) {
	g.t.Helper()
	if got := g.call(name, args...); got != e {
		g.t.Errorf("%s%v: errno %d, want %d", name, args, got, e)
	}
}

func (g *guest) u32(p uint32) uint32 {
	g.t.Helper()
	v, e := g.m.u32(p)
	if e != esuccess {
		g.t.Fatal(e)
	}
	return v
}

// Places in the test's memory.
const (
	atFD     = 0x100
	atAddr   = 0x110 // {buf, len}
	atPort   = 0x120
	atN      = 0x130
	atFlags  = 0x140
	atType   = 0x150
	atIov    = 0x200
	atBuf    = 0x1000 // of addresses
	atData   = 0x2000
	atSubs   = 0x4000
	atEvents = 0x8000
)

func (g *guest) addr(b []byte) uint64 {
	g.m.putU32(atAddr, atBuf)
	g.m.putU32(atAddr+4, uint32(len(b)))
	copy(g.m[atBuf:], b)
	return atAddr
}

func (g *guest) inet4() uint64 { return g.addr([]byte{127, 0, 0, 1}) }

// any gives a 128-byte address.
func (g *guest) any(family uint16, rest []byte) uint64 {
	b := make([]byte, addrAny)
	binary.LittleEndian.PutUint16(b, family)
	copy(b[2:], rest)
	return g.addr(b)
}

func (g *guest) iovec(data string, n int) (p, count uint64) {
	g.m.putU32(atIov, atData)
	g.m.putU32(atIov+4, uint32(n))
	copy(g.m[atData:], data)
	return atIov, 1
}

func (g *guest) open(af, typ uint64) uint64 {
	g.t.Helper()
	g.must("sock_open", af, typ, atFD)
	return uint64(g.u32(atFD))
}

func (g *guest) localPort(fd uint64) uint64 {
	g.t.Helper()
	g.any(0, nil)
	g.must("sock_getlocaladdr", fd, atAddr, atPort)
	return uint64(g.u32(atPort))
}

func (g *guest) listener() (fd, port uint64) {
	g.t.Helper()
	fd = g.open(familyInet4, sockStream)
	g.must("sock_bind", fd, g.inet4(), 0)
	g.must("sock_listen", fd, 16)
	return fd, g.localPort(fd)
}

// pair gives two connected streams.
func (g *guest) pair() (client, server uint64) {
	g.t.Helper()
	l, port := g.listener()
	client = g.open(familyInet4, sockStream)
	g.must("sock_connect", client, g.inet4(), port)
	g.must("sock_accept", l, 0, atFD)
	return client, uint64(g.u32(atFD))
}

func (g *guest) send(fd uint64, data string) {
	g.t.Helper()
	p, n := g.iovec(data, len(data))
	g.must("sock_send", fd, p, n, 0, atN)
	if got := g.u32(atN); got != uint32(len(data)) {
		g.t.Fatalf("sent %d of %d", got, len(data))
	}
}

func (g *guest) recv(fd uint64, flags uint64, size int) string {
	g.t.Helper()
	p, n := g.iovec("", size)
	g.must("sock_recv", fd, p, n, flags, atN, atFlags)
	return string(g.m[atData : atData+g.u32(atN)])
}

func TestStream(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	g.send(client, "hello")
	if got := g.recv(server, recvPeek, 100); got != "hello" {
		t.Errorf("peek %q", got)
	}
	if got := g.recv(server, recvWaitall, 5); got != "hello" {
		t.Errorf("waitall %q", got)
	}
	g.want(einval, "sock_recv", server, atIov, 1, 4, atN, atFlags)
	g.want(einval, "sock_send", server, atIov, 1, 1, atN)

	g.must("sock_shutdown", client, shutWrite)
	if got := g.recv(server, 0, 5); got != "" {
		t.Errorf("after shutdown %q", got)
	}
	g.send(server, "bye")
	if got := g.recv(client, 0, 5); got != "bye" {
		t.Errorf("half closed: %q", got)
	}
	g.want(einval, "sock_shutdown", client, 0)
	g.want(einval, "sock_shutdown", client, 4)
	g.must("sock_shutdown", server, shutRead|shutWrite)
	p, n := g.iovec("x", 1)
	g.want(epipe, "sock_send", server, p, n, 0, atN)
	g.want(enotconn, "sock_shutdown", g.open(familyInet4, sockStream), shutRead)
}

// The forms of one function for version 1 and 2 do the same.
func TestAccept(t *testing.T) {
	for _, tt := range []struct {
		name     string
		args     []uint64
		nonblock bool
	}{
		{"sock_accept", []uint64{atFD}, false},
		{"sock_accept", []uint64{0, atFD}, false},
		{"sock_accept", []uint64{fdflagNonblock, atFD}, true},
		{"sock_accept_v2", []uint64{0, atFD}, false},
	} {
		g := newGuest(t)
		l, port := g.listener()
		client := g.open(familyInet4, sockStream)
		g.must("sock_connect", client, g.inet4(), port)
		g.must(tt.name, append([]uint64{l}, tt.args...)...)
		f, e := g.h.table.Get(g.u32(atFD))
		if e != esuccess {
			t.Fatal(e)
		}
		flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(f.Host), syscall.F_GETFL, 0)
		if f.Nonblock() != tt.nonblock || (flags&syscall.O_NONBLOCK != 0) != tt.nonblock {
			t.Errorf("%s%v: flags %x, host's %x", tt.name, tt.args, f.Flags, flags)
		}
		if f.Kind != KindStream {
			t.Errorf("%s: kind %d", tt.name, f.Kind)
		}
	}
	g := newGuest(t)
	l, _ := g.listener()
	g.want(einval, "sock_accept", l, fdflagAppend, atFD)
	g.want(einval, "sock_accept", g.open(familyInet4, sockStream), 0, atFD)
	g.want(efault, "sock_accept", l, 0, 1<<16)
	g.want(ebadf, "sock_accept", 99, 0, atFD)
	g.want(enotsock, "sock_accept", 0, 0, atFD)
}

// An answer in two writes does not wait for the peer's acknowledgement.
func TestNoDelay(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	for _, n := range []uint64{client, server} {
		f, _ := g.h.table.Get(uint32(n))
		if v, err := syscall.GetsockoptInt(f.Host, syscall.IPPROTO_TCP, syscall.TCP_NODELAY); err != nil || v == 0 {
			t.Errorf("TCP_NODELAY of %d: %d, %v", n, v, err)
		}
	}
}

// A socket that others hold too is not made non-blocking, and still answers
// EAGAIN.
func TestShared(t *testing.T) {
	l, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(t, err)
	check(t, syscall.Bind(l, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(t, syscall.Listen(l, 8))
	g := newGuest(t)
	check(t, g.h.InheritSocket(l))
	g.want(eagain, "sock_accept", 3, 0, atFD)
	f, _ := g.h.table.Get(3)
	if flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(l), syscall.F_GETFL, 0); flags&syscall.O_NONBLOCK != 0 || !f.Nonblock() {
		t.Error("its flags changed")
	}
	client := g.open(familyInet4, sockStream)
	g.must("sock_connect", client, g.inet4(), g.localPort(3))
	g.must("sock_accept", 3, 0, atFD)

	// The other holder has made it non-blocking, the guest wants to wait.
	check(t, syscall.SetNonblock(l, true))
	f.Flags = 0
	port := g.localPort(3)
	go func() {
		time.Sleep(50 * time.Millisecond)
		if fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0); err == nil {
			syscall.Connect(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: int(port)})
			defer syscall.Close(fd)
		}
	}()
	g.must("sock_accept", 3, 0, atFD)

	if err := g.h.InheritSocket(0); err == nil || !strings.Contains(err.Error(), "file descriptor 0: getsockopt(SO_TYPE)") {
		t.Errorf("stdin: %v", err)
	}
}

func TestDatagram(t *testing.T) {
	for _, tt := range []struct {
		af   uint64
		any  []byte
		ip   []byte
		recv string
	}{
		{familyInet4, []byte{127, 0, 0, 1}, []byte{127, 0, 0, 1}, "sock_recv_from"},
		{familyInet6, net6(), net6(), "sock_recv_from_v2"},
	} {
		g := newGuest(t)
		a, b := g.open(tt.af, sockDgram), g.open(tt.af, sockDgram)
		if e := g.call("sock_bind", a, g.addr(tt.ip), 0); e == eaddrnotavail {
			t.Log("no IPv6 on this host's loopback")
			continue
		}
		g.must("sock_bind", b, g.any(uint16(tt.af), tt.any), 0)
		portA, portB := g.localPort(a), g.localPort(b)
		p, n := g.iovec("ping!", 5)
		g.must("sock_send_to", a, p, n, g.any(uint16(tt.af), tt.any), portB, 0, atN)

		p, n = g.iovec("", 4) // too short
		g.any(0xffff, nil)
		g.must(tt.recv, b, p, n, atAddr, recvPeek, atPort, atN, atFlags)
		if g.u32(atN) != 4 || g.u32(atFlags)&0xffff != recvTruncated {
			t.Errorf("got %d bytes, flags %x", g.u32(atN), g.u32(atFlags))
		}
		if uint64(g.u32(atPort)) != portA {
			t.Errorf("from port %d, want %d", g.u32(atPort), portA)
		}
		want := append(binary.LittleEndian.AppendUint16(nil, uint16(tt.af)), tt.ip...)
		if got := g.m[atBuf : atBuf+len(want)]; !bytes.Equal(got, want) {
			t.Errorf("from %x, want %x", got, want)
		}
		// Version 1: no port, no family.
		g.addr(make([]byte, len(tt.ip)))
		p, n = g.iovec("", 10)
		g.must("sock_recv_from", b, p, n, atAddr, 0, atN, atFlags)
		if got := g.m[atBuf : atBuf+len(tt.ip)]; !bytes.Equal(got, tt.ip) || string(g.m[atData:atData+5]) != "ping!" {
			t.Errorf("version 1: from %x: %q", got, g.m[atData:atData+5])
		}
		// A connected one, and the end of that.
		g.must("sock_connect", a, g.addr(tt.ip), portB)
		g.send(a, "x")
		g.must("sock_connect", a, g.any(familyUnspec, nil), 0)
		g.iovec("y", 1)
		g.want(edestaddrreq, "sock_send", a, atIov, 1, 0, atN)
	}
}

func net6() []byte { return append(make([]byte, 15), 1) }

func TestNames(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	g.addr(make([]byte, 16))
	g.must("sock_getpeeraddr", client, atAddr, atType, atPort)
	peer := g.u32(atPort)
	if g.u32(atType) != 4 || !bytes.Equal(g.m[atBuf:atBuf+5], []byte{127, 0, 0, 1, 0}) {
		t.Errorf("type %d, address %x", g.u32(atType), g.m[atBuf:atBuf+16])
	}
	if local := g.localPort(server); local != uint64(peer) || peer == 0 {
		t.Errorf("ports %d and %d", local, peer)
	}
	if g.m[atBuf] != familyInet4 || !bytes.Equal(g.m[atBuf+2:atBuf+6], []byte{127, 0, 0, 1}) {
		t.Errorf("version 2: %x", g.m[atBuf:atBuf+16])
	}
	g.must("sock_getpeeraddr_v2", client, atAddr, atPort)
	g.must("sock_getlocaladdr_v2", client, atAddr, atPort)
	g.must("sock_getlocaladdr", client, atAddr, atType, atPort)

	six := g.open(familyInet6, sockStream)
	g.addr(make([]byte, 4))
	g.want(einval, "sock_getlocaladdr", six, atAddr, atType, atPort) // no room
	g.want(enotconn, "sock_getpeeraddr", six, atAddr, atPort)
	g.want(enotsock, "sock_getlocaladdr", 1, atAddr, atPort)
	g.want(eaddrnotavail, "sock_getlocaladdr", six, atAddr+1, atPort)
	g.want(eaddrnotavail, "sock_getlocaladdr", six, atAddr, atPort+2)
	g.want(efault, "sock_getlocaladdr", six, atAddr, 1<<16)
	g.m.putU32(atAddr+4, 5)
	g.want(einval, "sock_getlocaladdr", six, atAddr, atPort)
}

func TestOpenWrongly(t *testing.T) {
	g := newGuest(t)
	for _, args := range [][2]uint64{{0, 2}, {4, 2}, {1, 0}, {1, 3}, {1 << 31, 2}} {
		g.want(einval, "sock_open", args[0], args[1], atFD)
	}
	g.want(efault, "sock_open", 1, 2, 1<<16)
	g.want(eaddrnotavail, "sock_open", 1, 2, atFD+1)
	s := g.open(1, 2)
	g.want(einval, "sock_bind", s, g.inet4(), 1<<16)
	g.want(einval, "sock_bind", s, g.any(9, nil), 0)
	g.want(efault, "sock_bind", s, 1<<16, 0)
	g.want(ebadf, "sock_connect", 77, g.inet4(), 1)
	g.want(econnrefused, "sock_connect", s, g.inet4(), 1)
	g.want(enotsock, "sock_listen", 2, 1)
	g.want(ebadf, "sock_listen_v2", 77, 1)
}

func TestUnix(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	g := newGuest(t)
	check(t, g.h.Preopen(Preopen{Dir: "/", Guest: "/"}))
	l := g.open(familyUnix, sockStream)
	g.must("sock_bind", l, g.any(familyUnix, []byte(path)), 0)
	g.must("sock_listen", l, 4)
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	c := g.open(familyUnix, sockStream)
	g.must("sock_connect", c, g.any(familyUnix, []byte(path)), 0)
	g.must("sock_accept", l, atFD)
	s := uint64(g.u32(atFD))
	g.send(c, "over unix")
	if got := g.recv(s, 0, 20); got != "over unix" {
		t.Errorf("%q", got)
	}
	g.any(0, nil)
	g.must("sock_getpeeraddr", c, atAddr, atPort)
	if got := string(g.m[atBuf+2 : atBuf+2+len(path)+1]); g.m[atBuf] != familyUnix || got != path+"\x00" {
		t.Errorf("peer %d %q", g.m[atBuf], got)
	}
	g.addr(make([]byte, 16))
	g.want(einval, "sock_getpeeraddr", c, atAddr, atPort)

	d := g.open(familyUnix, sockDgram)
	g.want(einval, "sock_bind", d, g.any(familyUnix, []byte("\x00abstract")), 0)
	g.want(enametoolong, "sock_bind", d, g.any(familyUnix, bytes.Repeat([]byte("x"), 126)), 0)
	g.want(enoent, "sock_connect", d, g.any(familyUnix, []byte(dir+"/none")), 0)
	g.want(eaddrinuse, "sock_bind", d, g.any(familyUnix, []byte(path)), 0)
}

// Under a narrower preopen paths stay beneath it.
func TestUnixBeneath(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Mkdir(dir+"/in", 0o700))
	g := newGuest(t)
	check(t, g.h.Preopen(Preopen{Dir: dir + "/in", Guest: "/data"}))
	l := g.open(familyUnix, sockStream)
	g.must("sock_bind", l, g.any(familyUnix, []byte("/data/s")), 0)
	g.must("sock_listen", l, 4)
	if _, err := os.Lstat(dir + "/in/s"); err != nil {
		t.Fatal(err)
	}
	c := g.open(familyUnix, sockStream)
	g.must("sock_connect", c, g.any(familyUnix, []byte("/data/s")), 0)

	// Another's socket outside, and links that lead to it.
	out, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	check(t, err)
	defer syscall.Close(out)
	check(t, syscall.Bind(out, &syscall.SockaddrUnix{Name: dir + "/out"}))
	check(t, syscall.Listen(out, 4))
	check(t, os.Symlink(dir+"/out", dir+"/in/absolute"))
	check(t, os.Symlink("../out", dir+"/in/relative"))
	check(t, os.Symlink("..", dir+"/in/up"))
	for path, want := range map[string]Errno{
		dir + "/out": enotcapable, "/data/../out": eperm, "/data/absolute": eperm, "/data/relative": eperm, "/data/up/out": eperm,
	} {
		g.want(want, "sock_connect", g.open(familyUnix, sockStream), g.any(familyUnix, []byte(path)), 0)
	}
	for path, want := range map[string]Errno{
		dir + "/new": enotcapable, "/data/../new": eperm, "/data/up/new": eperm, "/data/relative": eaddrinuse,
	} {
		g.want(want, "sock_bind", g.open(familyUnix, sockStream), g.any(familyUnix, []byte(path)), 0)
	}
	g = newGuest(t)
	check(t, g.h.Preopen(Preopen{Dir: "/", Guest: "/", ReadOnly: true}))
	g.want(erofs, "sock_bind", g.open(familyUnix, sockStream), g.any(familyUnix, []byte(dir+"/new")), 0)
}

func TestOptions(t *testing.T) {
	g := newGuest(t)
	s := g.open(familyInet4, sockStream)
	get := func(name uint64) uint32 {
		t.Helper()
		g.m.putU32(atN, 4)
		g.m.putU32(atData, 0xdeadbeef)
		g.must("sock_getsockopt", s, 0, name, atData, atN)
		if g.u32(atN) != 4 {
			t.Errorf("option %d: length %d", name, g.u32(atN))
		}
		return g.u32(atData)
	}
	for _, name := range []uint64{optReuseaddr, optDontroute, optBroadcast, optKeepalive, optOobinline} {
		g.m.putU32(atData, 1)
		g.must("sock_setsockopt", s, 0, name, atData, 4)
		if v := get(name); v != 1 {
			t.Errorf("option %d is %d", name, v)
		}
		g.must("sock_setsockopt", s, 0, name, 0, 0)
	}
	for _, name := range []uint64{optSndbuf, optRcvbuf} {
		g.m.putU32(atData, 1<<14)
		g.must("sock_setsockopt", s, 0, name, atData, 4)
		if v := get(name); v < 1<<14 {
			t.Errorf("option %d is %d", name, v)
		}
	}
	if v := get(optType); v != sockStream {
		t.Errorf("type %d", v)
	}
	// The length itself, as Go has it.
	g.m.putU32(atData, 0)
	g.must("sock_getsockopt", s, 0, optType, atData, 4)
	if v := g.u32(atData); v != sockStream {
		t.Errorf("type by literal length %d", v)
	}
	if v := get(optAcceptconn); v != 0 {
		t.Errorf("acceptconn %d", v)
	}
	for _, name := range []uint64{optRcvtimeo, optSndtimeo} {
		g.m.putU64(atData, 2)
		g.m.putU64(atData+8, 500000)
		g.must("sock_setsockopt", s, 0, name, atData, 16)
		clear(g.m[atData : atData+16])
		g.m.putU32(atN, 16)
		g.must("sock_getsockopt", s, 0, name, atData, atN)
		if sec, _ := g.m.u64(atData); sec != 2 {
			t.Errorf("timeout %d s", sec)
		}
		g.must("sock_setsockopt", s, 0, name, 0, 0)
		g.must("sock_getsockopt", s, 0, name, atData, 16)
		if sec, _ := g.m.u64(atData); sec != 0 {
			t.Errorf("timeout %d s after none", sec)
		}
	}
	g.must("sock_setsockopt", s, 0, optLinger, 0, 0)
	g.must("sock_setsockopt", s, 0, optBindtodevice, 0, 0)

	nb := g.open(familyInet4, sockStream)
	f, _ := g.h.table.Get(uint32(nb))
	check(t, syscall.SetNonblock(f.Host, true))
	f.Flags = fdflagNonblock
	g.want(einprogress, "sock_connect", nb, g.inet4(), 1)
	g.h.await(f.Host, pollOut)
	s = nb
	if v := get(optError); Errno(v) != econnrefused {
		t.Errorf("error %d", v)
	}

	g.want(einval, "sock_getsockopt", s, 1, 0, atData, 4)
	g.want(einval, "sock_getsockopt", s, 0, 15, atData, 4)
	g.want(einval, "sock_setsockopt", s, 0, 99, atData, 4)
	g.want(efault, "sock_setsockopt", s, 0, 0, 1<<16, 4)
	g.want(efault, "sock_getsockopt", s, 0, 0, 1<<16-2, 4)
	g.want(enotsock, "sock_getsockopt", 1, 0, 0, atData, 4)
	g.want(einval, "sock_setsockopt", s, 0, 0, atData, 1)
}

// A receive timeout ends a blocking receive.
func TestReceiveTimeout(t *testing.T) {
	g := newGuest(t)
	c, _ := g.pair()
	g.m.putU64(atData, 0)
	g.m.putU64(atData+8, 20000)
	g.must("sock_setsockopt", c, 0, optRcvtimeo, atData, 16)
	p, n := g.iovec("", 10)
	g.want(eagain, "sock_recv", c, p, n, 0, atN, atFlags)
}

func TestNonblocking(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	for _, shared := range []bool{false, true} {
		f, _ := g.h.table.Get(uint32(server))
		f.Shared, f.Flags = shared, fdflagNonblock
		check(t, syscall.SetNonblock(f.Host, !shared))
		p, n := g.iovec("", 10)
		g.want(eagain, "sock_recv", server, p, n, 0, atN, atFlags)
		g.send(client, "a")
		g.h.await(f.Host, pollIn)
		if got := g.recv(server, 0, 10); got != "a" {
			t.Errorf("%q", got)
		}
	}
}

func TestListenEnv(t *testing.T) {
	for i, tt := range []struct {
		env       []string
		inherited int
		bound     string
		want      string
	}{
		{[]string{"A=1", "LISTEN_PID=7"}, 0, "", "A=1 LISTEN_PID=7"},
		{[]string{"A=1", "LISTEN_PID=7", "LISTEN_FDS=9"}, 0, "0.0.0.0:80 [::]:8080", "A=1 LISTEN_FDS=2 LISTEN_FDNAMES=tcp-80:tcp-8080"},
		{[]string{"LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"}, 2, "[::]:1", "LISTEN_FDS=3 LISTEN_FDNAMES=a:b:tcp-1"},
		{[]string{"LISTEN_FDNAMES=a"}, 2, "", "LISTEN_FDS=2 LISTEN_FDNAMES=unknown:unknown"},
	} {
		var bound = addrPorts(t, tt.bound)
		if got := strings.Join(ListenEnv(tt.env, tt.inherited, bound), " "); got != tt.want {
			t.Errorf("%d: %s, want %s", i, got, tt.want)
		}
	}
}

func TestBind(t *testing.T) {
	g := newGuest(t)
	check(t, g.h.Bind(addrPorts(t, "127.0.0.1:0")[0], false))
	check(t, g.h.Bind(addrPorts(t, "127.0.0.1:0")[0], true))
	port := g.localPort(3)
	c := g.open(familyInet4, sockStream)
	g.want(econnrefused, "sock_connect", c, g.inet4(), port) // it does not listen yet
	check(t, g.h.Listen())
	g.want(eagain, "sock_accept", 3, 0, atFD)
	g.must("sock_connect", g.open(familyInet4, sockStream), g.inet4(), port)
	g.must("sock_accept", 3, 0, atFD)
	if f, _ := g.h.table.Get(4); f.Nonblock() {
		t.Error("blocking one is not")
	}
	err := g.h.Listen()
	check(t, err) // again
	err = g.h.Bind(addrPorts(t, fmt.Sprintf("127.0.0.1:%d", port))[0], false)
	if err == nil || err.Error() != "bind: address already in use" {
		t.Errorf("twice: %v", err)
	}

	// Two that do not listen yet.
	a, b := newGuest(t), newGuest(t)
	check(t, a.h.Bind(addrPorts(t, "127.0.0.1:0")[0], false))
	addr := fmt.Sprintf("127.0.0.1:%d", a.localPort(3))
	check(t, b.h.Bind(addrPorts(t, addr)[0], false))
	check(t, a.h.Listen())
	if err := b.h.Listen(); err == nil || err.Error() != "tcp:"+addr+": listen: address already in use" {
		t.Errorf("the second: %v", err)
	}
}

// Nothing on the way of a request allocates.
func TestSocketAllocations(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	recv, send := g.find("sock_recv", 6), g.find("sock_send", 5)
	p, n := g.iovec("x", 1)
	args := []uint64{client, p, n, 0, atN}
	args2 := []uint64{server, p, n, 0, atN, atFlags}
	if got := testing.AllocsPerRun(100, func() { send(g.m, args); recv(g.m, args2) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func (g *guest) find(name string, arity int) func(memory, []uint64) Errno {
	for _, f := range append(g.h.socketFunctions(), g.h.pollFunctions()...) {
		if f.name == name && len(f.params) == arity {
			return f.call
		}
	}
	return nil
}
