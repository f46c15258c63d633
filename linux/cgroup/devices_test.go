package cgroup

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// asks is one access of a process to a device.
type asks struct {
	kind         byte
	major, minor int64
	access       uint8
}

// reading is what the runtime-spec's list of rules means, read rule by rule and
// letter by letter: each letter of an access is allowed or denied by the last
// rule about it, and the container's own devices always work.
func reading(list []specs.LinuxDeviceCgroup, a asks) bool {
	allowed := map[rune]bool{}
	apply := func(d specs.LinuxDeviceCgroup) {
		kind := d.Type == "" || d.Type == "a" || d.Type == string(a.kind)
		major := d.Major == nil || *d.Major < 0 || *d.Major == a.major
		minor := d.Minor == nil || *d.Minor < 0 || *d.Minor == a.minor
		if kind && major && minor {
			for _, c := range d.Access {
				allowed[c] = d.Allow
			}
		}
	}
	for _, d := range list {
		apply(d)
	}
	for _, d := range []specs.LinuxDeviceCgroup{
		allow("c", -1, -1, "m"), allow("b", -1, -1, "m"), allow("c", 1, 3, "rwm"), allow("c", 1, 5, "rwm"),
		allow("c", 1, 7, "rwm"), allow("c", 1, 8, "rwm"), allow("c", 1, 9, "rwm"), allow("c", 5, 0, "rwm"),
		allow("c", 5, 2, "rwm"), allow("c", 136, -1, "rwm"), allow("c", 10, 200, "rwm"),
	} {
		apply(d)
	}
	return (a.access&accessRead == 0 || allowed['r']) && (a.access&accessWrite == 0 || allowed['w']) &&
		(a.access&accessMknod == 0 || allowed['m'])
}

// run executes a device filter as the kernel would, refusing anything that the
// filter should not contain.
func run(code []kernel.BPFInsn, a asks) (uint64, error) {
	kind := uint32(kindChar)
	if a.kind == 'b' {
		kind = kindBlock
	}
	context := map[int16]uint32{0: kind | uint32(a.access)<<16, 4: uint32(a.major), 8: uint32(a.minor)}
	var reg [11]uint64
	set := [11]bool{1: true}
	for pc := 0; pc >= 0 && pc < len(code); pc++ {
		in := code[pc]
		dst, src := in.Regs&15, in.Regs>>4
		if dst > 10 || src > 10 {
			return 0, fmt.Errorf("%d: no such register", pc)
		}
		switch in.Op {
		case 0x61:
			v, ok := context[in.Off]
			if src != 1 || !ok {
				return 0, fmt.Errorf("%d: loads r%d+%d", pc, src, in.Off)
			}
			reg[dst], set[dst] = uint64(v), true
		case 0xb7:
			reg[dst], set[dst] = uint64(int64(in.Imm)), true
		case 0xbf:
			if !set[src] {
				return 0, fmt.Errorf("%d: r%d is not set", pc, src)
			}
			reg[dst], set[dst] = reg[src], true
		case 0x54:
			reg[dst] = uint64(uint32(reg[dst]) & uint32(in.Imm))
		case 0x74:
			reg[dst] = uint64(uint32(reg[dst]) >> uint32(in.Imm))
		case 0x16, 0x56:
			if !set[dst] || in.Off < 0 {
				return 0, fmt.Errorf("%d: jumps by %d on r%d", pc, in.Off, dst)
			}
			if equal := uint32(reg[dst]) == uint32(in.Imm); equal == (in.Op == 0x16) {
				pc += int(in.Off)
			}
		case 0x95:
			if !set[0] {
				return 0, fmt.Errorf("%d: ends without a verdict", pc)
			}
			return reg[0], nil
		default:
			return 0, fmt.Errorf("%d: operation %#x", pc, in.Op)
		}
	}
	return 0, fmt.Errorf("runs off its end")
}

// kernelV1 decides as security/device_cgroup.c does: with a default of allow,
// an exception that shares a kind of access denies; with deny, one exception
// must have them all.
func kernelV1(v *v1Devices, a asks) bool {
	for _, e := range v.exceptions {
		if e.kind != a.kind || e.major != -1 && e.major != a.major || e.minor != -1 && e.minor != a.minor {
			continue
		}
		if v.allow && e.access&a.access != 0 {
			return false
		}
		if !v.allow && e.access&a.access == a.access {
			return true
		}
	}
	return v.allow
}

