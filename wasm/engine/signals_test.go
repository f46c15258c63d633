package main

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"wrun/wasm"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Every signal that would end a program ends a guest that spins, with 128+n.
func TestSignals(t *testing.T) {
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		switch sig {
		case syscall.SIGKILL, syscall.SIGPIPE, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGSTOP, syscall.SIGTSTP,
			syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGURG, syscall.SIGWINCH:
			continue
		}
		t.Run(itoa(int(sig)), func(t *testing.T) {
			p := start(t, setup{module: module(t, "spin"), oneCPU: sig%2 == 0})
			p.ready()
			p.release()
			p.await("on\n")
			check(t, p.cmd.Process.Signal(sig))
			if code := p.exit(); code != 128+int(sig) {
				t.Errorf("exit code %d, stderr %q", code, p.stderr)
			}
		})
	}
}

// Those that do not end a program leave the guest alone.
func TestIgnoredSignals(t *testing.T) {
	p := start(t, setup{module: module(t, "spin")})
	p.ready()
	p.release()
	p.await("on\n")
	for _, sig := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH} {
		check(t, p.cmd.Process.Signal(sig))
	}
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("exit code %d, stderr %q", code, p.stderr)
	}
}

// A guest that has made the engine's heap grow, so that a collection is due or
// pending, ends as fast as any.
func TestSignalAfterAllocating(t *testing.T) {
	for _, c := range []struct {
		name   string
		guest  string
		args   []string
		oneCPU bool
		until  string
	}{
		{name: "one CPU", guest: "growspin", oneCPU: true, until: "on\n"},
		{name: "all CPUs", guest: "growspin", until: "on\n"},
		{name: "Go guest", guest: "acts", args: []string{"acts", "heap", "100", "spin"}, oneCPU: true, until: "kept 100 MiB\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, setup{module: module(t, c.guest), oneCPU: c.oneCPU, job: wasm.Job{Args: c.args}})
			p.ready()
			p.release()
			p.await(c.until)
			check(t, p.cmd.Process.Signal(syscall.SIGTERM))
			if code := p.exit(); code != 143 {
				t.Errorf("exit code %d, stderr %q", code, p.stderr)
			}
		})
	}
}

// A container that is created, but not started, ends by a signal too.
func TestSignalWhileWaiting(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		p := start(t, setup{module: module(t, "spin")})
		p.ready()
		check(t, p.cmd.Process.Signal(sig))
		if code := p.exit(); code != 128+int(sig) {
			t.Errorf("%v: exit code %d", sig, code)
		}
	}
	// While it waits for the answer to ready, and for the rest of its job.
	p := start(t, setup{module: module(t, "spin")})
	if tag, _ := p.message(); tag != wasm.TagEngineReady {
		t.Fatalf("tag %#x", tag)
	}
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("exit code %d", code)
	}
}

// Real faults stay with the Go runtime: it makes panics of them, on which much
// rests.
func TestRealFault(t *testing.T) {
	if os.Getenv("WRUN_TEST_FAULT") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRealFault$")
		cmd.Env = append(os.Environ(), "WRUN_TEST_FAULT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	check(t, installSignals())
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var nothing *int
	*nothing = 1
}
