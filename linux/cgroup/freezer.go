package cgroup

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"wrun/linux/kernel"
)

// Freeze stops every process in the group and below it, and returns when all
// have stopped. After an error the group is thawed again.
func (g *Group) Freeze() error {
	d := g.controller("freezer")
	if d == nil {
		return errors.New("the host has no freezer cgroup")
	}
	freeze := d.freezeV1
	if d.v2 {
		freeze = d.freezeV2
	}
	if err := freeze(); err != nil {
		if thaw := d.thaw(); !isGone(thaw) {
			return also(err, thaw)
		}
		return err
	}
	return nil
}

// Thaw lets the processes run again. A group that is not frozen, or gone, is
// fine.
func (g *Group) Thaw() error {
	d := g.controller("freezer")
	if d == nil {
		return nil
	}
	if err := d.thaw(); !isGone(err) {
		return err
	}
	return nil
}

func (d *dir) thaw() error {
	if d.v2 {
		return kernel.CgroupWrite(d.file("cgroup.freeze"), "0")
	}
	return kernel.CgroupWrite(d.file("freezer.state"), "THAWED")
}

// Frozen tells whether the group itself was frozen, be it not complete yet; a
// frozen cgroup above it does not count. A group that is gone is not frozen.
func (g *Group) Frozen() (bool, error) {
	d := g.controller("freezer")
	if d == nil {
		return false, nil
	}
	file := "freezer.self_freezing"
	if d.v2 {
		file = "cgroup.freeze"
	}
	text, err := kernel.CgroupRead(d.file(file))
	if isGone(err) {
		return false, nil
	}
	return strings.TrimSpace(text) == "1", err
}

// effectivelyFrozen tells whether a process put into the directory would not
// run, be it because a cgroup above is frozen.
func (d *dir) effectivelyFrozen() (bool, error) {
	switch {
	case d.v2:
		text, err := kernel.CgroupRead(d.file("cgroup.freeze"))
		if err != nil || strings.TrimSpace(text) == "1" {
			return err == nil, err
		}
		text, err = kernel.CgroupRead(d.file("cgroup.events"))
		return event(text, "frozen"), err
	case d.has("freezer"):
		text, err := kernel.CgroupRead(d.file("freezer.state"))
		return err == nil && strings.TrimSpace(text) != "THAWED", err
	}
	return false, nil
}

// freezeV2 writes cgroup.freeze (Linux 5.2) and waits for cgroup.events.
func (d *dir) freezeV2() error {
	if err := kernel.CgroupWrite(d.file("cgroup.freeze"), "1"); err != nil {
		return err
	}
	done, err := waitEvent(d.path, "frozen", true, time.Now().Add(patience))
	if err == nil && !done {
		err = fmt.Errorf("cgroup %s: does not freeze within %s", d.path, patience)
	}
	return err
}

// freezeV1 writes freezer.state until it stays FROZEN. While processes fork, a
// v1 freezer may be stuck in FREEZING for ever: thawing it now and then lets
// the forks get done (experience from runc on RHEL 7 and Ubuntu 20.04).
func (d *dir) freezeV1() error {
	file := d.file("freezer.state")
	for i := range 1000 {
		if i%50 == 49 {
			if err := kernel.CgroupWrite(file, "THAWED"); err != nil {
				return err
			}
			time.Sleep(patience / 1000)
		}
		if err := kernel.CgroupWrite(file, "FROZEN"); err != nil {
			return err
		}
		if i%25 == 24 {
			time.Sleep(10 * time.Microsecond)
		}
		state, err := kernel.CgroupRead(file)
		if err != nil {
			return err
		}
		if strings.TrimSpace(state) == "FROZEN" {
			return nil
		}
	}
	return fmt.Errorf("cgroup %s: does not freeze: processes keep appearing in it", d.path)
}

// holdV1 begins to freeze the v1 hierarchy, where there is one, and waits a
// little; it is a help, not a must.
func (g *Group) holdV1() bool {
	d := g.controller("freezer")
	if d == nil || d.v2 {
		return false
	}
	file := d.file("freezer.state")
	if kernel.CgroupWrite(file, "FROZEN") != nil {
		return false
	}
	for range 20 {
		state, err := kernel.CgroupRead(file)
		if err != nil || strings.TrimSpace(state) == "FROZEN" {
			break
		}
	}
	return true
}

func (g *Group) thawV1(held bool) error {
	if !held {
		return nil
	}
	return g.Thaw()
}
