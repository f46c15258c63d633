package cgroup

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// The kinds of access to a device, numbered as BPF_DEVCG_ACC_* in linux/bpf.h.
const (
	accessMknod = 1 << iota
	accessRead
	accessWrite
	accessAll = accessMknod | accessRead | accessWrite
)

// anyNumber is a major or minor number that matches all.
const anyNumber = -1

// A deviceRule allows or denies some kinds of access to the devices it matches.
type deviceRule struct {
	kind         byte // 'c' or 'b'
	major, minor int64
	access       uint8
	allow        bool
	field        int // index in linux.resources.devices, -1 for an implied rule
}

// covers tells whether r matches every device that s does.
func (r *deviceRule) covers(s *deviceRule) bool {
	return r.kind == s.kind && (r.major == anyNumber || r.major == s.major) && (r.minor == anyNumber || r.minor == s.minor)
}

// meets tells whether there is a device that both match.
func (r *deviceRule) meets(s *deviceRule) bool {
	return r.kind == s.kind && (r.major == anyNumber || s.major == anyNumber || r.major == s.major) &&
		(r.minor == anyNumber || s.minor == anyNumber || r.minor == s.minor)
}

// String gives the rule as devices.allow takes it: "c 1:3 rwm".
func (r *deviceRule) String() string {
	b := make([]byte, 0, 24)
	b = append(b, r.kind, ' ')
	b = append(appendNumber(b, r.major), ':')
	b = append(appendNumber(b, r.minor), ' ')
	for _, a := range [...]struct {
		bit    uint8
		letter byte
	}{{accessRead, 'r'}, {accessWrite, 'w'}, {accessMknod, 'm'}} {
		if r.access&a.bit != 0 {
			b = append(b, a.letter)
		}
	}
	return string(b)
}

func appendNumber(b []byte, n int64) []byte {
	if n == anyNumber {
		return append(b, '*')
	}
	return strconv.AppendInt(b, n, 10)
}

// name tells people which rule it is: "rule 3 (deny c 1:3 rwm)".
func (r *deviceRule) name() string {
	verb := "deny "
	if r.allow {
		verb = "allow "
	}
	if r.field < 0 {
		return "the implied rule (" + verb + r.String() + ")"
	}
	return "rule " + strconv.Itoa(r.field) + " (" + verb + r.String() + ")"
}

// A devicePolicy decides every access to every device: each kind of access by
// the last rule that has it and matches the device, else by the default.
type devicePolicy struct {
	allow bool // the default
	rules []deviceRule
}

// newDevicePolicy reads linux.resources.devices and adds the implied rules.
// Without any rule no device is allowed but the implied ones. A rule of type a
// for all devices is a new default, and ends what came before; any other of
// type a is one for c and one for b.
func newDevicePolicy(list []specs.LinuxDeviceCgroup) (*devicePolicy, error) {
	p := &devicePolicy{rules: make([]deviceRule, 0, len(list)+12)}
	for i := range list {
		r, err := readDeviceRule(&list[i], i)
		if err != nil {
			return nil, fmt.Errorf("linux.resources.devices[%d]: %w", i, err)
		}
		switch {
		case r.kind != 'a':
			p.rules = append(p.rules, r)
		case r.major == anyNumber && r.minor == anyNumber && r.access == accessAll:
			p.allow, p.rules = r.allow, p.rules[:0]
		default:
			c, b := r, r
			c.kind, b.kind = 'c', 'b'
			p.rules = append(p.rules, c, b)
		}
	}
	if !p.allow || len(p.rules) > 0 {
		p.addImplied()
	}
	p.prune()
	return p, nil
}

