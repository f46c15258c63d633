package libcontainer

import (
	"fmt"
	"runtime"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/compile"
	"wrun/linux/seccomp"
)

// nativeArch is the architecture of the machine in libseccomp's words.
func nativeArch() specs.Arch {
	if runtime.GOARCH == "arm64" {
		return specs.ArchAARCH64
	}
	return specs.ArchX86_64
}

// filter compiles linux.seccomp. A profile without a default action and rules
// is none, as for runc.
func (c *container) filter() (*compile.Filter, error) {
	s := c.spec.Linux.Seccomp
	if c.spec.Process == nil || s == nil || s.DefaultAction == "" && len(s.Syscalls) == 0 {
		return nil, nil
	}
	f, notes, err := seccomp.Compile(s, nativeArch())
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		c.r.Log.Debugf("%s", n)
	}
	return &compile.Filter{Insns: f.Insns, Flags: f.Flags}, nil
}

// execFailed words an execve that failed. A filter is in force by then, and may
// be the reason for an error that speaks of no file.
func execFailed(s *specs.Spec, errno syscall.Errno) error {
	hint := ""
	switch errno {
	case syscall.ENOENT, syscall.EACCES, syscall.ENOEXEC, syscall.E2BIG, syscall.ENOTDIR:
	default:
		if l := s.Linux; l != nil && l.Seccomp != nil && l.Seccomp.DefaultAction != "" {
			hint = " (does linux.seccomp allow it?)"
		}
	}
	return fmt.Errorf("exec %s%s: %w", s.Process.Args[0], hint, errno)
}
