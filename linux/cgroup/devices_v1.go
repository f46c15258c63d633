package cgroup

import (
	"fmt"
	"strconv"
	"strings"

	"wrun/linux/kernel"
)

// v1Devices is what a v1 devices cgroup holds: a default and a list of
// exceptions to it, security/device_cgroup.c in the kernel.
type v1Devices struct {
	allow      bool
	exceptions []deviceRule
}

// v1 turns a policy into a list of exceptions. A rule that takes back part of
// an exception (allow c 1:*, then deny c 1:3) cannot be put into such a list,
// and the kernel would take it without a word and without an effect: it is an
// error.
//
// One difference to v2 stays: the kernel wants a single exception that has
// every kind of access asked for, so "c 1:* r" and "c 1:3 w" do not let 1:3 be
// opened for both.
func (p *devicePolicy) v1() (*v1Devices, error) {
	v := &v1Devices{allow: p.allow}
	for i := range p.rules {
		r := &p.rules[i]
		if r.allow != p.allow {
			v.add(r)
			continue
		}
		if err := v.remove(r); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *v1Devices) add(r *deviceRule) {
	for i := range v.exceptions {
		if e := &v.exceptions[i]; e.covers(r) && r.covers(e) {
			e.access |= r.access
			return
		}
	}
	v.exceptions = append(v.exceptions, *r)
}

func (v *v1Devices) remove(r *deviceRule) error {
	kept := v.exceptions[:0]
	for i := range v.exceptions {
		e := v.exceptions[i]
		if e.access&r.access != 0 && e.meets(r) {
			if !r.covers(&e) {
				return fmt.Errorf("%s: not supported by cgroup v1, cannot punch hole in existing wildcard rule %s", r.name(), &e)
			}
			e.access &^= r.access
		}
		if e.access != 0 {
			kept = append(kept, e)
		}
	}
	v.exceptions = kept
	return nil
}

// applyDevicesV1 writes devices.allow and devices.deny. In a new cgroup, where
// nobody is yet, the list is replaced; in one in use only the difference is
// written, and a list that has to be started afresh is written while the
// processes are frozen.
func (g *Group) applyDevicesV1(d *dir, p *devicePolicy) error {
	want, err := p.v1()
	if err != nil {
		return err
	}
	if d.fresh {
		return d.writeDevices(transition(nil, want))
	}
	text, err := kernel.CgroupRead(d.file("devices.list"))
	if err != nil {
		return err
	}
	now, err := parseDevicesList(text)
	if err != nil {
		return fmt.Errorf("%s: %w", d.file("devices.list"), err)
	}
	changes := transition(now, want)
	if len(changes) < 2 || changes[0].rule != allDevices {
		return d.writeDevices(changes)
	}
	frozen, err := g.Frozen()
	if err != nil {
		return err
	}
	if !frozen {
		if err := g.Freeze(); err != nil {
			return err
		}
	}
	err = d.writeDevices(changes)
	if !frozen {
		err = also(err, g.Thaw())
	}
	return err
}

// allDevices is what sets a list's default and empties it.
const allDevices = "a"

// A deviceChange is one line written to devices.allow or devices.deny.
type deviceChange struct {
	allow bool
	rule  string
}

// transition lists the writes that lead from one list to another; nil is an
// unknown one. What is allowed by both stays allowed throughout, and what is
// allowed by neither stays denied: what is added to an allow list is added
// before anything is taken away.
//
// A change of the default has to start afresh, with all devices denied or
// allowed: nobody may run meanwhile. The kernel does not tell the
// exceptions of a cgroup whose default is to allow: there, denials are only
// added, since taking unknown ones away would open everything for a moment.
func transition(now, want *v1Devices) []deviceChange {
	var changes []deviceChange
	if now == nil || now.allow != want.allow {
		changes = append(changes, deviceChange{want.allow, allDevices})
		now = &v1Devices{allow: want.allow}
	}
	for i := range want.exceptions {
		if e := want.exceptions[i].without(now); e.access != 0 {
			changes = append(changes, deviceChange{!want.allow, e.String()})
		}
	}
	for i := range now.exceptions {
		if e := now.exceptions[i].without(want); e.access != 0 {
			changes = append(changes, deviceChange{want.allow, e.String()})
		}
	}
	return changes
}

// without leaves the kinds of access that v's exception for the same devices
// has not.
func (r deviceRule) without(v *v1Devices) deviceRule {
	for i := range v.exceptions {
		if e := &v.exceptions[i]; e.covers(&r) && r.covers(e) {
			r.access &^= e.access
		}
	}
	return r
}

// writeDevices does the changes in their order, keeping the file of the last
// one open.
func (d *dir) writeDevices(changes []deviceChange) error {
	var f *kernel.CgroupControl
	for i, c := range changes {
		if i == 0 || c.allow != changes[i-1].allow {
			if f != nil {
				f.Close()
			}
			name := "devices.deny"
			if c.allow {
				name = "devices.allow"
			}
			var err error
			if f, err = kernel.CgroupOpenControl(d.file(name)); err != nil {
				return err
			}
		}
		if err := f.Write(c.rule); err != nil {
			f.Close()
			return err
		}
	}
	if f != nil {
		f.Close()
	}
	return nil
}

// parseDevicesList reads devices.list: "c 1:3 rwm" lines, or "a *:* rwm" when
// the default is to allow.
func parseDevicesList(text string) (*v1Devices, error) {
	v := &v1Devices{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "a ") {
			return &v1Devices{allow: true}, nil
		}
		kind, rest, ok1 := strings.Cut(line, " ")
		numbers, access, ok2 := strings.Cut(rest, " ")
		major, minor, ok3 := strings.Cut(numbers, ":")
		r := deviceRule{major: listNumber(major), minor: listNumber(minor), allow: true, field: -1}
		if !ok1 || !ok2 || !ok3 || kind != "b" && kind != "c" || r.major < anyNumber || r.minor < anyNumber {
			return nil, fmt.Errorf("line %q is not understood", line)
		}
		r.kind = kind[0]
		for _, c := range access {
			switch c {
			case 'r':
				r.access |= accessRead
			case 'w':
				r.access |= accessWrite
			case 'm':
				r.access |= accessMknod
			}
		}
		v.add(&r)
	}
	return v, nil
}

// listNumber reads a number or *; -2 is neither.
func listNumber(s string) int64 {
	if s == "*" {
		return anyNumber
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return anyNumber - 1
	}
	return int64(n)
}
