package libcontainer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wrun/linux/kernel"
)

const testDigest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// engineFile is a program that can stand in for the engine: this test.
func engineFile(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// testSource is a source with a wrun at DIR/bin/wrun and a store at DIR/store.
func testSource(t *testing.T, carried string) (*engineSource, string) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"bin", "libexec/wrun"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &engineSource{
		self: filepath.Join(dir, "bin", "wrun"), carried: carried, digest: testDigest,
		stores: []string{filepath.Join(dir, "store")}, uid: os.Geteuid(),
	}, dir
}

func putEngine(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// contents reads what an engine's descriptor leads to.
func contents(t *testing.T, fd int) string {
	t.Helper()
	b, err := readEngine(fd)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func mustOpen(t *testing.T, s *engineSource) int {
	t.Helper()
	fd, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kernel.Close(fd) })
	return fd
}

func TestEngineOrder(t *testing.T) {
	s, dir := testSource(t, "carried")
	if got := contents(t, mustOpen(t, s)); got != "carried" {
		t.Errorf("got %q", got)
	}
	putEngine(t, filepath.Join(dir, "libexec/wrun/wrun-engine"), "libexec", 0o755)
	if got := contents(t, mustOpen(t, s)); got != "libexec" {
		t.Errorf("got %q", got)
	}
	putEngine(t, filepath.Join(dir, "bin/wrun-engine"), "beside", 0o755)
	if got := contents(t, mustOpen(t, s)); got != "beside" {
		t.Errorf("got %q", got)
	}
}

func TestNoEngine(t *testing.T) {
	s, dir := testSource(t, "")
	t.Chdir(t.TempDir())
	putEngine(t, "wrun-engine", "cwd", 0o755)
	t.Setenv("PATH", ".")
	_, err := s.open()
	want := "wrun-engine, which WebAssembly needs: this wrun carries none, and looked for " + dir + "/bin/wrun-engine and " + dir + "/libexec/wrun/wrun-engine"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestEngineRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(path string) error
		root       bool
	}{
		{name: "set-user-id", want: "mode 4755: set-user-id", spoil: func(p string) error { return os.Chmod(p, 0o755|os.ModeSetuid) }},
		{name: "set-group-id", want: "mode 2755: set-user-id or set-group-id", spoil: func(p string) error { return os.Chmod(p, 0o755|os.ModeSetgid) }},
		{name: "group may write", want: "mode 0775: others than its owner", spoil: func(p string) error { return os.Chmod(p, 0o775) }},
		{name: "others may write", want: "mode 0757: others than its owner", spoil: func(p string) error { return os.Chmod(p, 0o757) }},
		{name: "not executable", want: "mode 0744: not everybody may execute", spoil: func(p string) error { return os.Chmod(p, 0o744) }},
		{name: "another's", want: "owned by uid 1234, neither root nor", root: true, spoil: func(p string) error { return os.Chown(p, 1234, 0) }},
		{name: "folder", want: "not a regular file", spoil: func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) }},
		{name: "fifo", want: "not a regular file", spoil: func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o755)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("needs root, to give a file away")
			}
			s, dir := testSource(t, "")
			path := filepath.Join(dir, "bin/wrun-engine")
			putEngine(t, path, "beside", 0o755)
			if err := c.spoil(path); err != nil {
				t.Fatal(err)
			}
			_, err := s.open()
			if err == nil || !strings.Contains(err.Error(), path+": "+c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			// What wrun carries needs no trust, and the reason is for whoever debugs.
			var log bytes.Buffer
			s.carried, s.log = "carried", NewLog(&log, LogText, true)
			if got := contents(t, mustOpen(t, s)); got != "carried" || !strings.Contains(log.String(), c.want) {
				t.Errorf("got %q, log %q", got, &log)
			}
		})
	}
}

