package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Unsupported returns an error that names the first field which asks for
// something that this version of wrun does not do. Create must call it: a field
// is honoured or refused, never ignored. A value that asks for nothing (null,
// false, zero, an empty list or object) is no reason to refuse.
func Unsupported(s *specs.Spec) error {
	l, h := s.Linux, s.Hooks
	if l == nil {
		l = new(specs.Linux)
	}
	if h == nil {
		h = new(specs.Hooks)
	}
	for _, f := range [...]struct {
		asked bool
		field string
	}{
		{len(h.CreateContainer) > 0, "hooks.createContainer"},
		{len(h.StartContainer) > 0, "hooks.startContainer"},
		{namespace(l, specs.TimeNamespace) >= 0, "linux.namespaces: time"},
		{len(l.TimeOffsets) > 0, "linux.timeOffsets"},
		{len(l.NetDevices) > 0, "linux.netDevices"},
		{notifies(l.Seccomp), "linux.seccomp: SCMP_ACT_NOTIFY"},
		// An empty object is a request: for a group named after the container (config-linux.md, "IntelRdt").
		{l.IntelRdt != nil, "linux.intelRdt"},
	} {
		if f.asked {
			return unsupported(f.field)
		}
	}
	for i := range s.Mounts {
		m := &s.Mounts[i]
		for _, o := range m.Options {
			if isOne(o, "idmap", "ridmap") || strings.HasPrefix(o, "idmap=") || strings.HasPrefix(o, "ridmap=") {
				return unsupported(fmt.Sprintf("mounts[%d].options: %s", i, o))
			}
		}
		if len(m.UIDMappings) > 0 {
			return unsupported(fmt.Sprintf("mounts[%d].uidMappings", i))
		}
		if len(m.GIDMappings) > 0 {
			return unsupported(fmt.Sprintf("mounts[%d].gidMappings", i))
		}
	}
	return nil
}

func unsupported(field string) error {
	return fmt.Errorf("%s: not supported by this version of wrun", field)
}

func isOne(s string, of ...string) bool {
	return contains(of, s)
}

// notifies: a rule that asks an agent.
func notifies(s *specs.LinuxSeccomp) bool {
	return s != nil && slices.ContainsFunc(s.Syscalls, func(x specs.LinuxSyscall) bool { return x.Action == specs.ActNotify })
}
