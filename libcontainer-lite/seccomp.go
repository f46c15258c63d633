package libcontainer

import (
	"fmt"
	"path/filepath"
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

// filter compiles linux.seccomp, or takes it from the cache. A profile without
// a default action and rules is none, as for runc.
func (c *container) filter() (*compile.Filter, error) {
	s := c.spec.Linux.Seccomp
	if c.spec.Process == nil || s == nil || s.DefaultAction == "" && len(s.Syscalls) == 0 {
		return nil, nil
	}
	// Another build may compile otherwise.
	key := append(make([]byte, 0, 16<<10), c.r.Version+"\x00"+c.r.Commit+"\x00"...)
	key = seccomp.Key(key, s, nativeArch())
	cached, err := c.r.filters().load(key)
	if err != nil {
		c.r.Log.Debugf("seccomp cache: %v", err)
	}
	if cached != nil {
		return cached, nil
	}
	f, notes, err := seccomp.Compile(s, nativeArch())
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		c.r.Log.Debugf("%s", n)
	}
	x := &compile.Filter{Insns: f.Insns, Flags: f.Flags}
	c.filterKey, c.newFilter = key, x
	return x, nil
}

func (r *Runtime) filters() *filterCache {
	return &filterCache{filepath.Join(r.Root, ".seccomp")}
}

// keepFilter puts a filter that was compiled for this container in the cache.
// Nothing depends on it.
func (c *container) keepFilter() {
	if c.newFilter == nil {
		return
	}
	if err := c.r.filters().save(c.newFilter, c.filterKey); err != nil {
		c.r.Log.Debugf("seccomp cache: %v", err)
	}
	c.newFilter, c.filterKey = nil, nil
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