func TestUnpack(t *testing.T) {
	s, dir := testSource(t, "carried")
	path := filepath.Join(dir, "store", testDigest, engineName)
	inode := func() uint64 {
		t.Helper()
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			t.Fatal(err)
		}
		if st.Mode != syscall.S_IFREG|0o755 {
			t.Errorf("mode %o", st.Mode)
		}
		return st.Ino
	}
	mustOpen(t, s)
	first := inode()
	mustOpen(t, s)
	if inode() != first {
		t.Error("unpacked again without need")
	}
	for name, spoil := range map[string]func() error{
		"cut":       func() error { return os.Truncate(path, 3) },
		"longer":    func() error { return os.WriteFile(path, []byte("carried and more"), 0) },
		"writable":  func() error { return os.Chmod(path, 0o777) },
		"a symlink": func() error { return errors.Join(os.Remove(path), os.Symlink("/etc/passwd", path)) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, mustOpen(t, s)); got != "carried" {
			t.Errorf("%s: got %q", name, got)
		}
		inode()
		if b, err := os.ReadFile(path); err != nil || string(b) != "carried" {
			t.Errorf("%s: in the store is %q, %v", name, b, err)
		}
	}
}

// What cannot be kept safely is not kept: the engine comes from memory then.
func TestUnpackElsewhere(t *testing.T) {
	for name, spoil := range map[string]func(store string) error{
		"writable folder": func(store string) error {
			d := filepath.Join(store, testDigest)
			return errors.Join(os.MkdirAll(d, 0o755), os.Chmod(d, 0o777))
		},
		"a file in its place": func(store string) error { return os.WriteFile(store, nil, 0o644) },
		"a symlink": func(store string) error {
			return errors.Join(os.Mkdir(store, 0o755), os.Mkdir(store+"2", 0o755), os.Symlink("../store2", filepath.Join(store, testDigest)))
		},
	} {
		s, dir := testSource(t, "carried")
		if err := spoil(filepath.Join(dir, "store")); err != nil {
			t.Fatal(err)
		}
		fd := mustOpen(t, s)
		link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil || !strings.HasPrefix(link, "/memfd:wrun-engine") || contents(t, fd) != "carried" {
			t.Errorf("%s: %q, %v", name, link, err)
		}
	}
	s, _ := testSource(t, "carried")
	s.digest = "x"
	if got := contents(t, mustOpen(t, s)); got != "carried" {
		t.Errorf("without a digest: %q", got)
	}
}

func TestUnpackAtOnce(t *testing.T) {
	s, dir := testSource(t, strings.Repeat("carried", 100_000))
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			fd, err := s.open()
			if err != nil {
				t.Error(err)
				return
			}
			kernel.Close(fd)
		})
	}
	wait.Wait()
	if got := contents(t, mustOpen(t, s)); got != s.carried {
		t.Errorf("%d bytes", len(got))
	}
	entries, err := os.ReadDir(filepath.Join(dir, "store", testDigest))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestUnpackLeftovers(t *testing.T) {
	s, dir := testSource(t, "carried")
	folder := filepath.Join(dir, "store", testDigest)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	old, young := filepath.Join(folder, temporaryEngine+"1"), filepath.Join(folder, temporaryEngine+"2")
	putEngine(t, old, "half", 0o600)
	putEngine(t, young, "half", 0o600)
	ago := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, ago, ago); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, s)
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("the young one: %v", err)
	}
}

