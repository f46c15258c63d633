package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wrun/wasm"
)

// Everything that can be wrong with a module is told before the container is
// created, in one line.
func TestRefused(t *testing.T) {
	whole := module(t, "echo")
	for _, c := range []struct {
		name   string
		module []byte
		job    wasm.Job
		want   []string
	}{
		{name: "empty", want: []string{"process.args[0] /guest.wasm: an empty file"}},
		{name: "one byte", module: []byte{0}, want: []string{"not a WebAssembly module"}},
		{name: "magic only", module: whole[:4], want: []string{"invalid version header"}},
		{name: "other version", module: []byte("\x00asm\x02\x00\x00\x00"), want: []string{"invalid version header"}},
		{name: "component", module: []byte("\x00asm\x0d\x00\x01\x00"), want: []string{"not a WebAssembly module"}},
		{name: "truncated", module: whole[:len(whole)-9], want: []string{"process.args[0] /guest.wasm: "}},
		{name: "invalid code", module: bytes.Replace(whole, []byte("\x41\x00"), []byte("\x42\x00"), 1), want: []string{"invalid function", "type mismatch"}},
		{name: "unknown imports", module: module(t, "unknown"),
			want: []string{"wasi_snapshot_preview1.sock_frobnicate, env.frobnicate, env.unused", "run.wrun.wasm.unknown-imports=trap"}},
		{name: "preview 0", module: module(t, "preview0"), want: []string{"wasi_unstable.fd_write; they are of WASI preview 0"}},
		{name: "threads", module: module(t, "threads"), want: []string{"it is built for wasi-threads: build it without threads"}},
		{name: "Emscripten", module: module(t, "emscripten"), want: []string{"env.emscripten_notify_memory_growth; they are of Emscripten for the web"}},
		{name: "import of another type", module: module(t, "wrongtype"), want: []string{"imports wasi_snapshot_preview1.fd_close as (i64)i32, but it is (i32)i32"}},
		{name: "other imports", module: module(t, "otherimports"), job: wasm.Job{TrapUnknown: true}, want: []string{"memory env.memory, global env.base, table env.table"}},
		{name: "data out of bounds", module: module(t, "outofbounds"), want: []string{"out of bounds memory access"}},
		{name: "no _start", module: module(t, "nostart"), want: []string{"no function _start is exported; it exports main()i32"}},
		{name: "no exports", module: []byte("\x00asm\x01\x00\x00\x00"), want: []string{"it exports no functions"}},
		{name: "no such func", module: module(t, "funcs"), job: wasm.Job{Func: "other"}, want: []string{"no function other", "_initialize(), answer()i32, long()i64, nothing(), takes(i32)"}},
		{name: "func that takes", module: module(t, "funcs"), job: wasm.Job{Func: "takes"}, want: []string{"function takes must take nothing and return nothing or an i32"}},
		{name: "func that returns an i64", module: module(t, "funcs"), job: wasm.Job{Func: "long"}, want: []string{"function long must take nothing and return nothing or an i32"}},
		{name: "reactor", module: module(t, "funcs"), want: []string{"a reactor, without _start"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := start(t, setup{module: c.module, job: c.job}).failed()
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q lacks %q", text, want)
				}
			}
		})
	}
}

