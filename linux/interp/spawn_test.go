package interp

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// waiting is a program that installs the handler, says that it is there and
// waits, as a created container does.
func waiting(b *prog.Builder) {
	handler := b.Words(prog.HandlerAddr, kernel.SA_RESTORER, prog.HandlerAddr, 0)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		b.Do(kernel.SYS_RT_SIGACTION, prog.Int(int(s)), handler, prog.Int(0), prog.Int(8))
	}
	number(b, 1)
	b.Do(kernel.SYS_READ, sync(), b.Buf(8), prog.Int(8))
	end(b)
}

func TestHandlerEndsAWaitingInit(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		m := boot(t, waiting)
		m.want(1)
		if err := syscall.Kill(m.pid, sig); err != nil {
			t.Fatal(err)
		}
		m.wantExit(128 + int(sig))
	}
	m := boot(t, waiting) // a signal without the handler ends it the usual way
	m.want(1)
	if err := syscall.Kill(m.pid, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if ws := m.exit(); !ws.Signaled() || ws.Signal() != syscall.SIGUSR1 {
		t.Errorf("SIGUSR1: %#x", uint32(ws))
	}
}

// TestHandlerAsPID1: a PID 1 does not even see signals it has no handler for.
func TestHandlerAsPID1(t *testing.T) {
	native(t)
	needRoot(t, "a pid namespace needs CAP_SYS_ADMIN")
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		s := &Spawn{Cgroup: -1, Clone: syscall.CLONE_NEWPID}
		m := s.boot(t, func(b *prog.Builder) {
			pid := b.Slot()
			b.Do(kernel.SYS_GETPID).Into(pid)
			say(b, pid.Addr())
			waiting(b)
		})
		m.want(1, 1)
		if err := syscall.Kill(m.pid, syscall.SIGUSR1); err != nil { // ignored
			t.Fatal(err)
		}
		if err := syscall.Kill(m.pid, sig); err != nil {
			t.Fatal(err)
		}
		m.wantExit(128 + int(sig))
	}
}

// exeOf opens what a process executes, before it is gone.
func exeOf(t *testing.T, pid int) (f *os.File, name string) {
	t.Helper()
	path := "/proc/" + strconv.Itoa(pid) + "/exe"
	name, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	if f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, name
}

