// Package host answers what the rooted tests ask first: is this root, where is
// the runtime under test, and who reaps the containers' processes.
package host

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// NeedRoot ends the test of a plain user: skipped, or failed when $WRUN_MUST
// says that a run without it proves nothing.
func NeedRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("WRUN_MUST") != "" {
		t.Fatal("not root: this did not run")
	}
	t.Skip(`containers need root: sudo env "PATH=$PATH" make root`)
}

// Runtime returns the runtime under test: $WRUN_RUNTIME, or build/wrun of the
// repository that top leads to.
func Runtime(t *testing.T, top string) string {
	t.Helper()
	path := os.Getenv("WRUN_RUNTIME")
	if path == "" {
		path = filepath.Join(top, "build/wrun")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no runtime to test: %v: run `make build`", err)
	}
	return path
}

// Guests returns the folder of built guests: $WRUN_GUESTS, or build/guests of
// the repository that top leads to.
func Guests(top string) (string, error) {
	dir := os.Getenv("WRUN_GUESTS")
	if dir == "" {
		dir = filepath.Join(top, "build/guests")
	}
	return filepath.Abs(dir)
}

// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER of prctl(2), Linux 3.4.
const prSetChildSubreaper = 36

// Subreaper makes this process the parent of the inits that `create` leaves, so
// that it can wait for them.
func Subreaper() error {
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("prctl(PR_SET_CHILD_SUBREAPER): %w", errno)
	}
	return nil
}

// Reap waits for the process pid, a child by Subreaper, and returns its status.
func Reap(pid int) (syscall.WaitStatus, error) {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		switch err {
		case nil:
			return status, nil
		case syscall.EINTR:
		default:
			return 0, fmt.Errorf("wait4(%d): %w", pid, err)
		}
	}
}
