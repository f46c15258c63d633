package interp

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
)

// TestARM64 runs the tests of this package and of package prog, built for
// arm64, under qemu-user: there every image is one of arm64, too. What the
// kernel does with an image is left out there (native tells).
func TestARM64(t *testing.T) {
	if runtime.GOARCH == "arm64" {
		t.Skip("this is arm64: the other tests ran natively")
	}
	if testing.Short() {
		t.Skip("-short: building the tests again takes a while")
	}
	emulator, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skip("qemu-aarch64 is missing (Debian package qemu-user; make test installs it)")
	}
	// Go caches test results by what a test reads: this one depends on what it
	// builds.
	for _, pattern := range []string{"*.s", "*.go", "../prog/*.go", "../kernel/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, f := range files {
			if _, err := os.ReadFile(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for dir, least := range map[string]int{".": 15, "../prog": 10} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			bin := filepath.Join(t.TempDir(), "arm64.test")
			build := exec.Command("go", "test", "-c", "-o", bin, ".")
			build.Dir = dir
			build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("build for arm64: %v\n%s", err, out)
			}
			run := exec.Command(emulator, bin, "-test.v")
			run.Dir = dir
			// Signals between threads are slow under emulation; Go's scheduler
			// works without.
			run.Env = append(os.Environ(), emulatorVar+"="+emulator, "GODEBUG=asyncpreemptoff=1")
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			passed := regexp.MustCompile(`(?m)^--- PASS: `).FindAll(out, -1)
			skipped := regexp.MustCompile(`(?m)^--- SKIP: .*\n.*`).FindAll(out, -1)
			if len(passed) < least {
				t.Errorf("only %d tests passed\n%s", len(passed), out)
			}
			t.Logf("%d tests passed, skipped:\n%s", len(passed), bytes.Join(skipped, []byte("\n")))
		})
	}
}
