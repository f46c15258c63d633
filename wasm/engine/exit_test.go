package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"wrun/tests/guests"
	"wrun/wasm"
)

func TestExit(t *testing.T) {
	for _, c := range []struct {
		name, module string
		job          wasm.Job
		code         int
		stdout       string
		stderr       string // a part; "" for none at all
	}{
		{name: "return", module: "return"},
		{name: "proc_exit", module: "exit", code: 44},
		{name: "trap", module: "trap", code: 134, stderr: "wasm error: unreachable\nwasm stack trace:\n\t.inner(i32)\n\t.outer()\n\t._start()\n"},
		{name: "stack overflow", module: "overflow", code: 134, stderr: "wasm error: stack overflow\n"},
		{name: "start function", module: "startsection", stdout: "on\n"},
		{name: "start function traps", module: "starttrap", code: 134, stderr: "wasm error: unreachable\n"},
		{name: "unknown import called", module: "unknown", job: wasm.Job{TrapUnknown: true}, code: 134,
			stderr: "wasm error: call of env.frobnicate, an import nobody provides\nwasm stack trace:\n"},
		{name: "unknown wasi import called", module: "unknown", job: wasm.Job{TrapUnknown: true, Func: "sock"}, code: 134,
			stderr: "wasm error: call of wasi_snapshot_preview1.sock_frobnicate, an import nobody provides\n"},
		{name: "func", module: "nostart", job: wasm.Job{Func: "main"}, code: 3},
		{name: "reactor func", module: "funcs", job: wasm.Job{Func: "answer"}, code: 42},
		{name: "reactor func without result", module: "funcs", job: wasm.Job{Func: "nothing"}},
		{name: "reactor's initialize", module: "funcs", job: wasm.Job{Func: "_initialize"}},
		{name: "raise TERM", module: "raise", job: wasm.Job{Args: []string{"g", "o"}}, code: 143},
		{name: "raise SYS", module: "raise", job: wasm.Job{Args: []string{"g", "~"}}, code: 128 + 31},
		{name: "raise CHLD", module: "raise", job: wasm.Job{Args: []string{"g", "p"}}, code: 0},
		{name: "raise STOP", module: "raise", job: wasm.Job{Args: []string{"g", "r"}}, code: 58},
		{name: "raise nothing", module: "raise", job: wasm.Job{Args: []string{"g", "`"}}, code: 28},
		{name: "no memory", module: "nomemory", code: 21},
		{name: "4 GiB of memory", module: "allmemory", stdout: "on\n"},
		{name: "Go exits", module: "acts", job: wasm.Job{Args: []string{"acts", "print", "hi", "exit", "3"}}, code: 3, stdout: "hi\n"},
		{name: "Go panics", module: "acts", job: wasm.Job{Args: []string{"acts", "panic"}}, code: 2, stderr: "panic: as asked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := guests.Trap
			if c.module != "trap" {
				m = module(t, c.module)
			}
			code, stdout, stderr := run(t, setup{module: m, job: c.job})
			if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.stderr) || (c.stderr == "") != (stderr == "") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// The text of a trap arrives in one piece: a packet socket keeps writes apart.
func TestTrapOneWrite(t *testing.T) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	check(t, err)
	ours, theirs := os.NewFile(uintptr(pair[0]), ""), os.NewFile(uintptr(pair[1]), "")
	defer ours.Close()
	p := start(t, setup{module: guests.Trap, before: func(c *exec.Cmd) { c.Stderr = theirs }})
	theirs.Close()
	p.ready()
	p.release()
	if code := p.exit(); code != wasm.ExitTrap {
		t.Errorf("exit code %d", code)
	}
	b := make([]byte, 4096)
	n, err := ours.Read(b)
	check(t, err)
	if s := string(b[:n]); !strings.HasPrefix(s, "wasm error: unreachable\n") || !strings.HasSuffix(s, "._start()\n") {
		t.Errorf("first write %q", s)
	}
}

// A guest that writes where nobody reads gets an error, and lives.
func TestBrokenPipe(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	r.Close()
	defer w.Close()
	const errnoPipe = 64
	if code, _, stderr := run(t, setup{module: module(t, "pipe"), stdout: w}); code != errnoPipe {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// What the Go runtime prints when it cannot go on becomes one line.
func TestRuntimeGivesUp(t *testing.T) {
	p := start(t, setup{module: module(t, "grow")})
	p.ready()
	setLimit(t, p.cmd.Process.Pid, syscall.RLIMIT_AS, 0)
	p.release()
	if code := p.exit(); code != wasm.ExitFailure {
		t.Errorf("exit code %d", code)
	}
	s := p.stderr.String()
	if !strings.HasPrefix(s, "wrun-engine: the Go runtime gave up: ") || strings.Index(s, "\n") != len(s)-1 || !strings.Contains(s, "out of memory") {
		t.Errorf("stderr %q", s)
	}
}

func TestStrings(t *testing.T) {
	job := wasm.Job{
		Args: []string{"a.wasm#f", "", "two words", "é\n"},
		Env:  []string{"A=1", "B=", "A=2", "=odd", "noequals"},
	}
	_, stdout, _ := run(t, setup{module: module(t, "echo"), job: job})
	if want := strings.Join(append(job.Args, job.Env...), "\x00") + "\x00"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
}

func TestStdin(t *testing.T) {
	s := setup{module: module(t, "acts"), job: wasm.Job{Args: []string{"acts", "cat"}}, stdin: strings.NewReader("through")}
	if code, stdout, stderr := run(t, s); code != 0 || stdout != "through" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// A guest that makes its stdio non-blocking does not do that to others who have
// the same pipe.
func TestOwnStdio(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	defer w.Close()
	fd := w.Fd() // makes it blocking, each time
	blocking := func() bool {
		flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		if e != 0 {
			t.Fatal("fcntl:", e)
		}
		return flags&syscall.O_NONBLOCK == 0
	}
	if !blocking() {
		t.Fatal("the pipe is non-blocking from the start")
	}
	p := start(t, setup{module: module(t, "acts"), job: wasm.Job{Args: []string{"acts", "print", "on", "wait"}}, stdout: w})
	p.ready()
	p.release()
	line := make([]byte, 10)
	n, err := r.Read(line)
	if string(line[:n]) != "on\n" || err != nil {
		t.Errorf("%q, %v", line[:n], err)
	}
	if !blocking() {
		t.Error("the pipe is non-blocking for all")
	}
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(); code != 143 {
		t.Errorf("exit code %d, stderr %q", code, p.stderr)
	}
}
