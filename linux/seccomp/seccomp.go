// Package seccomp compiles the seccomp profile of a config.json to the classic
// BPF program that the kernel runs before every system call. It is pure, and
// does what runc and libseccomp do with the same profile.
package seccomp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Filter is a compiled profile.
type Filter struct {
	// Insns are the instructions: struct sock_filter, 8 bytes each, at most
	// MaxInsns (little endian, which amd64 and arm64 are).
	Insns []byte
	// Flags of seccomp(2).
	Flags uint32
}

// MaxInsns is BPF_MAXINSNS of linux/bpf_common.h.
const MaxInsns = 4096

// rule is what the profile says about some calls.
type rule struct {
	ret  uint32
	args []cond
}

// cond is one comparison: op(argument & mask, value).
type cond struct {
	arg         int
	op          specs.LinuxSeccompOperator
	value, mask uint64
}

// arch is an architecture of the filter. Two of them, amd64 and x32, share an
// audit architecture, and differ by a bit of the number.
type arch struct {
	name   specs.Arch
	column int
	audit  uint32 // AUDIT_ARCH_* of linux/audit.h
	base   uint32 // of its numbers
	narrow bool   // only the low half of an argument counts
}

const x32Bit = 0x40000000

func arches() [columns]arch {
	return [columns]arch{
		{specs.ArchX86_64, colAMD64, 0xc000003e, 0, false},
		{specs.ArchX86, colX86, 0x40000003, 0, true},
		{specs.ArchX32, colX32, 0xc000003e, x32Bit, true},
		{specs.ArchARM, colARM, 0x40000028, 0, true},
		{specs.ArchAARCH64, colARM64, 0xc00000b7, 0, false},
	}
}

// profile is a specs.LinuxSeccomp that was read and judged.
type profile struct {
	def    uint32
	rules  []rule
	calls  []call
	fresh  bool            // calls newer than the newest known one get ENOSYS
	newest [columns]uint32 // number of the newest call that the profile names
}

// call is one name of the profile with its rules: rules[first:last].
type call struct {
	nrs         [columns]int32
	name        string
	first, last int
}

// Compile makes the filter of a profile for a machine whose own architecture
// is native. notes are for the debug log. Errors name the config.json field.
//
// What libseccomp does, and the config does not say: the native architecture
// is always part of the filter; calls of other architectures kill the thread,
// and so do x32's when the profile does not list it. Rules for the same call
// are tried in order, one without arguments beats those with arguments; a rule
// with the default action is as good as none; two conditions on the same
// argument make two rules. On the architectures of 32 bits only the low half
// of an argument is compared. And as runc does it: unless the default is to
// let calls through, those with a number above the highest one that the profile
// names answer ENOSYS, so that programs fall back to what they know.
func Compile(s *specs.LinuxSeccomp, native specs.Arch) (f *Filter, notes []string, err error) {
	p, notes, err := read(s)
	if err != nil {
		return nil, nil, err
	}
	notify := p.def == retNotify || slices.ContainsFunc(p.rules, func(r rule) bool { return r.ret == retNotify })
	f = new(Filter)
	if f.Flags, err = flags(s.Flags, notify); err != nil {
		return nil, nil, err
	}
	for i, a := range s.Architectures {
		if !knownArch(a) {
			return nil, nil, fmt.Errorf("linux.seccomp.architectures[%d]: %q is none of libseccomp's architectures", i, a)
		}
	}
	listed := func(a specs.Arch) bool { return a == native || slices.Contains(s.Architectures, a) }
	e := new(emitter)
	if f.Insns, err = e.filter(p, native, listed); err != nil {
		return nil, nil, err
	}
	return f, notes, nil
}

// read judges the profile's rules, and looks up their calls.
func read(s *specs.LinuxSeccomp) (p *profile, notes []string, err error) {
	p = new(profile)
	if p.def, err = action("linux.seccomp.defaultAction", s.DefaultAction, "linux.seccomp.defaultErrnoRet", s.DefaultErrnoRet); err != nil {
		return nil, nil, err
	}
	if p.def == retNotify {
		return nil, nil, fmt.Errorf("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action")
	}
	switch s.DefaultAction {
	case specs.ActAllow, specs.ActLog, specs.ActTrace: // a tracer answers new calls itself
	default:
		p.fresh = p.def != retErrno|enosys
	}
	var unknown []string
	for i := range s.Syscalls {
		x := &s.Syscalls[i]
		// No Sprintf before there is an error: docker's profile names 370 calls.
		ret, err := action("action", x.Action, "errnoRet", x.ErrnoRet)
		if err != nil {
			return nil, nil, fmt.Errorf("linux.seccomp.syscalls[%d].%w", i, err)
		}
		first := len(p.rules)
		if ret != p.def {
			if err := p.conditions(x.Args, ret); err != nil {
				return nil, nil, fmt.Errorf("linux.seccomp.syscalls[%d].%w", i, err)
			}
		}
		for j, name := range x.Names {
			if name == "" {
				return nil, nil, fmt.Errorf("linux.seccomp.syscalls[%d].names[%d]: is empty", i, j)
			}
			if ret == retNotify && name == "write" {
				return nil, nil, fmt.Errorf("linux.seccomp.syscalls[%d].names[%d]: SCMP_ACT_NOTIFY cannot be used for the write syscall", i, j)
			}
			nrs, ok := lookup(name)
			if !ok {
				unknown = append(unknown, name)
				if _, _, _, ok := multiplexed(name); !ok {
					continue
				}
				nrs = [columns]int32{none, none, none, none, none}
			}
			p.calls = append(p.calls, call{nrs, name, first, len(p.rules)})
			for col, nr := range nrs {
				if nr != none && (col != colARM || nr < armPrivate) {
					p.newest[col] = max(p.newest[col], uint32(nr))
				}
			}
		}
	}
	if len(unknown) > 0 {
		notes = append(notes, "linux.seccomp: unknown system calls are ignored: "+strings.Join(unknown, " "))
	}
	return p, notes, nil
}

// conditions adds the rules that a list of comparisons makes: one of them all,
// or, when two are about the same argument, one of each (libseccomp takes one
// comparison per argument, and runc then splits them).
func (p *profile) conditions(args []specs.LinuxSeccompArg, ret uint32) error {
	conds := make([]cond, 0, len(args))
	seen, twice := 0, false
	for i := range args {
		a := &args[i]
		if a.Index > 5 {
			return fmt.Errorf("args[%d].index: %d is none of 0 to 5", i, a.Index)
		}
		c := cond{int(a.Index), a.Op, a.Value, 1<<64 - 1}
		switch a.Op {
		case specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpEqualTo, specs.OpGreaterEqual, specs.OpGreaterThan:
		case specs.OpMaskedEqual:
			c.op, c.mask, c.value = specs.OpEqualTo, a.Value, a.ValueTwo
		default:
			return fmt.Errorf("args[%d].op: %q is none of %s", i, a.Op, strings.Join(Operators(), ", "))
		}
		twice = twice || seen&(1<<a.Index) != 0
		seen |= 1 << a.Index
		conds = append(conds, c)
	}
	if !twice {
		p.rules = append(p.rules, rule{ret, conds})
		return nil
	}
	for i := range conds {
		p.rules = append(p.rules, rule{ret, conds[i : i+1]})
	}
	return nil
}
