package main

import (
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"wrun/wasm"
)

// free gives an address that nobody has.
func free(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// accepting starts a guest with a connection, and another call of accept.
func accepting(t *testing.T, drain time.Duration, before func(*exec.Cmd)) (*process, net.Conn) {
	t.Helper()
	addr := free(t)
	p := start(t, setup{module: module(t, "accept"), before: before,
		job: wasm.Job{Listen: []wasm.Listen{{Addr: addr, Blocking: true}}, Drain: drain}})
	p.ready()
	if c, err := net.Dial("tcp", addr.String()); err == nil {
		c.Close()
		t.Error("it listens before start")
	}
	p.release()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			t.Cleanup(func() { c.Close() })
			p.await("on\n")
			return p, c
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestDrain(t *testing.T) { testDrain(t, nil) }

// testDrain is also run with the engine of another architecture.
func testDrain(t *testing.T, before func(*exec.Cmd)) {
	// Without drain, TERM ends a blocking accept at once.
	p, _ := accepting(t, 0, before)
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("no drain: exit code %d, stderr %q", code, p.stderr)
	}

	// The last connection's end.
	p, c := accepting(t, time.Minute, before)
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.await("no\n")
	check(t, c.Close())
	if code := p.exit(); code != 143 {
		t.Errorf("last connection: exit code %d, stderr %q", code, p.stderr)
	}

	// The deadline.
	p, _ = accepting(t, 200*time.Millisecond, before)
	begin := time.Now()
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("deadline: exit code %d, stderr %q", code, p.stderr)
	}
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("deadline: %v", took)
	}

	// A second TERM; an alarm that is nobody's deadline.
	p, _ = accepting(t, time.Minute, before)
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.await("no\n")
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("second TERM: exit code %d, stderr %q", code, p.stderr)
	}
	p, _ = accepting(t, time.Minute, before)
	check(t, p.cmd.Process.Signal(syscall.SIGALRM))
	if code := p.exit(); code != 142 {
		t.Errorf("alarm: exit code %d, stderr %q", code, p.stderr)
	}
}

// Before there is a connection TERM has nothing to wait for.
func TestDrainNothing(t *testing.T) {
	p := start(t, setup{module: module(t, "spin"), job: wasm.Job{Listen: []wasm.Listen{{Addr: free(t)}}, Drain: time.Minute}})
	p.ready()
	p.release()
	p.await("on\n")
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("exit code %d, stderr %q", code, p.stderr)
	}
}

func TestListenTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	p := start(t, setup{module: module(t, "return"), job: wasm.Job{Listen: []wasm.Listen{{Addr: l.Addr().(*net.TCPAddr).AddrPort()}}}})
	if text := p.failed(); !strings.HasPrefix(text, `annotations["run.wrun.wasi.listen"]: tcp:127.0.0.1:`) || !strings.HasSuffix(text, ": bind: address already in use") {
		t.Errorf("got %q", text)
	}
}
