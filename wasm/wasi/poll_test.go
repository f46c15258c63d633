package wasi

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addrPorts(t *testing.T, list string) (all []netip.AddrPort) {
	t.Helper()
	for s := range strings.FieldsSeq(list) {
		a, err := netip.ParseAddrPort(s)
		check(t, err)
		all = append(all, a)
	}
	return all
}

// sub is a subscription; event is what comes of it.
type sub struct {
	kind  byte
	fd    uint32
	clock uint32
	ns    uint64
	flags uint16
}

type event struct {
	user  uint64
	errno Errno
	kind  byte
	size  uint64
	flags uint16
}

func (g *guest) subscribe(subs ...sub) {
	le := binary.LittleEndian
	for i, s := range subs {
		b := g.m[atSubs+i*subscriptionSize:][:subscriptionSize]
		clear(b)
		le.PutUint64(b, uint64(100+i))
		b[8] = s.kind
		le.PutUint32(b[16:], s.fd)
		if s.kind == eventClock {
			le.PutUint32(b[16:], s.clock)
			le.PutUint64(b[24:], s.ns)
			le.PutUint16(b[40:], s.flags)
		}
	}
}

func (g *guest) poll(subs ...sub) []event {
	g.t.Helper()
	g.subscribe(subs...)
	g.must("poll_oneoff", atSubs, atEvents, uint64(len(subs)), atN)
	le := binary.LittleEndian
	var all []event
	for i := range g.u32(atN) {
		b := g.m[atEvents+i*eventSize:]
		all = append(all, event{le.Uint64(b), Errno(le.Uint16(b[8:])), b[10], le.Uint64(b[16:]), le.Uint16(b[24:])})
	}
	return all
}