// kernelV1Write does to a list what a write to devices.allow or devices.deny
// does: what matches exactly is added to or taken from, and nothing else.
func kernelV1Write(t *testing.T, v *v1Devices, c deviceChange) {
	if c.rule == allDevices {
		*v = v1Devices{allow: c.allow}
		return
	}
	one, err := parseDevicesList(c.rule + "\n")
	if err != nil || len(one.exceptions) != 1 {
		t.Fatalf("wrote %q: %v", c.rule, err)
	}
	r := one.exceptions[0]
	if c.allow != v.allow {
		v.add(&r)
		return
	}
	for i := range v.exceptions {
		if e := &v.exceptions[i]; e.kind == r.kind && e.major == r.major && e.minor == r.minor {
			e.access &^= r.access
		}
	}
}

// everyAccess tries what a list mentions and what is next to it.
func everyAccess(list []specs.LinuxDeviceCgroup, try func(asks)) {
	majors := map[int64]bool{0: true, 1: true, 5: true, 136: true, 10: true}
	minors := map[int64]bool{0: true, 3: true, 200: true, 2: true}
	for _, d := range list {
		for _, n := range []int64{-1, 0, 1} {
			if d.Major != nil && *d.Major >= 0 {
				majors[min(max(0, *d.Major+n), 1<<32-1)] = true
			}
			if d.Minor != nil && *d.Minor >= 0 {
				minors[min(max(0, *d.Minor+n), 1<<32-1)] = true
			}
		}
	}
	for major := range majors {
		for minor := range minors {
			for access := uint8(1); access <= accessAll; access++ {
				try(asks{'c', major, minor, access})
				try(asks{'b', major, minor, access})
			}
		}
	}
}

func checkDevices(t *testing.T, list []specs.LinuxDeviceCgroup) {
	t.Helper()
	p, err := newDevicePolicy(list)
	if err != nil {
		t.Fatal(err)
	}
	code := p.filter()
	everyAccess(list, func(a asks) {
		want := reading(list, a)
		got, err := run(code, a)
		if err != nil || got != map[bool]uint64{true: 1}[want] {
			t.Fatalf("%+v: the program says %d (%v), the rules %v\nrules %s\npolicy %+v", a, got, err, want, show(list), p)
		}
	})
	v, err := p.v1()
	if err != nil {
		return // a hole in a wildcard: v1 cannot
	}
	everyAccess(list, func(a asks) {
		want, got := reading(list, a), kernelV1(v, a)
		single := a.access&(a.access-1) == 0
		if got && !want || single && got != want {
			t.Fatalf("%+v: the v1 list says %v, the rules %v\nrules %s\nlist %+v", a, got, want, show(list), v)
		}
	})
}

func show(list []specs.LinuxDeviceCgroup) string {
	var b strings.Builder
	for _, d := range list {
		r, err := readDeviceRule(&d, 0)
		fmt.Fprintf(&b, "[%v %s %v]", d.Allow, r.String(), err)
	}
	return b.String()
}

func deviceLists() map[string][]specs.LinuxDeviceCgroup {
	everything := specs.LinuxDeviceCgroup{Allow: true, Access: "rwm"}
	nothing := specs.LinuxDeviceCgroup{Access: "rwm"}
	return map[string][]specs.LinuxDeviceCgroup{
		"none":          nil,
		"runc spec":     {nothing},
		"privileged":    {everything},
		"nothing, then": {nothing, allow("c", 10, 229, "rwm"), allow("b", 8, -1, "r")},
		"all but":       {everything, deny("c", 1, 11, "rwm"), deny("b", -1, -1, "w")},
		"hole":          {nothing, allow("c", 4, -1, "rwm"), deny("c", 4, 64, "w")},
		"hole closed":   {nothing, allow("c", 4, -1, "rwm"), deny("c", 4, 64, "w"), allow("c", 4, 64, "w")},
		"taken back":    {nothing, allow("c", 4, 64, "rwm"), deny("c", 4, -1, "rwm")},
		"letters":       {nothing, allow("c", 4, 1, "r"), allow("c", 4, 1, "w"), deny("c", 4, 1, "m")},
		"any kind":      {nothing, allow("a", 4, 1, "rw"), {Access: "w"}},
		"implied":       {nothing, deny("c", 1, 3, "rwm"), deny("c", 136, 7, "rw")},
		"minor only":    {nothing, allow("c", -1, 64, "rw"), deny("c", 4, 64, "r")},
		"big numbers":   {nothing, allow("c", 4294967295, 4294967295, "rw"), allow("b", 2147483648, 0, "rwm")},
		"docker": {nothing, allow("c", 1, 5, "rwm"), allow("c", 1, 3, "rwm"), allow("c", 1, 9, "rwm"), allow("c", 1, 8, "rwm"),
			allow("c", 5, 0, "rwm"), allow("c", 5, 1, "rwm"), deny("c", 10, 229, "rwm"), allow("c", 10, 200, "rwm")},
	}
}