// TestMemfdIsSealed is CVE-2019-5736's attack: the container opens
// /proc/1/exe, waits until it is not executed any more, and writes.
func TestMemfdIsSealed(t *testing.T) {
	native(t)
	m := boot(t, waiting)
	m.want(1)
	f, name := exeOf(t, m.pid)
	if want := "/memfd:wrun (deleted)"; name != want {
		t.Errorf("the image is called %q, want %q", name, want)
	}
	if line, err := os.ReadFile("/proc/" + strconv.Itoa(m.pid) + "/cmdline"); err != nil || string(line) != Argv+"\x00" {
		t.Errorf("its command line is %q (%v)", line, err)
	}
	self := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if w, err := os.OpenFile(self, os.O_RDWR, 0); !errors.Is(err, syscall.ETXTBSY) {
		t.Errorf("opened for writing while it runs: %v, %v", w, err)
	}
	if err := syscall.Kill(m.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.wantExit(143)
	before := contents(t, f)
	w, err := os.OpenFile(self, os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("opened for writing when nobody runs it: %v (then what follows tests nothing)", err)
	}
	defer w.Close()
	if _, err := w.WriteAt([]byte("x"), 0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("write: %v, want EPERM", err)
	}
	if _, err := w.WriteAt([]byte("x"), 1<<20); !errors.Is(err, syscall.EPERM) {
		t.Errorf("write behind the end: %v, want EPERM", err)
	}
	if err := w.Truncate(0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("truncate: %v, want EPERM", err)
	}
	if _, err := syscall.Mmap(int(w.Fd()), 0, 4096, syscall.PROT_WRITE, syscall.MAP_SHARED); !errors.Is(err, syscall.EPERM) {
		t.Errorf("writable mapping: %v, want EPERM", err)
	}
	if !bytes.Equal(before, contents(t, f)) {
		t.Error("the image changed")
	}
}

func contents(t *testing.T, f *os.File) []byte {
	t.Helper()
	b := make([]byte, 1<<20)
	n, err := f.ReadAt(b, 0)
	if n < prog.DataOff {
		t.Fatalf("%d bytes of the image could be read: %v", n, err)
	}
	return b[:n]
}

func TestTmpfsHolder(t *testing.T) {
	native(t)
	needRoot(t, "mounting a tmpfs needs CAP_SYS_ADMIN")
	s := &Spawn{Cgroup: -1, Holder: Tmpfs}
	m := s.boot(t, waiting)
	m.want(1)
	readOnlyTmpfs(t, m)
}

// readOnlyTmpfs checks an init that runs from the detached tmpfs.
func readOnlyTmpfs(t *testing.T, m *machine) {
	t.Helper()
	f, name := exeOf(t, m.pid)
	if name != "/"+Name {
		t.Errorf("the image is called %q", name)
	}
	if err := syscall.Kill(m.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.wantExit(143)
	self := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if w, err := os.OpenFile(self, os.O_RDWR, 0); !errors.Is(err, syscall.EROFS) {
		t.Errorf("opened for writing: %v, %v, want EROFS", w, err)
	}
	if err := os.Chmod(self, 0o777); !errors.Is(err, syscall.EROFS) {
		t.Errorf("chmod: %v, want EROFS", err)
	}
}

// TestMemfdNoexec: where vm.memfd_noexec=2 forbids executable memfds, the
// tmpfs takes over. The sysctl belongs to a pid namespace, so that the test
// runs itself in a new one.
func TestMemfdNoexec(t *testing.T) {
	const inner = "WRUN_TEST_NOEXEC"
	const sysctl = "/proc/sys/vm/memfd_noexec"
	if os.Getenv(inner) == "" {
		native(t)
		needRoot(t, "a pid namespace and a sysctl need CAP_SYS_ADMIN")
		if _, err := os.Stat(sysctl); err != nil {
			k, err := kernel.Probe()
			if err != nil || k.AtLeast(6, 3) {
				t.Fatalf("a kernel of 6.3 or newer without %s: %v", sysctl, err)
			}
			t.Skipf("Linux %d.%d has no %s; it came with 6.3", k.Major, k.Minor, sysctl)
		}
		cmd := exec.Command("/proc/self/exe", "-test.run", "^TestMemfdNoexec$", "-test.v")
		cmd.Env = append(os.Environ(), inner+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestMemfdNoexec")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sysctl, []byte("2"), 0); err != nil {
		t.Fatal(err)
	}
	if fd, err := kernel.ExecMemfd("probe", []byte("x")); kernel.Errno(err) != kernel.ErrMemfdNoexec {
		t.Fatalf("an executable memfd in spite of the sysctl: %d, %v", fd, err)
	}
	m := boot(t, waiting)
	m.want(1)
	readOnlyTmpfs(t, m)
}

// TestWaitingInitIsSmall: the promise is 64 kB of PSS. This is a size, not a
// time, so a test may hold it.
func TestWaitingInitIsSmall(t *testing.T) {
	native(t)
	m := boot(t, func(b *prog.Builder) {
		b.Strv([]string{strings.Repeat("e", 20<<10)}) // an environment
		for range 400 {
			b.Do(kernel.SYS_GETPPID)
		}
		b.Buf(1024)
		waiting(b)
	})
	m.want(1)
	rollup, err := os.ReadFile("/proc/" + strconv.Itoa(m.pid) + "/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rollup)) {
		if f := strings.Fields(line); f[0] == "Pss:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil || kb >= 64 {
				t.Errorf("PSS %s kB (%v), want less than 64", f[1], err)
			}
			t.Logf("PSS %d kB", kb)
			return
		}
	}
	t.Errorf("no Pss in\n%s", rollup)
}

// TestStartReportsItsErrors: a clone that cannot be is one line.
func TestStartReportsItsErrors(t *testing.T) {
	native(t)
	image, err := Image(large(t))
	if err != nil {
		t.Fatal(err)
	}
	s := Spawn{Cgroup: -1, Files: []uintptr{0, 1, 2}, Clone: syscall.CLONE_NEWNS | syscall.CLONE_FS}
	if pid, err := s.Start(image); err == nil {
		t.Errorf("clone flags that exclude each other gave process %d", pid)
	} else if strings.Contains(err.Error(), "\n") || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("%v", err)
	}
	s = Spawn{Cgroup: -1, Files: []uintptr{0, 1, 2}}
	if pid, err := s.Start([]byte("no ELF file")); !errors.Is(err, syscall.ENOEXEC) {
		t.Errorf("process %d, %v", pid, err)
	}
}
