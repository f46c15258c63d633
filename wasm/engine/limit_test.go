package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"wrun/wasm"
)

// setLimit sets both values of a resource limit of a process, prlimit(2).
func setLimit(t *testing.T, pid, resource int, value uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: value, Max: value}
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(resource), uintptr(unsafe.Pointer(&limit)), 0, 0, 0); e != 0 {
		t.Fatal("prlimit:", e)
	}
}

// Where wasm.Limits finds nothing to say, the engine runs.
func TestLimitsSuffice(t *testing.T) {
	for ulimit, value := range map[string]int{
		"-v": wasm.MinAS / 1024,
		"-d": wasm.MinData / 1024,
		"-s": wasm.MinStack / 1024,
		"-n": wasm.MinNofile,
	} {
		t.Run("ulimit "+ulimit, func(t *testing.T) {
			code, stdout, stderr := run(t, setup{module: module(t, "acts"),
				job: wasm.Job{Args: []string{"acts", "cwd", "write", "/dev/null"}},
				before: func(cmd *exec.Cmd) {
					cmd.Path = "/bin/sh"
					cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit %s %d && exec "$0" "$@"`, ulimit, value), enginePath()}, cmd.Args[1:]...)
				}})
			if code != 0 || stdout != "/\n" {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// With the fewest pids that wasm.Limits lets pass, the engine runs, and
// collects its garbage.
func TestPidsSuffice(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a cgroup")
	}
	join := pidsCgroup(t, wasm.MinPids)
	for range 5 {
		code, stdout, stderr := run(t, setup{module: module(t, "acts"),
			job: wasm.Job{Args: []string{"acts", "heap", "20"}},
			before: func(cmd *exec.Cmd) {
				cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // wasm.EngineEnv, for so few
				cmd.Path = "/bin/sh"
				cmd.Args = append([]string{"sh", "-c", "echo 0 >" + join + ` && exec "$0" "$@"`, enginePath()}, cmd.Args[1:]...)
			}})
		if code != 0 || stdout != "kept 20 MiB\n" {
			t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	}
}

// pidsCgroup makes a cgroup that holds at most n processes, and gives the file
// to join it by.
func pidsCgroup(t *testing.T, n int) string {
	t.Helper()
	dir, join := "/sys/fs/cgroup/pids", "/tasks" // version 1
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		dir, join = "/sys/fs/cgroup", "/cgroup.procs"
		check(t, os.WriteFile(dir+"/cgroup.subtree_control", []byte("+pids"), 0))
	} else if _, err := os.Stat(dir); err != nil {
		t.Skipf("no pids controller here: %v", err)
	}
	dir += fmt.Sprintf("/wrun-engine-test-%d", os.Getpid())
	check(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	check(t, os.WriteFile(dir+"/pids.max", []byte(fmt.Sprint(n)), 0))
	return dir + join
}