func TestDevices(t *testing.T) {
	for name, list := range deviceLists() {
		t.Run(name, func(t *testing.T) { checkDevices(t, list) })
	}
}

func TestDeviceFilterGolden(t *testing.T) {
	p, err := newDevicePolicy([]specs.LinuxDeviceCgroup{{Access: "rwm"}})
	if err != nil {
		t.Fatal(err)
	}
	p.rules = p.rules[:3] // mknod of any, and null
	want := []kernel.BPFInsn{
		{Op: 0x61, Regs: 0x12},                 // r2 = *(u32 *)(r1 + 0)
		{Op: 0xbf, Regs: 0x23},                 // r3 = r2
		{Op: 0x54, Regs: 0x02, Imm: 0xffff},    // w2 &= 0xffff
		{Op: 0x74, Regs: 0x03, Imm: 16},        // w3 >>= 16
		{Op: 0x56, Regs: 0x02, Imm: 2, Off: 6}, // if w2 != char goto +6
		{Op: 0x61, Regs: 0x14, Off: 4},         // r4 = *(u32 *)(r1 + 4)
		{Op: 0x56, Regs: 0x04, Imm: 1, Off: 4}, // if w4 != 1 goto +4
		{Op: 0x61, Regs: 0x14, Off: 8},         // r4 = *(u32 *)(r1 + 8)
		{Op: 0x56, Regs: 0x04, Imm: 3, Off: 2}, // if w4 != 3 goto +2
		{Op: 0xb7, Imm: 1},                     // r0 = 1
		{Op: 0x95},                             // exit
		{Op: 0x56, Regs: 0x02, Imm: 1, Off: 4}, // if w2 != block goto +4
		{Op: 0x54, Regs: 0x03, Imm: 6},         // w3 &= read | write
		{Op: 0x56, Regs: 0x03, Imm: 0, Off: 2}, // if w3 != 0 goto +2
		{Op: 0xb7, Imm: 1},                     // r0 = 1
		{Op: 0x95},                             // exit
		{Op: 0x56, Regs: 0x02, Imm: 2, Off: 4}, // if w2 != char goto +4
		{Op: 0x54, Regs: 0x03, Imm: 6},         // w3 &= read | write
		{Op: 0x56, Regs: 0x03, Imm: 0, Off: 2}, // if w3 != 0 goto +2
		{Op: 0xb7, Imm: 1},                     // r0 = 1
		{Op: 0x95},                             // exit
		{Op: 0xb7, Imm: 0},                     // r0 = 0
		{Op: 0x95},                             // exit
	}
	if got := p.filter(); !reflect.DeepEqual(got, want) {
		for i := range got {
			t.Logf("%2d %+v", i, got[i])
		}
		t.Error("the program differs")
	}
}

func TestDevicesPruned(t *testing.T) {
	for name, want := range map[string]string{
		"none":       "c *:* m,b *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,c 5:2 rwm,c 136:* rwm,c 10:200 rwm",
		"runc spec":  "c *:* m,b *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,c 5:2 rwm,c 136:* rwm,c 10:200 rwm",
		"implied":    "c *:* m,b *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,c 5:2 rwm,c 136:* rwm,c 10:200 rwm",
		"docker":     "c 5:1 rwm,c *:* m,b *:* m,c 1:3 rwm,c 1:5 rwm,c 1:7 rwm,c 1:8 rwm,c 1:9 rwm,c 5:0 rwm,c 5:2 rwm,c 136:* rwm,c 10:200 rwm",
		"privileged": "",
	} {
		p, err := newDevicePolicy(deviceLists()[name])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range p.rules {
			got = append(got, p.rules[i].String())
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s:\n got  %s\n want %s", name, strings.Join(got, ","), want)
		}
	}
}

