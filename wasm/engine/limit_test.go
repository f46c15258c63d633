package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"

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
	for kind, c := range map[string]struct {
		ulimit string
		value  uint64 // in units of ulimit
		unit   uint64
	}{
		"RLIMIT_AS":     {"-v", 1 << 20, 1024},
		"RLIMIT_DATA":   {"-d", 160 << 10, 1024},
		"RLIMIT_STACK":  {"-s", 64, 1024},
		"RLIMIT_NOFILE": {"-n", 16, 1},
	} {
		t.Run(kind, func(t *testing.T) {
			spec := &specs.Spec{Process: &specs.Process{Rlimits: []specs.POSIXRlimit{{Type: kind, Soft: c.value * c.unit}}}}
			if err := wasm.Limits(spec); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := run(t, setup{module: module(t, "acts"),
				job: wasm.Job{Args: []string{"acts", "cwd", "write", "/dev/null"}},
				before: func(cmd *exec.Cmd) {
					cmd.Path = "/bin/sh"
					cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit %s %d && exec "$0" "$@"`, c.ulimit, c.value), enginePath()}, cmd.Args[1:]...)
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
	const least = 8
	limit := int64(least)
	spec := &specs.Spec{Linux: &specs.Linux{Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &limit}}}}
	if err := wasm.Limits(spec); err != nil {
		t.Fatal(err)
	}
	join := pidsCgroup(t, least)
	for range 5 {
		code, stdout, stderr := run(t, setup{module: module(t, "acts"),
			job: wasm.Job{Args: []string{"acts", "heap", "20"}},
			before: func(cmd *exec.Cmd) {
				cmd.Env = append([]string{cmd.Env[0]}, wasm.EngineEnv(spec)...)
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
