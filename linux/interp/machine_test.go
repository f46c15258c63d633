package interp

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// emulatorVar names the program that runs images of another architecture than
// the kernel's: TestARM64 sets it.
const emulatorVar = "WRUN_TEST_EMULATOR"

// patience is how long a test waits for what must happen at once.
const patience = 20 * time.Second

// native skips what tests the kernel's side, not the interpreter's.
func native(t *testing.T) {
	t.Helper()
	if e := os.Getenv(emulatorVar); e != "" {
		t.Skipf("%s executes the image here, not the kernel: the native run of this test covers it", filepath.Base(e))
	}
}

func needRoot(t *testing.T, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: " + why)
	}
}

// machine is a running image.
type machine struct {
	t    *testing.T
	p    *prog.Program
	pid  int
	sock int // the other end of the image's descriptor 3
	done bool
}

// sync is the image's end of the socket, where its reports go too.
func sync() prog.Arg { return prog.Int(3) }

// boot starts the program that build makes. Descriptor 3 is its socket, the
// descriptors in more follow.
func boot(t *testing.T, build func(b *prog.Builder), more ...int) *machine {
	t.Helper()
	return (&Spawn{Cgroup: -1}).boot(t, build, more...)
}

func (s *Spawn) boot(t *testing.T, build func(b *prog.Builder), more ...int) *machine {
	t.Helper()
	b := prog.NewBuilder(3)
	build(b)
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	image, err := Image(p)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs, err := kernel.SyncPair()
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.Close(theirs)
	s.Files = []uintptr{0, 1, 2, uintptr(theirs)}
	for _, fd := range more {
		s.Files = append(s.Files, uintptr(fd))
	}
	m := &machine{t: t, p: p, sock: ours}
	if e := os.Getenv(emulatorVar); e != "" {
		m.pid, err = emulate(t, e, image, s.Files)
	} else {
		m.pid, err = s.Start(image)
	}
	if err != nil {
		kernel.Close(ours)
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !m.done {
			_ = syscall.Kill(m.pid, syscall.SIGKILL)
			m.exit()
		}
		kernel.Close(ours)
	})
	return m
}

// emulate runs an image by an emulator, with the descriptors Spawn would give.
func emulate(t *testing.T, emulator string, image []byte, files []uintptr) (int, error) {
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, image, 0o755); err != nil {
		return 0, err
	}
	return syscall.ForkExec(emulator, []string{"qemu", "-0", Argv, file}, &syscall.ProcAttr{Files: files})
}

// recv gives the image's next message; nil when it has closed the socket.
func (m *machine) recv() []byte {
	m.t.Helper()
	ev, err := kernel.Poll(m.sock, kernel.PollIn, int(patience/time.Millisecond))
	if err != nil {
		m.t.Fatal(err)
	}
	if ev == 0 {
		m.t.Fatalf("the image has said nothing for %v", patience)
	}
	buf := make([]byte, 512)
	n, _, err := kernel.RecvFD(m.sock, buf, true)
	if err != nil || n == 0 {
		return nil
	}
	return buf[:n]
}

// want checks the 64-bit words that the image sends, one a message.
func (m *machine) want(words ...uint64) {
	m.t.Helper()
	for i, w := range words {
		b := m.recv()
		if want := binary.LittleEndian.AppendUint64(nil, w); !bytes.Equal(b, want) {
			m.t.Fatalf("message %d: % x, want % x", i, b, want)
		}
	}
}

// wantReport checks that the image reports a failure and ends with status 1.
func (m *machine) wantReport(op int, e syscall.Errno) {
	m.t.Helper()
	m.want(uint64(op) | uint64(e)<<32)
	m.wantExit(1)
}

func (m *machine) wantExit(status int) {
	m.t.Helper()
	if ws := m.exit(); !ws.Exited() || ws.ExitStatus() != status {
		m.t.Fatalf("ended with %#x (exited %v), want status %d", uint32(ws), ws.Exited(), status)
	}
}

// exit waits for the image's end.
func (m *machine) exit() (ws syscall.WaitStatus) {
	m.t.Helper()
	m.done = true
	late := time.AfterFunc(patience, func() { _ = syscall.Kill(m.pid, syscall.SIGKILL) })
	for {
		_, err := syscall.Wait4(m.pid, &ws, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			m.t.Errorf("wait4: %v", err)
		}
		if !late.Stop() {
			m.t.Errorf("the image ran for more than %v", patience)
		}
		return ws
	}
}

// say makes the program send 8 bytes.
func say(b *prog.Builder, at prog.Arg) {
	b.Do(kernel.SYS_WRITE, sync(), at, prog.Int(8))
}

// number makes the program send a constant.
func number(b *prog.Builder, n uint64) { say(b, b.Words(n)) }

// end makes the program exit with status 0.
func end(b *prog.Builder) { b.Do(kernel.SYS_EXIT_GROUP, prog.Int(0)) }

// bad is a call that always answers EBADF.
func bad(b *prog.Builder) prog.Ref { return b.Do(kernel.SYS_CLOSE, prog.Int(-1)) }