func TestModuleFile(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"directory", "/", "not a regular file"},
		{"device", "/dev/null", "not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := os.Open(c.file)
			check(t, err)
			p := start(t, setup{before: func(cmd *exec.Cmd) { cmd.ExtraFiles[1] = f }})
			if text := p.failed(); !strings.Contains(text, c.want) {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	text := start(t, setup{job: wasm.Job{Version: "9"}, raw: func(b []byte) []byte {
		return b[:len(b)-3] // another version's job may have another form
	}}).failed()
	if text != "wrun-engine is version 1.0-test, wrun is version 9: reinstall both" {
		t.Errorf("got %q", text)
	}
}

func TestBadJob(t *testing.T) {
	p := start(t, setup{raw: func(b []byte) []byte { return b[:len(b)-1] }})
	if text := p.failed(); text != "wrun-engine: job: drain: cut short" {
		t.Errorf("got %q", text)
	}
	p = start(t, setup{raw: func(b []byte) []byte { return []byte("something else altogether") }})
	if tag, _ := p.message(); tag != 0 {
		t.Errorf("tag %#x", tag)
	}
	if code := p.exit(); code != wasm.ExitFailure || p.stderr.String() != "wrun-engine: job: wrong magic\n" {
		t.Errorf("exit code %d, stderr %q", code, p.stderr)
	}
}

func TestWithoutJob(t *testing.T) {
	for _, c := range []struct {
		env, args      []string
		code           int
		stdout, stderr string
	}{
		{code: 125, stderr: "wrun-engine: no job (WRUN_ENGINE_JOB): this program is started by wrun for WebAssembly containers\n"},
		{args: []string{"--version"}, stdout: "wrun-engine version 1.0-test\n"},
		{env: []string{"WRUN_ENGINE_JOB=x"}, args: []string{"--version"}, code: 125, stderr: "wrun-engine: WRUN_ENGINE_JOB=\"x\" is no descriptor\n"},
		{env: []string{"WRUN_ENGINE_JOB=77"}, code: 125, stderr: "wrun-engine: WRUN_ENGINE_JOB=77: read: bad file descriptor\n"},
	} {
		cmd := exec.Command(enginePath(), c.args...)
		cmd.Env = append([]string{"X=1"}, c.env...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the state says more
		if code := cmd.ProcessState.ExitCode(); code != c.code || stdout.String() != c.stdout || stderr.String() != c.stderr {
			t.Errorf("%q %q: exit code %d, stdout %q, stderr %q", c.env, c.args, code, &stdout, &stderr)
		}
	}
}

// Nothing of the guest runs before the container is started, its start function
// neither, and nothing of it at all when wrun dies before.
func TestWaits(t *testing.T) {
	p := start(t, setup{module: module(t, "startsection")})
	p.ready()
	if comm := comm(t, p); comm != "wrun:[engine]" {
		t.Errorf("comm %q", comm)
	}
	if s := p.stdout.String(); s != "" {
		t.Errorf("stdout %q before start", s)
	}
	p.release()
	if code := p.exit(); code != 0 || p.stdout.String() != "on\n" {
		t.Errorf("exit code %d, stdout %q", code, p.stdout)
	}

	p = start(t, setup{module: module(t, "spin")})
	if tag, _ := p.message(); tag != wasm.TagEngineReady {
		t.Fatalf("tag %#x", tag)
	}
	p.release() // a byte in the FIFO alone starts nothing
	check(t, p.sync.Close())
	if code := p.exit(); code != wasm.ExitFailure || p.stdout.String() != "" {
		t.Errorf("exit code %d, stdout %q", code, p.stdout)
	}
}

// When the guest runs, the process has stdio, its preopens and what Go's poller
// needs.
func TestDescriptors(t *testing.T) {
	p := start(t, setup{module: module(t, "spin")})
	p.ready()
	p.release()
	p.await("on\n")
	dir := filepath.Join("/proc", itoa(p.cmd.Process.Pid), "fd")
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err != nil || n > 31 {
			continue // what this test was itself started with
		}
		link, err := os.Readlink(filepath.Join(dir, e.Name()))
		check(t, err)
		if e.Name() > "2" && link != "/" && !strings.HasPrefix(link, "anon_inode:[event") {
			t.Errorf("descriptor %s is %s", e.Name(), link)
		}
	}
	if comm := comm(t, p); comm != "guest.wasm" {
		t.Errorf("comm %q", comm)
	}
}

// comm is the name of a process as ps shows it.
func comm(t *testing.T, p *process) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", itoa(p.cmd.Process.Pid), "comm"))
	check(t, err)
	return strings.TrimSuffix(string(b), "\n")
}

func TestScan(t *testing.T) {
	for name, want := range map[string]outline{
		"echo":         {},
		"startsection": {start: true},
		"otherimports": {imports: []string{"memory env.memory", "global env.base", "table env.table"}},
	} {
		b := module(t, name)
		got, err := scan(b)
		if err != nil || got.start != want.start || strings.Join(got.imports, " ") != strings.Join(want.imports, " ") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		for cut := range len(b) {
			if _, err := scan(b[:cut]); err != nil && err != errOutline {
				t.Errorf("%s cut to %d: %v", name, cut, err)
			}
		}
	}
	long := binary.AppendUvarint([]byte("\x00asm\x01\x00\x00\x00\x02"), 1<<40)
	if _, err := scan(long); err != errOutline {
		t.Errorf("a section of 2^40 bytes: %v", err)
	}
}