func TestDeviceRuleErrors(t *testing.T) {
	big := int64(1) << 32
	for want, d := range map[string]specs.LinuxDeviceCgroup{
		`linux.resources.devices[1]: type: invalid cgroup device type "p" (want a, b or c)`:             {Type: "p", Access: "r"},
		`linux.resources.devices[1]: access: device access field cannot be empty (want letters of rwm)`: {Type: "c"},
		`linux.resources.devices[1]: access: unknown device access 'x' in "rx" (want letters of rwm)`:   {Type: "c", Access: "rx"},
		`linux.resources.devices[1]: no device has the number 4294967296:-1`:                            {Type: "c", Major: &big, Access: "r"},
	} {
		_, err := newDevicePolicy([]specs.LinuxDeviceCgroup{{Access: "rwm"}, d})
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Going from any list to any other, each write keeps what both allow and opens
// nothing that neither allows.
func TestDevicesTransition(t *testing.T) {
	lists := deviceLists()
	for from, a := range lists {
		for to, b := range lists {
			now, want := v1List(t, a), v1List(t, b)
			if now == nil || want == nil {
				continue
			}
			both := append(append([]specs.LinuxDeviceCgroup{}, a...), b...)
			state := &v1Devices{now.allow, append([]deviceRule{}, now.exceptions...)}
			known := &v1Devices{allow: now.allow} // what devices.list tells
			if !now.allow {
				known.exceptions = now.exceptions
			}
			changes := transition(known, want)
			for i, c := range changes {
				kernelV1Write(t, state, c)
				if changes[0].rule == allDevices && i < len(changes)-1 {
					continue // all are frozen until the end
				}
				everyAccess(both, func(x asks) {
					before, after, got := kernelV1(now, x), kernelV1(want, x), kernelV1(state, x)
					if got && !before && !after {
						t.Fatalf("%s → %s: %+v is open for a moment after %+v", from, to, x, c)
					}
					if !got && before && after {
						t.Fatalf("%s → %s: %+v is refused for a moment after %+v", from, to, x, c)
					}
				})
			}
			everyAccess(both, func(x asks) {
				got, after := kernelV1(state, x), kernelV1(want, x)
				if got && !after || !got && after && !(now.allow && want.allow) {
					t.Fatalf("%s → %s: %+v is %v at the end, want %v", from, to, x, got, after)
				}
			})
			if from == to && !now.allow && len(changes) > 0 {
				t.Errorf("%s → %s writes %v", from, to, changes)
			}
		}
	}
}

func v1List(t *testing.T, list []specs.LinuxDeviceCgroup) *v1Devices {
	t.Helper()
	p, err := newDevicePolicy(list)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.v1()
	if err != nil {
		return nil
	}
	return v
}

func TestParseDevicesList(t *testing.T) {
	v, err := parseDevicesList("c *:* m\nb 8:0 rw\nc 136:* rwm\nc 1:3 r\nc 1:3 w\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range v.exceptions {
		got = append(got, v.exceptions[i].String())
	}
	if s := strings.Join(got, ","); s != "c *:* m,b 8:0 rw,c 136:* rwm,c 1:3 rw" || v.allow {
		t.Error(s, v.allow)
	}
	if v, err = parseDevicesList("a *:* rwm\n"); err != nil || !v.allow {
		t.Error(v, err)
	}
	for _, bad := range []string{"x 1:3 r", "c 1 r", "c 1:x r", "c", "c -3:1 r"} {
		if _, err := parseDevicesList(bad + "\n"); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

// FuzzDevices makes rules of bytes: five a rule.
func FuzzDevices(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 7, 1, 1, 2, 3, 7})
	f.Add([]byte{3, 0, 0, 0, 7, 0, 1, 2, 3, 2, 1, 1, 2, 3, 5})
	f.Add([]byte{0, 1, 4, 0, 7, 1, 1, 4, 3, 2, 0, 1, 4, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var list []specs.LinuxDeviceCgroup
		for ; len(b) >= 5 && len(list) < 12; b = b[5:] {
			d := specs.LinuxDeviceCgroup{Allow: b[0]&1 == 1, Type: []string{"a", "b", "c", ""}[b[1]%4]}
			for i, letter := range []string{"r", "w", "m"} {
				if b[4]>>i&1 == 1 {
					d.Access += letter
				}
			}
			if d.Access == "" {
				d.Access = "rwm"
			}
			if n := int64(b[2] % 8); n > 0 {
				d.Major = ptr(n - 1)
			}
			if n := int64(b[3] % 8); n > 0 {
				d.Minor = ptr(n - 1)
			}
			list = append(list, d)
		}
		checkDevices(t, list)
	})
}
