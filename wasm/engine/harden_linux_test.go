package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"wrun/wasm"
)

// status reads the fields of each thread's status, once the guest runs.
func status(t *testing.T, p *process, test func(field, value string)) {
	t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", itoa(p.cmd.Process.Pid), "task/*/status"))
	check(t, err)
	if len(tasks) < 2 {
		t.Errorf("%d threads", len(tasks))
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		check(t, err)
		for line := range strings.SplitSeq(string(b), "\n") {
			field, value, _ := strings.Cut(line, ":")
			test(field, strings.TrimSpace(value))
		}
	}
}

// Every thread of the engine is hardened when the guest runs.
func TestHardened(t *testing.T) {
	for _, soft := range []bool{false, true} {
		p := start(t, setup{module: module(t, "spin"), job: wasm.Job{Soft: soft}})
		p.ready()
		p.release()
		p.await("on\n")
		seen := 0
		status(t, p, func(field, value string) {
			var bad bool
			switch field {
			case "NoNewPrivs":
				bad = (value == "1") == soft
			case "Seccomp":
				bad = (value == "2") == soft
			case "CapEff", "CapPrm", "CapInh", "CapAmb":
				var caps uint64
				_, err := fmt.Sscanf(value, "%x", &caps)
				check(t, err)
				bad = !soft && caps&^guestCaps != 0
			default:
				return
			}
			seen++
			if bad {
				t.Errorf("soft %v: %s %s", soft, field, value)
			}
		})
		if seen == 0 {
			t.Error("nothing is known of the threads")
		}
	}
}

// The filter denies what it says, in a process of its own, and nothing that a
// Go program needs.
func TestFilter(t *testing.T) {
	if os.Getenv("WRUN_TEST_FILTER") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFilter$")
		cmd.Env = append(os.Environ(), "WRUN_TEST_FILTER=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	// Not harden: what it does to all threads, Go does not do beside cgo.
	runtime.LockOSThread()
	check(t, filterSyscalls())
	page := make([]byte, 3*syscall.Getpagesize())
	at := (uintptr(unsafe.Pointer(&page[0])) + uintptr(syscall.Getpagesize()) - 1) &^ uintptr(syscall.Getpagesize()-1)
	for name, call := range map[string]func() error{
		"mmap": func() error {
			_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			return err
		},
		"mprotect": func() error {
			return oneThread(syscall.SYS_MPROTECT, at, 4096, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC)
		},
		"execve":  func() error { return syscall.Exec("/bin/true", []string{"true"}, nil) },
		"mount":   func() error { return syscall.Mount("none", "/none", "tmpfs", 0, "") },
		"unshare": func() error { return syscall.Unshare(syscall.CLONE_NEWUSER) },
		"setns":   func() error { return oneThread(sysSetns, 0, 0, 0) },
		"ptrace":  func() error { return oneThread(syscall.SYS_PTRACE, 0, 0, 0) },
		"kill":    func() error { return syscall.Kill(os.Getpid(), 0) },
		"fork":    func() error { return oneThread(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0) },
	} {
		if err := call(); err != syscall.EPERM {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := oneThread(sysClone3, 0, 0, 0); err != syscall.ENOSYS {
		t.Errorf("clone3: %v", err)
	}
	b, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Errorf("mmap without exec: %v", err)
	} else if err := syscall.Munmap(b); err != nil {
		t.Error(err)
	}
	// New threads.
	done := make(chan bool)
	for range 20 {
		go func() {
			_ = syscall.Nanosleep(&syscall.Timespec{Nsec: 1e7}, nil) // holds a thread
			done <- true
		}()
	}
	for range 20 {
		<-done
	}
}
