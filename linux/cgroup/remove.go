package cgroup

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"wrun/linux/kernel"
)

// Remove removes the group with all cgroups below it. Processes in it have been
// killed or have ended; until the kernel is done with them, ten seconds at
// most, it waits: on v2 by polling cgroup.events, on v1 by growing pauses. The
// error names what is left. A group that is gone is fine.
func (g *Group) Remove() error {
	deadline := time.Now().Add(patience)
	var err error
	if u := g.unified(); u != nil { // first: it can be waited for, and then the others are empty too
		err = removeTree(u.path, true, deadline)
	}
	for i := range g.dirs {
		if d := &g.dirs[i]; !d.v2 {
			err = also(err, removeTree(d.path, false, deadline))
		}
	}
	return err
}

// removeTree removes a cgroup and all below it. Usually that is one rmdir(2).
func removeTree(path string, v2 bool, deadline time.Time) error {
	err := kernel.CgroupRmdir(path)
	if err == nil || isGone(err) || !kernel.CgroupExists(path) { // a read-only mount says EROFS of anything
		return nil
	}
	if !busy(err) {
		return err
	}
	for pause := 20 * time.Microsecond; ; pause = longer(pause) {
		if err = removeBelow(path); err != nil {
			return err
		}
		if err = kernel.CgroupRmdir(path); err == nil || isGone(err) {
			return nil
		}
		if !busy(err) {
			return err
		}
		if time.Now().After(deadline) {
			return leftIn(path, err)
		}
		if err := settle(path, v2, pause, deadline); err != nil {
			return err
		}
	}
}

// busy is what rmdir(2) of a cgroup with processes or children says.
func busy(err error) bool {
	return errnoOf(err) == syscall.EBUSY || errnoOf(err) == syscall.ENOTEMPTY
}

// settle waits for a change. A process leaves its cgroup some microseconds
// after its parent can know of its death, and the kernel holds the notice of
// that back for up to 10 ms (CGROUP_FILE_NOTIFY_MIN_INTV): so first come short
// pauses, and then, where the group has processes and the file for it, poll(2).
func settle(path string, v2 bool, pause time.Duration, deadline time.Time) error {
	if !v2 || pause < time.Millisecond {
		time.Sleep(pause)
		return nil
	}
	empty, err := waitEvent(path, "populated", false, deadline)
	if isGone(err) {
		return nil
	}
	if empty { // and still busy: a child was made again, or a reference lingers
		time.Sleep(pause)
	}
	return err
}

// removeBelow removes the cgroups below a directory, the deepest first. Those
// that are busy stay, and make their parent busy.
func removeBelow(path string) error {
	err := walk(path, nil, func(parent int, name string) error {
		err := kernel.CgroupRmdirAt(parent, name)
		if isGone(err) || busy(err) {
			return nil
		}
		return err
	})
	if isGone(err) {
		return nil
	}
	return err
}

// leftIn names what keeps a cgroup from being removed.
func leftIn(path string, err error) error {
	pids, pidErr := pidsIn(path, true)
	if pidErr == nil && len(pids) > 0 {
		return fmt.Errorf("cgroup %s: processes are left in it: %s", path, listPids(pids))
	}
	return fmt.Errorf("after %s: %w", patience, err)
}

// waitEvent waits until a line of a cgroup's cgroup.events is 0 or 1, poll(2)
// telling of changes; false is that the time is up.
func waitEvent(path, name string, want bool, deadline time.Time) (bool, error) {
	fd, err := kernel.CgroupOpenEvents(path + "/cgroup.events")
	if err != nil {
		return false, err
	}
	defer kernel.Close(fd)
	for {
		text, err := kernel.CgroupReread(fd)
		if err != nil {
			return false, fmt.Errorf("%s/cgroup.events: %w", path, err)
		}
		if event(text, name) == want {
			return true, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		if _, err := kernel.Poll(fd, kernel.PollPri, int(left/time.Millisecond)+1); err != nil {
			return false, err
		}
	}
}

// event reads a "name 0" or "name 1" line of cgroup.events.
func event(text, name string) bool {
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(v) == "1"
		}
	}
	return false
}
