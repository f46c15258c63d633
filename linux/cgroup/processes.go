package cgroup

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wrun/linux/kernel"
)

// patience is how long Kill, Freeze and Remove wait for the kernel.
const patience = 10 * time.Second

// Pids lists the processes in the group, with all also those in cgroups below
// it. Processes that the caller's pid namespace does not show are left out. A
// group that is gone has none. On v1 the devices hierarchy is asked, as runc
// does, or the first there is.
func (g *Group) Pids(all bool) ([]int, error) {
	d := g.controller("devices")
	if d == nil && len(g.dirs) > 0 {
		d = &g.dirs[0]
	}
	if d == nil {
		return nil, nil
	}
	pids, err := pidsIn(d.path, all)
	if isGone(err) {
		return nil, nil
	}
	return pids, err
}

// pidsIn lists the processes of a cgroup, and those of the cgroups below it.
func pidsIn(path string, all bool) (pids []int, err error) {
	if !all {
		return readPids(nil, kernel.AtCwd, path+"/")
	}
	err = walk(path, func(dir int) (err error) {
		pids, err = readPids(pids, dir, "")
		return err
	}, nil)
	return pids, err
}

// readPids appends the pids in cgroup.procs. In a threaded cgroup that file
// cannot be read (EOPNOTSUPP), and cgroup.threads lists its threads.
func readPids(pids []int, dir int, prefix string) ([]int, error) {
	text, err := kernel.CgroupReadAt(dir, prefix+"cgroup.procs")
	if errnoOf(err) == syscall.EOPNOTSUPP {
		text, err = kernel.CgroupReadAt(dir, prefix+"cgroup.threads")
	}
	if err != nil {
		return pids, err
	}
	for line := range strings.FieldsSeq(text) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			return pids, fmt.Errorf("cgroup.procs: %w", err)
		}
		if pid > 0 { // 0 stands for one in a pid namespace that is not ours
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// Add moves a process into the group, by its pid in the caller's namespace.
// Processes that are started by wrun are cloned in or join themselves, which is
// faster: see OpenV2 and TaskPaths.
func (g *Group) Add(pid int) error {
	text := strconv.Itoa(pid)
	for i := range g.dirs {
		file := g.dirs[i].file("cgroup.procs")
		err := kernel.CgroupWrite(file, text)
		for wait := time.Millisecond; errnoOf(err) == syscall.EINVAL && wait < 100*time.Millisecond; wait *= 2 {
			time.Sleep(wait) // EINVAL: the task is still being made (TASK_NEW)
			err = kernel.CgroupWrite(file, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Kill ends every process in the group and below it with SIGKILL, frozen ones
// too. On v2 it is one write to cgroup.kill (Linux 5.14), which no fork can
// outrun, and the processes end soon after; Remove waits for them. On v1 it
// repeats until none is left, at most ten seconds. A group that is gone is
// fine.
func (g *Group) Kill() error {
	if u := g.unified(); u != nil {
		err := kernel.CgroupWrite(u.file("cgroup.kill"), "1")
		switch errno := errnoOf(err); {
		case err == nil && g.Mode() == V2, isGone(err) && !kernel.CgroupExists(u.path) && g.Mode() == V2:
			return nil
		case err == nil, isGone(err), errno == syscall.EOPNOTSUPP: // threaded
		default:
			return err
		}
	}
	deadline := time.Now().Add(patience)
	for pause := 50 * time.Microsecond; ; pause = longer(pause) {
		left, err := g.killOnce()
		if err != nil || len(left) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("cgroup %s: processes do not end: %s", g.dirs[0].path, listPids(left))
		}
		time.Sleep(pause)
	}
}

// longer is the next of a series of growing pauses, up to 20 ms.
func longer(pause time.Duration) time.Duration { return min(pause*2, 20*time.Millisecond) }

// killOnce sends SIGKILL to all processes in all hierarchies and gives their
// pids. Meanwhile the v1 freezer holds them, so that a fork bomb does not run
// away; a signal to a frozen process works when it is thawed.
func (g *Group) killOnce() (left []int, err error) {
	seen := map[int]bool{os.Getpid(): true}
	frozen := g.holdV1()
	for i := range g.dirs {
		pids, err := pidsIn(g.dirs[i].path, true)
		if err != nil && !isGone(err) {
			return nil, also(err, g.thawV1(frozen))
		}
		for _, pid := range pids {
			if seen[pid] {
				continue
			}
			seen[pid] = true
			if err := kernel.CgroupKill(pid); err != nil {
				return nil, also(err, g.thawV1(frozen))
			}
			left = append(left, pid)
		}
	}
	return left, g.thawV1(frozen)
}

// listPids names at most eight pids.
func listPids(pids []int) string {
	var b strings.Builder
	for i, pid := range pids {
		if i == 8 {
			return b.String() + " …"
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(pid))
	}
	return b.String()
}
