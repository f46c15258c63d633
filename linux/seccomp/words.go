package seccomp

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// What a filter answers (linux/seccomp.h); the low 16 bits are data.
const (
	retKillProcess = 0x80000000
	retKillThread  = 0x00000000
	retTrap        = 0x00030000
	retErrno       = 0x00050000
	retNotify      = 0x7fc00000
	retTrace       = 0x7ff00000
	retLog         = 0x7ffc0000
	retAllow       = 0x7fff0000
)

// Flags of seccomp(2), SECCOMP_SET_MODE_FILTER.
const (
	flagTSync        = 1 << 0 // Linux 3.17
	flagLog          = 1 << 1 // 4.14
	flagSpecAllow    = 1 << 2 // 4.17
	flagWaitKillable = 1 << 5 // 5.19, with a listener only
)

const (
	eperm  = 1
	enosys = 38
	// maxErrno is the highest errno that a system call can answer (linux/err.h).
	maxErrno = 4095
)

// Actions, Operators, KnownFlags and Archs are the words that Compile takes.
func Actions() []string {
	return []string{
		string(specs.ActAllow), string(specs.ActErrno), string(specs.ActKill), string(specs.ActKillProcess),
		string(specs.ActKillThread), string(specs.ActLog), string(specs.ActTrace), string(specs.ActTrap),
	}
}

// Operators compare an argument; see Actions.
func Operators() []string {
	return []string{
		string(specs.OpEqualTo), string(specs.OpGreaterEqual), string(specs.OpGreaterThan), string(specs.OpLessEqual),
		string(specs.OpLessThan), string(specs.OpMaskedEqual), string(specs.OpNotEqual),
	}
}

// KnownFlags go to seccomp(2); see Actions.
func KnownFlags() []string {
	return append(SupportedFlags(), string(specs.LinuxSeccompFlagWaitKillableRecv))
}

// SupportedFlags are those of them that have an effect.
func SupportedFlags() []string {
	return []string{"SECCOMP_FILTER_FLAG_TSYNC", string(specs.LinuxSeccompFlagLog), string(specs.LinuxSeccompFlagSpecAllow)}
}

// archNames is libseccomp's list, seccomp_arch_resolve_name(3).
const archNames = "AARCH64 ARM LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 " +
	"PARISC PARISC64 PPC PPC64 PPC64LE RISCV64 S390 S390X SH SHEB X32 X86 X86_64"

// Archs are the architectures; see Actions. Those without a table of system
// calls are taken, and mean nothing: no kernel that wrun runs on has their
// calls.
func Archs() []string {
	names := strings.Fields(archNames)
	for i, n := range names {
		names[i] = "SCMP_ARCH_" + n
	}
	return names
}

func knownArch(a specs.Arch) bool {
	name, ok := strings.CutPrefix(string(a), "SCMP_ARCH_")
	for n := range strings.FieldsSeq(archNames) {
		if ok && n == name {
			return true
		}
	}
	return false
}

// action gives what the filter answers.
func action(field string, a specs.LinuxSeccompAction, errnoField string, errno *uint) (uint32, error) {
	data := uint32(eperm)
	if errno != nil {
		if *errno > maxErrno {
			return 0, fmt.Errorf("%s: %d is no errno, they go up to %d", errnoField, *errno, maxErrno)
		}
		data = uint32(*errno)
	}
	ret := uint32(0)
	switch a {
	case specs.ActErrno:
		return retErrno | data, nil
	case specs.ActTrace:
		return retTrace | data, nil
	case specs.ActKill, specs.ActKillThread:
		ret = retKillThread
	case specs.ActKillProcess:
		ret = retKillProcess
	case specs.ActTrap:
		ret = retTrap
	case specs.ActAllow:
		ret = retAllow
	case specs.ActLog:
		ret = retLog
	case specs.ActNotify:
		ret = retNotify
	default:
		return 0, fmt.Errorf("%s: %q is none of SCMP_ACT_ALLOW, ERRNO, KILL, KILL_PROCESS, KILL_THREAD, LOG, NOTIFY, TRACE, TRAP", field, a)
	}
	if errno != nil {
		// config-linux.md: "When the action doesn't support an errno, the
		// runtime MUST print and error and fail."
		return 0, fmt.Errorf("%s: %s takes no errno", errnoField, a)
	}
	return ret, nil
}

// flags gives the flags of seccomp(2). A profile that does not say gets
// SPEC_ALLOW, as from runc; an empty list is none.
func flags(list []specs.LinuxSeccompFlag, notify bool) (f uint32, err error) {
	if list == nil {
		return flagSpecAllow, nil
	}
	for i, name := range list {
		switch name {
		case "SECCOMP_FILTER_FLAG_TSYNC":
			f |= flagTSync
		case specs.LinuxSeccompFlagLog:
			f |= flagLog
		case specs.LinuxSeccompFlagSpecAllow:
			f |= flagSpecAllow
		case specs.LinuxSeccompFlagWaitKillableRecv:
			if notify { // else the kernel refuses it, and it would mean nothing
				f |= flagWaitKillable
			}
		default:
			return 0, fmt.Errorf("linux.seccomp.flags[%d]: %q is none of %s", i, name, strings.Join(KnownFlags(), ", "))
		}
	}
	return f, nil
}
