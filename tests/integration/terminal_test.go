package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
)

// terminal is the master side of a pty and what came out of it so far.
type terminal struct {
	cmd *exec.Cmd // nil: the pty came by a console socket

	mu     sync.Mutex
	master *os.File
	text   []byte
	seen   int   // what expect has matched already
	err    error // why nothing more will come
}

func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: terminal NAME PROG [ARG...] or terminal -socket NAME PATH")
	}
	term := &terminal{}
	name := args[0]
	if args[0] == "-socket" {
		name = args[1]
		ts.Check(term.listen(ts.MkAbs(args[2])))
	} else {
		ts.Check(term.start(ts, args[1:]))
	}
	ts.Value(terminalsKey{}).(terminals)[name] = term
	ts.Defer(term.close)
}

// listen waits in the background for a runtime to send the pty's master, as
// containerd-shim and conmon do for --console-socket.
func (t *terminal) listen(path string) error {
	// sun_path holds 107 bytes; scripts' folders can be deeper.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	short := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	dir.Close()
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	go func() {
		defer l.Close()
		f, err := receive(l)
		if err != nil {
			t.fail(err)
			return
		}
		t.read(f)
	}()
	return nil
}

func receive(l *net.UnixListener) (*os.File, error) {
	conn, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	name, oob := make([]byte, 4096), make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(name, oob)
	if err != nil {
		return nil, err
	}
	msgs, err := syscall.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return nil, err
	}
	if len(msgs) != 1 {
		return nil, fmt.Errorf("console socket: %d control messages, want 1", len(msgs))
	}
	fds, err := syscall.ParseUnixRights(&msgs[0])
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fds[0]), "console"), nil
}

// start runs a program in a session of its own on a new pty.
func (t *terminal) start(ts *testscript.TestScript, args []string) error {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	var n int32
	var unlock int32
	if err := ioctl(master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)); err != nil {
		return err
	}
	if err := ioctl(master, syscall.TIOCGPTN, unsafe.Pointer(&n)); err != nil {
		return err
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer slave.Close()
	if args[0] == "rt" {
		args = append([]string{ts.Getenv("RUNTIME"), "--root", ts.Getenv("ROOT")}, args[1:]...)
	}
	t.cmd = exec.Command(args[0], args[1:]...)
	t.cmd.Dir, t.cmd.Env = ts.MkAbs("."), scriptEnv(ts)
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = slave, slave, slave
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := t.cmd.Start(); err != nil {
		return err
	}
	go t.read(master)
	return nil
}

func ioctl(f *os.File, req uintptr, arg unsafe.Pointer) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	if err := conn.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, req, uintptr(arg))
	}); err != nil {
		return err
	}
	if errno != 0 {
		return os.NewSyscallError("ioctl", errno)
	}
	return nil
}

func (t *terminal) read(master *os.File) {
	t.mu.Lock()
	t.master = master
	t.mu.Unlock()
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		t.mu.Lock()
		t.text = append(t.text, buf[:n]...)
		t.mu.Unlock()
		if err != nil {
			t.fail(err)
			return
		}
	}
}

func (t *terminal) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}

// close also ends a program that is still there.
func (t *terminal) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master != nil {
		t.master.Close()
	}
	if t.cmd != nil && t.cmd.ProcessState == nil {
		t.cmd.Process.Kill()
		t.cmd.Wait()
	}
}

// expect FILE PATTERN waits for output that matches, after what the last
// expect of this terminal matched.
func cmdExpect(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: expect NAME PATTERN")
	}
	t := findTerminal(ts, args[0])
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	wait(ts, func() bool {
		t.mu.Lock()
		at, err := re.FindIndex(t.text[t.seen:]), t.err
		if at != nil {
			t.seen += at[1]
		}
		t.mu.Unlock()
		if at == nil && err != nil {
			ts.Fatalf("no %s: %s", args[1], t)
		}
		return at != nil
	}, t.String)
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("terminal has %q, seen %d, %v", t.text, t.seen, t.err)
}

// file waits until there is a master to write to.
func (t *terminal) file(ts *testscript.TestScript) *os.File {
	var f *os.File
	wait(ts, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		f = t.master
		return f != nil
	}, t.String)
	return f
}

// send NAME TEXT types TEXT; escapes are Go's: \r is the enter key.
func cmdSend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: send NAME TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	_, err = findTerminal(ts, args[0]).file(ts).WriteString(text)
	ts.Check(err)
}

func cmdResize(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: resize NAME ROWS COLUMNS")
	}
	rows, err := strconv.ParseUint(args[1], 10, 16)
	ts.Check(err)
	cols, err := strconv.ParseUint(args[2], 10, 16)
	ts.Check(err)
	size := [4]uint16{uint16(rows), uint16(cols)} // struct winsize, ioctl_tty(2)
	ts.Check(ioctl(findTerminal(ts, args[0]).file(ts), syscall.TIOCSWINSZ, unsafe.Pointer(&size)))
}

// finish NAME CODE waits for the terminal's program and its exit status.
func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finish NAME CODE")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	t := findTerminal(ts, args[0])
	if t.cmd == nil {
		ts.Fatalf("%s has no program", args[0])
	}
	done := make(chan error, 1)
	go func() { done <- t.cmd.Wait() }()
	var result error
	wait(ts, func() bool {
		select {
		case result = <-done:
			return true
		default:
			return false
		}
	}, t.String)
	code, err := exitStatus(result)
	ts.Check(err)
	if code != want {
		ts.Fatalf("exit status %d, want %d: %s", code, want, t)
	}
}

// terminals are a script's own, by name; setup puts the map into its values.
type terminals map[string]*terminal

type terminalsKey struct{}

func findTerminal(ts *testscript.TestScript, name string) *terminal {
	t := ts.Value(terminalsKey{}).(terminals)[name]
	if t == nil {
		ts.Fatalf("no terminal %s", name)
	}
	return t
}