// events checks what a poll gives.
func (g *guest) events(got []event, want ...event) {
	g.t.Helper()
	if len(got) != len(want) {
		g.t.Fatalf("events %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			g.t.Errorf("event %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// add puts a host descriptor into the guest's table.
func (g *guest) add(kind Kind, host int) uint32 {
	n, e := g.h.table.Open(&FD{Kind: kind, Host: host, Rights: allRights})
	if e != esuccess {
		g.t.Fatal(e)
	}
	return n
}

func (g *guest) pipe() (r, w uint32) {
	var p [2]int
	check(g.t, syscall.Pipe2(p[:], syscall.O_CLOEXEC))
	return g.add(KindPipe, p[0]), g.add(KindPipe, p[1])
}

func TestPollClocks(t *testing.T) {
	const ms = uint64(time.Millisecond)
	g := newGuest(t)
	for _, tt := range []struct {
		name string
		sub  sub
		e    Errno
		wait time.Duration
	}{
		{"monotonic", sub{clock: clockMonotonic, ns: 20 * ms}, esuccess, 20 * time.Millisecond},
		{"realtime", sub{clock: clockRealtime, ns: 20 * ms}, esuccess, 20 * time.Millisecond},
		{"absolute monotonic", sub{clock: clockMonotonic, ns: uint64(nanos(clockMonotonic)) + 40*ms, flags: clockAbsolute}, esuccess, -1},
		{"absolute realtime", sub{clock: clockRealtime, ns: uint64(nanos(clockRealtime)) + 80*ms, flags: clockAbsolute}, esuccess, -1},
		{"past", sub{clock: clockMonotonic, ns: 1, flags: clockAbsolute}, esuccess, 0},
		{"past day", sub{clock: clockRealtime, ns: 1, flags: clockAbsolute}, esuccess, 0},
		{"zero", sub{clock: clockMonotonic}, esuccess, 0},
		{"process", sub{clock: clockProcess, ns: 1000 * ms}, enotsup, 0},
		{"thread", sub{clock: clockThread}, enotsup, 0},
		{"unknown", sub{clock: 4}, einval, 0},
	} {
		start := time.Now()
		g.events(g.poll(tt.sub), event{100, tt.e, eventClock, 0, 0})
		if took := time.Since(start); took < tt.wait {
			t.Errorf("%s: only %v", tt.name, took)
		}
		if tt.sub.flags != 0 && uint64(nanos(tt.sub.clock)) < tt.sub.ns {
			t.Errorf("%s: before its time", tt.name)
		}
	}
	// The earliest counts, and only what is over is told.
	g.events(g.poll(sub{clock: clockMonotonic, ns: 1 << 62}, sub{clock: clockRealtime, ns: 5 * ms}, sub{clock: clockMonotonic, ns: 1<<64 - 1}),
		event{101, esuccess, eventClock, 0, 0})
	g.events(g.poll(sub{clock: clockMonotonic, ns: 1 << 62}, sub{clock: clockProcess}), event{101, enotsup, eventClock, 0, 0})
}

func TestPollDescriptors(t *testing.T) {
	const ms = uint64(time.Millisecond)
	g := newGuest(t)
	r, w := g.pipe()
	soon := sub{clock: clockMonotonic, ns: 5 * ms}
	g.events(g.poll(sub{kind: eventFdRead, fd: r}, soon), event{101, esuccess, eventClock, 0, 0})
	g.events(g.poll(sub{kind: eventFdRead, fd: r}, sub{kind: eventFdWrite, fd: w}), event{101, esuccess, eventFdWrite, 0, 0})

	f, _ := g.h.table.Get(w)
	_, err := syscall.Write(f.Host, []byte("seven77"))
	check(t, err)
	// Twice the same, and both directions.
	g.events(g.poll(sub{kind: eventFdRead, fd: r}, sub{kind: eventFdRead, fd: r}, sub{kind: eventFdWrite, fd: r}, soon),
		event{100, esuccess, eventFdRead, 7, 0}, event{101, esuccess, eventFdRead, 7, 0})

	// Wrong ones are events of their own, and the others are still told.
	file, err := os.CreateTemp(t.TempDir(), "f")
	check(t, err)
	defer file.Close()
	check(t, os.WriteFile(file.Name(), []byte("123"), 0o600))
	fd := g.add(KindFile, int(file.Fd()))
	noRight := g.add(KindFile, -1)
	f, _ = g.h.table.Get(noRight)
	f.Rights = 0
	g.events(g.poll(sub{kind: eventFdRead, fd: 99}, sub{kind: eventFdRead, fd: r}, sub{kind: eventFdWrite, fd: noRight},
		sub{kind: eventFdRead, fd: fd}, sub{kind: eventFdWrite, fd: fd}, sub{clock: clockMonotonic, ns: 1 << 60}),
		event{100, ebadf, eventFdRead, 0, 0}, event{101, esuccess, eventFdRead, 7, 0}, event{102, enotcapable, eventFdWrite, 0, 0},
		event{103, esuccess, eventFdRead, 3, 0}, event{104, esuccess, eventFdWrite, 0, 0})
	f, _ = g.h.table.Get(fd)
	f.Host = -1 // the file's own

	// Hang-ups.
	g.h.table.Close(w)
	g.events(g.poll(sub{kind: eventFdRead, fd: r}), event{100, esuccess, eventFdRead, 7, eventHangup})
	r, w = g.pipe()
	g.h.table.Close(r)
	g.events(g.poll(sub{kind: eventFdWrite, fd: w}), event{100, esuccess, eventFdWrite, 0, eventHangup})

	// What is closed behind the table's back.
	bad := g.add(KindPipe, 1<<20)
	g.events(g.poll(sub{kind: eventFdRead, fd: bad}), event{100, ebadf, eventFdRead, 0, 0})
	f, _ = g.h.table.Get(bad)
	f.Host = -1
}

func TestPollSockets(t *testing.T) {
	g := newGuest(t)
	client, server := g.pair()
	never := sub{clock: clockMonotonic, ns: 1 << 62}
	g.send(client, "four")
	g.events(g.poll(sub{kind: eventFdRead, fd: uint32(server)}, sub{kind: eventFdWrite, fd: uint32(server)}, never),
		event{100, esuccess, eventFdRead, 4, 0}, event{101, esuccess, eventFdWrite, 0, 0})
	g.must("sock_shutdown", client, shutWrite)
	g.must("sock_shutdown", server, shutWrite)
	g.events(g.poll(sub{kind: eventFdRead, fd: uint32(server)}), event{100, esuccess, eventFdRead, 4, eventHangup})

	l, port := g.listener()
	g.events(g.poll(sub{kind: eventFdRead, fd: uint32(l)}, sub{clock: clockMonotonic, ns: 1000}), event{101, esuccess, eventClock, 0, 0})
	g.must("sock_connect", g.open(familyInet4, sockStream), g.inet4(), port)
	g.events(g.poll(sub{kind: eventFdRead, fd: uint32(l)}), event{100, esuccess, eventFdRead, 0, 0})
	g.subscribe(sub{kind: eventFdRead, fd: uint32(l)})
	g.must("epoll_oneoff", atSubs, atEvents, 1, atN)
}

func TestPollWrongly(t *testing.T) {
	g := newGuest(t)
	g.subscribe(sub{kind: 3})
	g.want(einval, "poll_oneoff", atSubs, atEvents, 1, atN)
	g.want(einval, "poll_oneoff", atSubs, atEvents, 0, atN)
	g.want(einval, "poll_oneoff", atSubs, atEvents, 1<<32-1, atN)
	g.want(efault, "poll_oneoff", atSubs, atEvents, 1<<20, atN)
	g.want(efault, "poll_oneoff", 1<<16-47, atEvents, 1, atN)
	g.want(efault, "poll_oneoff", atSubs, 1<<16-31, 1, atN)
	g.want(efault, "poll_oneoff", atSubs, atEvents, 1, 1<<16-3)

	// Events that are written over the subscriptions.
	r, w := g.pipe()
	g.subscribe(sub{kind: eventFdWrite, fd: w}, sub{kind: eventFdRead, fd: r}, sub{kind: eventFdWrite, fd: w}, sub{kind: eventFdWrite, fd: w})
	g.must("poll_oneoff", atSubs, atSubs+40, 4, atN)
	for _, i := range g.h.polling.slot {
		if i != 0 {
			t.Fatal("slots stay")
		}
	}
	g.events(g.poll(sub{kind: eventFdWrite, fd: w}), event{100, esuccess, eventFdWrite, 0, 0})
}

// A poll waits: it uses next to no CPU, and signals do not end it early.
func TestPollSleeps(t *testing.T) {
	g := newGuest(t)
	r, _ := g.pipe()
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				syscall.Kill(syscall.Getpid(), syscall.SIGURG) // Go ignores it
			}
		}
	}()
	start := time.Now()
	g.events(g.poll(sub{kind: eventFdRead, fd: r}, sub{clock: clockMonotonic, ns: 200e6}), event{101, esuccess, eventClock, 0, 0})
	close(stop)
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("%v", took)
	}
}

func TestPollAllocations(t *testing.T) {
	g := newGuest(t)
	r, w := g.pipe()
	poll := g.find("poll_oneoff", 4)
	g.subscribe(sub{kind: eventFdRead, fd: r}, sub{kind: eventFdWrite, fd: w}, sub{clock: clockMonotonic, ns: 1e9})
	args := []uint64{atSubs, atEvents, 3, atN}
	if n := testing.AllocsPerRun(100, func() { poll(g.m, args) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
