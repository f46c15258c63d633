package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"wrun/tests/guests"
	"wrun/wasm"
)

// The arm64 engine under qemu's user emulation: its assembly is what differs.
func TestArm64(t *testing.T) {
	if runtime.GOARCH == "arm64" {
		t.Skip("all other tests are this one")
	}
	qemu, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skipf("Debian's package qemu-user has it: %v", err)
	}
	engine := filepath.Join(t.TempDir(), "wrun-engine")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X main.version=1.0-test", "-o", engine, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	emulated := func(cmd *exec.Cmd) {
		cmd.Path = qemu
		cmd.Args = append([]string{qemu, "-0", cmd.Args[0], engine}, cmd.Args[1:]...)
	}
	if code, stdout, stderr := run(t, setup{module: module(t, "funcs"), before: emulated, job: wasm.Job{Func: "answer"}}); code != 42 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, _, stderr := run(t, setup{module: guests.Trap, before: emulated}); code != 134 {
		t.Errorf("a trap: exit code %d, stderr %q", code, stderr)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGSEGV} {
		p := start(t, setup{module: module(t, "spin"), before: emulated})
		p.ready()
		p.release()
		p.await("on\n")
		check(t, p.cmd.Process.Signal(sig))
		if code := p.exit(); code != 128+int(sig) {
			t.Errorf("%v: exit code %d, stderr %q", sig, code, p.stderr)
		}
	}
	testDrain(t, emulated)
}
