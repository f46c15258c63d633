package cgroup

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"wrun/linux/kernel"
)

// ErrFrozen is Create's answer to a cgroup that is there and frozen: whatever
// is put into it would never run. Clients match on the words.
var ErrFrozen = errors.New("container's cgroup unexpectedly frozen")

// Create makes the group's directories and those above it. A directory that is
// there already is used if it holds no process, its sub-cgroups included, and
// is not frozen. On v2 all controllers the host offers are enabled down the
// path; one that cannot be is an error only of an Apply that needs it. On v1 a
// new cpuset gets the CPUs and memory nodes of its parent, without which no
// process could enter it.
//
// After an error nothing that Create made is left.
func (g *Group) Create() error {
	for i := range g.dirs {
		if err := g.create(&g.dirs[i]); err != nil {
			return also(err, g.Undo())
		}
	}
	return nil
}

func (g *Group) create(d *dir) error {
	switch err := g.mkdirAll(d); {
	case err == nil:
		d.fresh = true
	case errnoOf(err) == syscall.EEXIST:
		if err := d.unused(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("linux.cgroupsPath: %w", err)
	}
	if d.v2 {
		if g.Mode() == V2 {
			g.enableAll(d)
		}
		return nil
	}
	if d.has("cpuset") {
		if err := inheritCpuset(d); err != nil {
			return fmt.Errorf("linux.cgroupsPath: %w", err)
		}
	}
	return nil
}

// mkdirAll makes the group's directory and, where they are missing, those
// above it. EEXIST is about the directory itself.
func (g *Group) mkdirAll(d *dir) (err error) {
	for range 5 { // another create's Undo may take a parent away in between
		if err = g.mkdir(d.path); errnoOf(err) != syscall.ENOENT {
			return err
		}
		for i := len(d.mount) + 1; i < len(d.path); i++ {
			if d.path[i] != '/' {
				continue
			}
			err := g.mkdir(d.path[:i])
			if err != nil && errnoOf(err) != syscall.EEXIST && errnoOf(err) != syscall.ENOENT {
				return err
			}
		}
	}
	return err
}

func (g *Group) mkdir(path string) error {
	err := kernel.CgroupMkdir(path)
	if err == nil {
		g.made = append(g.made, path)
	}
	return err
}

// Undo ends what is in the directories of the group that Create made and
// removes them, and only them; parents that others use by now stay. It waits as
// Remove does.
func (g *Group) Undo() error {
	err := g.madeHere().Kill()
	deadline := time.Now().Add(patience)
	for i := len(g.made) - 1; i >= 0; i-- {
		path := g.made[i]
		if d := g.at(path); d != nil {
			err = also(err, removeTree(path, d.v2, deadline))
			continue
		}
		if e := kernel.CgroupRmdir(path); !busy(e) && !isGone(e) {
			err = also(err, e)
		}
	}
	g.made = nil
	return err
}

// also puts two errors, each of which may be nil, into one line.
func also(err, more error) error {
	switch {
	case err == nil:
		return more
	case more == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, more)
}

// madeHere is the group as far as Create made it.
func (g *Group) madeHere() *Group {
	made := &Group{}
	for i := range g.dirs {
		if g.dirs[i].fresh {
			made.dirs = append(made.dirs, g.dirs[i])
		}
	}
	return made
}

// at finds the group's directory of that path.
func (g *Group) at(path string) *dir {
	for i := range g.dirs {
		if g.dirs[i].path == path {
			return &g.dirs[i]
		}
	}
	return nil
}

// unused refuses a directory that was there before and is somebody's.
func (d *dir) unused() error {
	if d.has("name=systemd") {
		return nil // a manager may have put processes there; it limits nothing
	}
	pids, err := pidsIn(d.path, true)
	if err != nil && !isGone(err) {
		return fmt.Errorf("linux.cgroupsPath: %w", err)
	}
	if len(pids) > 0 {
		return fmt.Errorf("container's cgroup is not empty: %d process(es) found in %s", len(pids), d.path)
	}
	frozen, err := d.effectivelyFrozen()
	if err != nil && !isGone(err) {
		return fmt.Errorf("linux.cgroupsPath: %w", err)
	}
	if frozen {
		return fmt.Errorf("%w: %s", ErrFrozen, d.path)
	}
	return nil
}

// enableAll enables all controllers of the cgroup2 mount's root down to the
// group. The usual case is that this was done by an earlier create: then it
// costs two reads. The last failure is kept for an Apply that misses a
// controller.
func (g *Group) enableAll(d *dir) {
	all, err := kernel.CgroupRead(d.mount + "/cgroup.controllers")
	if err != nil {
		g.enabling = err
		return
	}
	have, err := kernel.CgroupRead(d.file("cgroup.controllers"))
	if err == nil && have == all && listed(all, "memory") {
		return // memory is never there in a threaded cgroup: the type is right
	}
	if have != all {
		g.enable(d, all)
	}
	g.enabling = also(g.enabling, d.makeThreaded())
}

// enable writes controllers to cgroup.subtree_control of every cgroup above
// the group, where they are missing.
func (g *Group) enable(d *dir, controllers string) {
	for i := len(d.mount); i < len(d.path); i++ {
		if d.path[i] != '/' {
			continue
		}
		file := d.path[:i] + "/cgroup.subtree_control"
		have, err := kernel.CgroupRead(file)
		if err != nil {
			g.enabling = err
			return
		}
		var missing []string
		for c := range strings.FieldsSeq(controllers) {
			if !listed(have, c) {
				missing = append(missing, "+"+c)
			}
		}
		if len(missing) == 0 || kernel.CgroupWrite(file, strings.Join(missing, " ")) == nil {
			continue
		}
		for _, c := range missing { // one that is refused refuses them all
			if err := kernel.CgroupWrite(file, c); err != nil {
				g.enabling = err
			}
		}
	}
}

// listed tells whether a space-separated list has a word.
func listed(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// makeThreaded makes a cgroup usable that was born "domain invalid", because
// its parent is threaded or holds processes beside controllers: as a threaded
// one (Documentation/admin-guide/cgroup-v2.rst, "Threads").
func (d *dir) makeThreaded() error {
	kind, err := kernel.CgroupRead(d.file("cgroup.type"))
	if err != nil || strings.TrimSpace(kind) != "domain invalid" {
		return err
	}
	return kernel.CgroupWrite(d.file("cgroup.type"), "threaded")
}
