package wasi

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// A directory that turns into a symlink and back, and that moves in and out,
// while a guest goes through it: what is opened is inside, or nothing is.
func TestSymlinkRace(t *testing.T) {
	for _, walks := range []bool{false, true} {
		out := t.TempDir()
		file(t, out, "secret", "outside")
		top := t.TempDir()
		dir := mkdir(t, top, "preopen")
		mkdir(t, dir, "a")
		mkdir(t, dir, "a/b")
		file(t, dir, "a/b/secret", "inside")
		symlink(t, out, dir, "link")
		symlink(t, "../../../../../../../../.."+out, dir, "up")
		c := newCaller(t, Preopen{Dir: dir})
		c.h.walks = walks

		stop, stopped := make(chan bool), make(chan bool)
		go func() {
			defer close(stopped)
			from, to := filepath.Join(dir, "a/b"), filepath.Join(dir, "link")
			inside, outside := filepath.Join(dir, "a"), filepath.Join(top, "a")
			for {
				select {
				case <-stop:
					return
				default:
				}
				swapNames(t, from, to)
				swapNames(t, from, to)
				if err := os.Rename(inside, outside); err != nil {
					t.Error(err)
				}
				if err := os.Rename(outside, inside); err != nil {
					t.Error(err)
				}
			}
		}()
		opened := 0
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
			for _, name := range []string{"a/b/secret", "a/b/../b/secret", "a/../a/b/../../a/b/secret", "up/secret", "a/b/../../../secret"} {
				fd, e := c.open(name, opts{follow: true})
				if e != esuccess {
					continue
				}
				opened++
				if s, _ := c.read(fd); s != "inside" {
					t.Fatalf("%s leads to %q", name, s)
				}
				c.want(esuccess, "fd_close", fd)
			}
		}
		close(stop)
		<-stopped
		if opened == 0 {
			t.Error("nothing was ever opened")
		}
	}
}

// swapNames swaps two names (renameat2(2), RENAME_EXCHANGE).
func swapNames(t *testing.T, a, b string) {
	p, q := append([]byte(a), 0), append([]byte(b), 0)
	at := atFdcwd
	if _, _, e := syscall.Syscall6(sysRenameat2, uintptr(at), uintptr(unsafe.Pointer(&p[0])), uintptr(at), uintptr(unsafe.Pointer(&q[0])), 2, 0); e != 0 {
		t.Errorf("swap %s and %s: %v", a, b, e)
	}
}
