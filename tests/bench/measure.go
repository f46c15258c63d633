package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what one command took: wall and CPU time, user and system, of it, of
// what it waited for and of every process it left that has ended.
type cost struct{ wall, cpu time.Duration }

// command runs argv with all streams on /dev/null and returns its cost. init is
// the container's process, whose time is not the command's own, or 0.
func command(init int, argv ...string) (cost, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return cost{}, err
	}
	defer null.Close()
	errs, err := os.CreateTemp("", "wrun-bench-err")
	if err != nil {
		return cost{}, err
	}
	defer os.Remove(errs.Name())
	defer errs.Close()
	begin := time.Now()
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Env: os.Environ(), Files: []*os.File{null, null, errs}})
	if err != nil {
		return cost{}, err
	}
	state, err := p.Wait()
	wall := time.Since(begin)
	if err != nil {
		return cost{}, err
	}
	if !state.Success() {
		said, _ := os.ReadFile(errs.Name())
		return cost{}, fmt.Errorf("%s: %v: %s", strings.Join(argv, " "), state, bytes.TrimSpace(said))
	}
	orphans, err := reapOrphans(init)
	return cost{wall, state.UserTime() + state.SystemTime() + orphans}, err
}

// reapOrphans waits for what ended processes left to this subreaper, and
// returns the CPU time of all but init.
func reapOrphans(init int) (time.Duration, error) {
	var sum time.Duration
	for {
		var r syscall.Rusage
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, &r)
		switch {
		case err == syscall.EINTR:
		case err == syscall.ECHILD || err == nil && pid == 0:
			return sum, nil
		case err != nil:
			return 0, os.NewSyscallError("wait4", err)
		case pid != init:
			sum += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
}

// runtimeOf is the CPU time of a living process: the first field of schedstat,
// nanoseconds (kernel, Documentation/scheduler/sched-stats).
func runtimeOf(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), " ")
	ns, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns), err
}

// pss is the process's proportional set size in kB (proc_pid_smaps(5)).
func pss(pid int) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			return strconv.Atoi(f[1])
		}
	}
	return 0, fmt.Errorf("process %d: no Pss in smaps_rollup", pid)
}