func TestEngineStores(t *testing.T) {
	if kernel.InUserNamespace() {
		t.Skip("in a user namespace root has a store of its own too")
	}
	for _, c := range []struct {
		uid         int
		cache, home string
		want        string
	}{
		{0, "/c", "/root", "/var/lib/wrun/engine"},
		{7, "/c", "/home/u", "/c/wrun/engine"},
		{7, "", "/home/u", "/home/u/.cache/wrun/engine"},
		{7, "relative", "/home/u", "/home/u/.cache/wrun/engine"},
		{7, "", "", ""},
	} {
		got := engineStores(c.uid, func(name string) string {
			return map[string]string{"XDG_CACHE_HOME": c.cache, "HOME": c.home}[name]
		})
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// engineSays is what the stand-in prints when it could not change itself.
const engineSays = "the engine runs, and cannot be changed"

// TestEngineChild is what stands in for the engine: it tells what it could do
// to its own file. Or it does what a test needs another process for.
func TestEngineChild(t *testing.T) {
	switch os.Getenv("WRUN_TEST_ENGINE") {
	case "":
		return
	case "engine":
		w, err := os.OpenFile("/proc/self/exe", os.O_WRONLY, 0)
		if err == nil {
			w.Close()
		}
		// Which of them is the kernel's choice: a read-only mount, a seal, and any
		// running program refuse it.
		if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ETXTBSY) {
			fmt.Println(engineSays)
		} else {
			fmt.Println("writing to itself:", err)
		}
	case "rootless":
		s := engineSource{carried: engineFile(t), digest: testDigest, stores: engineStores(os.Geteuid(), os.Getenv), uid: os.Geteuid()}
		fmt.Print(execEngine(t, mustOpen(t, &s)))
	case "noexec memfd":
		// Linux 6.3; the setting belongs to the pid namespace.
		if err := os.WriteFile("/proc/sys/vm/memfd_noexec", []byte("2"), 0); err != nil {
			t.Fatal(err)
		}
		fd, err := execCopy([]byte(engineFile(t)))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Print(execEngine(t, fd))
	}
	os.Exit(0)
}

func engineChild(t *testing.T, what string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestEngineChild$")
	cmd.Env = append([]string{"WRUN_TEST_ENGINE=" + what}, env...)
	return cmd
}

// execEngine executes an engine by its descriptor, and gives what it said.
func execEngine(t *testing.T, fd int) string {
	t.Helper()
	cmd := engineChild(t, "engine")
	cmd.Path = fmt.Sprintf("/proc/self/fd/%d", fd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
}

// mountTmpfs runs the rest of a test in a mount namespace of its own, where a
// new tmpfs is mounted on dir with these flags once fill has filled it.
func mountTmpfs(t *testing.T, dir string, flags uintptr, fill func()) {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread ends with the test
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		t.Fatal("unshare:", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal("mount /:", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal("mount:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error("umount:", err)
		}
	})
	fill()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|flags, ""); err != nil {
		t.Fatal("remount:", err)
	}
}

// The tree given to a container is read-only, whatever the host's mount is, and
// closes on exec.
func TestEngineTree(t *testing.T) {
	needRoot(t)
	s, dir := testSource(t, "")
	var fd int
	mountTmpfs(t, dir, syscall.MS_NOEXEC, func() {
		bin := filepath.Join(dir, "bin")
		if err := os.Mkdir(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		putEngine(t, filepath.Join(bin, engineName), engineFile(t), 0o755)
	})
	if err := exec.Command(filepath.Join(dir, "bin", engineName)).Run(); !errors.Is(err, syscall.EACCES) {
		t.Fatalf("the mount is not noexec: %v", err)
	}
	fd = mustOpen(t, s)
	if got := execEngine(t, fd); got != engineSays+"\n" {
		t.Errorf("got %q", got)
	}
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(fd, &st); err != nil {
		t.Fatal(err)
	}
	const all = syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC // the same bits as ST_*, statfs(2)
	if got := st.Flags & all; got != syscall.MS_RDONLY|syscall.MS_NOSUID|syscall.MS_NODEV {
		t.Errorf("flags %#x", got)
	}
	if flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); e != 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %d, %v", flags, e)
	}
}

// On a host that is read-only nothing can be unpacked; the engine runs all the
// same.
func TestEngineReadOnlyHost(t *testing.T) {
	needRoot(t)
	s, dir := testSource(t, engineFile(t))
	mountTmpfs(t, dir, syscall.MS_RDONLY, func() {})
	fd := mustOpen(t, s)
	if got := execEngine(t, fd); got != engineSays+"\n" {
		t.Errorf("got %q", got)
	}
}

// A plain user may not mount: the engine is copied, from the user's own store.
func TestEngineRootless(t *testing.T) {
	cache := t.TempDir()
	cmd := engineChild(t, "rootless", "XDG_CACHE_HOME="+cache)
	if os.Geteuid() == 0 {
		const nobody = 65534
		// The folders above are root's alone.
		for d := cache; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(cache, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != engineSays+"\n" {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(cache, "wrun/engine", testDigest, engineName)); err != nil {
		t.Error(err)
	}
}

func TestEngineMemfdNoexec(t *testing.T) {
	needRoot(t)
	if _, err := os.Stat("/proc/sys/vm/memfd_noexec"); err != nil {
		t.Skip("the kernel is older than 6.3: there is no vm.memfd_noexec")
	}
	cmd := engineChild(t, "noexec memfd")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != engineSays+"\n" {
		t.Errorf("%v: %s", err, out)
	}
}
