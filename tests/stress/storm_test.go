package stress

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"wrun/tests/bundle"
)

// openat2 with RESOLVE_IN_ROOT answers EAGAIN on a `..` component whenever
// anything on the host is renamed or mounted meanwhile (openat2(2)). Images
// have such links: /var/run -> ../run.
func TestStorm(t *testing.T) {
	s := newStage(t, "test", "-d", "/run/user/here")
	if err := s.link(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, blow := range []func(string, <-chan struct{}) error{rename, mount} {
		dir := t.TempDir()
		wg.Go(func() {
			if err := blow(dir, stop); err != nil {
				t.Error(err)
			}
		})
	}
	s.parallel(t, rounds/2, 2)
	close(stop)
	wg.Wait()
	s.check(t)
}

// link gives the image its link, and the config mounts and masks through it.
func (s *stage) link() error {
	rootfs := filepath.Join(s.bundle, "rootfs")
	if err := os.MkdirAll(filepath.Join(rootfs, "run/secrets"), 0o755); err != nil {
		return err
	}
	if err := os.Symlink("../run", filepath.Join(rootfs, "var/run")); err != nil {
		return err
	}
	c, err := bundle.Open(filepath.Join(s.bundle, "config.json"))
	if err != nil {
		return err
	}
	for path, value := range map[string]string{
		"mounts.+":              `{"destination":"/var/run/user","type":"tmpfs","source":"tmpfs"}`,
		"linux.maskedPaths.+":   `"/var/run/secrets"`,
		"linux.readonlyPaths.+": `"/var/run/secrets"`,
		"process.cwd":           `"/var/run/user/here"`,
	} {
		if err := c.SetJSON(path, value); err != nil {
			return err
		}
	}
	return c.Save()
}

func rename(dir string, stop <-chan struct{}) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(a, nil, 0o600); err != nil {
		return err
	}
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := os.Rename(a, b); err != nil {
			return err
		}
		a, b = b, a
	}
}

// mount mounts and unmounts in a namespace of this thread's own: the kernel's
// mount lock is one for all.
func mount(dir string, stop <-chan struct{}) error {
	runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
			return os.NewSyscallError("mount", err)
		}
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			return os.NewSyscallError("umount", err)
		}
	}
}
