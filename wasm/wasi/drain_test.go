package wasi

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// The handlers in assembly know where the fields are.
func TestDrainLayout(t *testing.T) {
	var d Drain
	if unsafe.Offsetof(d.State) != 0 || unsafe.Offsetof(d.Accepted) != 4 || unsafe.Offsetof(d.Listeners) != 8 ||
		unsafe.Offsetof(d.Timer) != 264 || unsafe.Offsetof(d.Timer.Value) != 16 || len(d.Listeners) != 64 {
		t.Error("the fields are elsewhere")
	}
}

func TestDrain(t *testing.T) {
	g := newGuest(t)
	var d Drain
	var code uint32
	g.h.Exit = func(c uint32) { code = c }
	g.h.DrainBy(&d, 1500*time.Millisecond)
	if v := d.Timer.Value; v.Sec != 1 || v.Usec != 500000 {
		t.Errorf("timer %v", v)
	}
	check(t, g.h.Bind(addrPorts(t, "127.0.0.1:0")[0], false))
	check(t, g.h.Listen())
	l, port := g.listener()
	two := func() (listeners int) {
		for _, fd := range d.Listeners {
			if fd != 0 {
				listeners++
			}
		}
		return listeners
	}
	if n := two(); n != 2 {
		t.Fatalf("%d listeners", n)
	}
	g.want(eagain, "sock_accept", 3, 0, atFD)
	if d.Accepted != 0 {
		t.Errorf("%d accepted", d.Accepted)
	}
	var servers []uint32
	for range 2 {
		g.must("sock_connect", g.open(familyInet4, sockStream), g.inet4(), port)
		g.must("sock_accept", l, 0, atFD)
		servers = append(servers, g.u32(atFD))
	}
	if d.Accepted != 2 {
		t.Errorf("%d accepted", d.Accepted)
	}
	// What the handler does.
	atomic.StoreUint32(&d.State, 1)
	for _, fd := range d.Listeners {
		if fd != 0 {
			check(t, syscall.Shutdown(int(fd-1), syscall.SHUT_RD))
		}
	}
	g.want(einval, "sock_accept", l, 0, atFD)
	g.want(einval, "sock_accept", 3, 0, atFD)
	g.close(servers[0])
	if code != 0 {
		t.Errorf("ended with %d while there is a connection", code)
	}
	g.close(uint32(l))
	if n := two(); n != 1 {
		t.Errorf("%d listeners after a close", n)
	}
	g.close(servers[1])
	if code != 143 {
		t.Errorf("ended with %d", code)
	}
}

// close is fd_close.
func (g *guest) close(n uint32) {
	g.t.Helper()
	f, e := g.h.table.Get(n)
	if e != esuccess {
		g.t.Fatal(e)
	}
	g.h.closed(f)
	g.h.table.Close(n)
}