func readDeviceRule(d *specs.LinuxDeviceCgroup, field int) (deviceRule, error) {
	r := deviceRule{kind: 'a', major: anyNumber, minor: anyNumber, allow: d.Allow, field: field}
	switch d.Type {
	case "", "a":
	case "b", "c":
		r.kind = d.Type[0]
	default:
		return r, fmt.Errorf("type: invalid cgroup device type %q (want a, b or c)", d.Type)
	}
	if d.Major != nil && *d.Major >= 0 {
		r.major = *d.Major
	}
	if d.Minor != nil && *d.Minor >= 0 {
		r.minor = *d.Minor
	}
	if r.major > math.MaxUint32 || r.minor > math.MaxUint32 {
		return r, fmt.Errorf("no device has the number %d:%d", r.major, r.minor)
	}
	if d.Access == "" {
		return r, errors.New("access: device access field cannot be empty (want letters of rwm)")
	}
	for _, c := range d.Access {
		switch c {
		case 'r':
			r.access |= accessRead
		case 'w':
			r.access |= accessWrite
		case 'm':
			r.access |= accessMknod
		default:
			return r, fmt.Errorf("access: unknown device access %q in %q (want letters of rwm)", c, d.Access)
		}
	}
	return r, nil
}

// addImplied adds the rules that every container has after the user's, so that
// none of those can take them away: runc's specconv.AllowedDevices, which
// clients have come to rely on. It is mknod of any device, null, zero, full,
// random, urandom, tty, ptmx, the ptys, and /dev/net/tun (gone in runc 1.2.0,
// back in 1.2.4).
func (p *devicePolicy) addImplied() {
	for _, d := range [...]struct {
		kind         byte
		major, minor int64
		access       uint8
	}{
		{'c', anyNumber, anyNumber, accessMknod}, {'b', anyNumber, anyNumber, accessMknod},
		{'c', 1, 3, accessAll}, {'c', 1, 5, accessAll}, {'c', 1, 7, accessAll}, {'c', 1, 8, accessAll}, {'c', 1, 9, accessAll},
		{'c', 5, 0, accessAll}, {'c', 5, 2, accessAll}, {'c', 136, anyNumber, accessAll}, {'c', 10, 200, accessAll},
	} {
		p.rules = append(p.rules, deviceRule{d.kind, d.major, d.minor, d.access, true, -1})
	}
}

// prune drops the rules that decide nothing: those a later rule covers in
// full, and those that say the default before any rule said otherwise.
func (p *devicePolicy) prune() {
	kept := p.rules[:0]
	for i := range p.rules {
		r := p.rules[i]
		if r.allow == p.allow && !meetsAny(kept, &r) {
			continue
		}
		if coveredLater(p.rules[i+1:], &r) {
			continue
		}
		kept = append(kept, r)
	}
	p.rules = kept
}

func meetsAny(rules []deviceRule, r *deviceRule) bool {
	for i := range rules {
		if rules[i].meets(r) && rules[i].access&r.access != 0 {
			return true
		}
	}
	return false
}

func coveredLater(rules []deviceRule, r *deviceRule) bool {
	for i := range rules {
		if rules[i].covers(r) && rules[i].access&r.access == r.access {
			return true
		}
	}
	return false
}

// allowsAll tells whether the policy forbids nothing.
func (p *devicePolicy) allowsAll() bool { return p.allow && len(p.rules) == 0 }

// applyDevices puts the rules in force. A live container sees nothing but the
// old and the new ones: what both allow it may use at every moment in between,
// and what both forbid never.
func (g *Group) applyDevices(list []specs.LinuxDeviceCgroup) error {
	p, err := newDevicePolicy(list)
	if err != nil {
		return err
	}
	d := g.controller("devices")
	switch {
	case d == nil && p.allowsAll():
		return nil
	case d == nil:
		return fieldError("devices", "the host has no devices cgroup, so nothing would keep the container from the host's devices")
	case d.v2:
		err = d.applyDevicesV2(p)
	default:
		err = g.applyDevicesV1(d, p)
	}
	if errno := errnoOf(err); (errno == syscall.EPERM || errno == syscall.EACCES) && kernel.InUserNamespace() {
		return nil // as runc: no device can be made there, and the kernel lets nobody set rules
	}
	if err != nil {
		return wrapField("devices", err)
	}
	return nil
}
