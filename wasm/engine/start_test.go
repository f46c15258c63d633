package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"wrun/tests/guests"
	"wrun/wasm"
)

// patience is how long a test waits for what must happen; only a hang reaches
// it.
const patience = time.Minute

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wrun-engine-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := func() int {
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X main.version=1.0-test", "-o", filepath.Join(dir, "wrun-engine"), ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		if _, err := guests.Build(dir, "acts", guests.Wasm); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv("WRUN_TEST_DIR", dir)
		return m.Run()
	}()
	os.Exit(code)
}

func enginePath() string { return filepath.Join(os.Getenv("WRUN_TEST_DIR"), "wrun-engine") }

// module reads a test module.
func module(t *testing.T, name string) []byte {
	t.Helper()
	file := filepath.Join("testdata", name+".wasm")
	if name == "acts" {
		file = filepath.Join(os.Getenv("WRUN_TEST_DIR"), "acts.wasm")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// setup is one start of the engine as wrun's init would do it.
type setup struct {
	module []byte
	job    wasm.Job
	raw    func([]byte) []byte // changes the encoded job
	stdout *os.File            // instead of a buffer
	stdin  io.Reader
	oneCPU bool
	before func(*exec.Cmd)
}

// process is a started engine.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	sync, fifo     *os.File
	stdout, stderr *output
	done           chan struct{}
}

// start starts the engine as PID 1 of a pid namespace where that is possible.
func start(t *testing.T, s setup) *process {
	t.Helper()
	dir := t.TempDir()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	check(t, err)
	check(t, syscall.SetNonblock(pair[0], true)) // for deadlines
	ours, theirs := os.NewFile(uintptr(pair[0]), "sync"), os.NewFile(uintptr(pair[1]), "sync")
	fifo := filepath.Join(dir, "exec.fifo")
	check(t, syscall.Mkfifo(fifo, 0o600))
	fifoRead, err := os.OpenFile(fifo, os.O_RDWR, 0)
	check(t, err)
	job := s.job
	// exec.Cmd renumbers ExtraFiles from 3 on.
	const jobFD, moduleFD, fifoFD, syncFD = 3, 4, 5, 6
	job.ModuleFD, job.FIFOFD, job.SyncFD = moduleFD, fifoFD, syncFD
	if job.Version == "" {
		job.Version = "1.0-test"
	}
	if job.Cwd == "" {
		job.Cwd = "/"
	}
	if job.Args == nil {
		job.Args = []string{"/guest.wasm"}
	}
	raw := job.Encode()
	if s.raw != nil {
		raw = s.raw(raw)
	}
	jobFile, moduleFile := file(t, raw), file(t, s.module)

	p := &process{t: t, sync: ours, stdout: &output{}, stderr: &output{}, done: make(chan struct{})}
	cmd := exec.Command(enginePath())
	cmd.Args = job.Args
	cmd.Dir = job.Cwd
	cmd.Env = []string{fmt.Sprintf("%s=%d", wasm.EnvJob, jobFD), "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
	cmd.ExtraFiles = []*os.File{jobFile, moduleFile, fifoRead, theirs}
	cmd.Stdin = s.stdin
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	if s.stdout != nil {
		cmd.Stdout = s.stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	}
	if s.before != nil {
		s.before(cmd)
	}
	runtime.LockOSThread() // for Pdeathsig, and for the affinity
	if s.oneCPU {
		defer pin(t)()
	}
	check(t, cmd.Start())
	p.cmd = cmd
	for _, f := range cmd.ExtraFiles {
		f.Close()
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // the state says more
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
		ours.Close()
		runtime.UnlockOSThread()
	})
	p.fifo, err = os.OpenFile(fifo, os.O_RDWR, 0)
	check(t, err)
	t.Cleanup(func() { p.fifo.Close() })
	return p
}

// pin puts the calling thread on one CPU; what it starts inherits that.
func pin(t *testing.T) (back func()) {
	t.Helper()
	var old, one [128]byte
	get, _, e := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, uintptr(len(old)), uintptr(unsafe.Pointer(&old)))
	if e != 0 {
		t.Fatal("sched_getaffinity:", e)
	}
	for i := range old[:get] {
		if old[i] != 0 {
			one[i] = old[i] & -old[i]
			break
		}
	}
	set := func(mask *[128]byte) {
		if _, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, get, uintptr(unsafe.Pointer(mask))); e != 0 {
			t.Fatal("sched_setaffinity:", e)
		}
	}
	set(&one)
	return func() { set(&old) }
}

// file gives content as an open, unnamed file.
func file(t *testing.T, content []byte) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	check(t, err)
	_, err = f.Write(content)
	check(t, err)
	_, err = f.Seek(0, io.SeekStart)
	check(t, err)
	return f
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// message reads one message of the engine; tag 0 says that it closed the
// socket.
func (p *process) message() (tag uint32, text string) {
	p.t.Helper()
	check(p.t, p.sync.SetReadDeadline(time.Now().Add(patience)))
	b := make([]byte, wasm.MaxMessage+1)
	n, err := p.sync.Read(b)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return 0, ""
	}
	check(p.t, err)
	if n < messageHead || n > wasm.MaxMessage {
		p.t.Fatalf("a message of %d bytes", n)
	}
	return binary.LittleEndian.Uint32(b), string(b[messageHead:n])
}

// ready waits until the module is loaded, and answers.
func (p *process) ready() {
	p.t.Helper()
	if tag, text := p.message(); tag != wasm.TagEngineReady {
		p.t.Fatalf("not ready: tag %#x %q, stderr %q", tag, text, p.stderr)
	}
	_, err := p.sync.Write([]byte{1})
	check(p.t, err)
}

// release starts the guest.
func (p *process) release() {
	p.t.Helper()
	_, err := p.fifo.Write([]byte{0})
	check(p.t, err)
}

// failed waits for a failure report, and for the exit that goes with it.
func (p *process) failed() string {
	p.t.Helper()
	tag, text := p.message()
	if tag != wasm.TagEngineFailed {
		p.t.Fatalf("tag %#x %q, stderr %q", tag, text, p.stderr)
	}
	if code := p.exit(); code != wasm.ExitFailure {
		p.t.Errorf("exit code %d", code)
	}
	if p.stderr.String() != "" {
		p.t.Errorf("stderr %q", p.stderr)
	}
	if strings.Contains(text, "\n") {
		p.t.Errorf("more than one line: %q", text)
	}
	return text
}

// exit waits for the end: the exit code, or minus the signal.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("still running; stdout %q, stderr %q", p.stdout, p.stderr)
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// run runs a guest from beginning to end.
func run(t *testing.T, s setup) (code int, stdout, stderr string) {
	t.Helper()
	p := start(t, s)
	p.ready()
	p.release()
	code = p.exit()
	return code, p.stdout.String(), p.stderr.String()
}

// await waits until stdout holds a text.
func (p *process) await(text string) {
	p.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(p.stdout.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("no %q; stdout %q, stderr %q", text, p.stdout, p.stderr)
		}
	}
}

// output is what a process writes.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
