package libcontainer

import (
	"fmt"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec"
)

// checkSysctls refuses keys of a namespace that is joined and turns out to be
// the runtime's own: they would be settings of the host.
func (c *container) checkSysctls() error {
	if len(c.spec.Linux.Sysctl) == 0 {
		return nil
	}
	for i, ns := range c.spec.Linux.Namespaces {
		if ns.Path == "" {
			continue
		}
		key := firstSysctl(c.spec.Linux, ns.Type)
		if key == "" {
			continue
		}
		theirs, err := os.Stat(ns.Path)
		if err != nil {
			return fmt.Errorf("linux.namespaces[%d] %s: %w", i, ns.Type, err)
		}
		ours, err := os.Stat("/proc/self/ns/" + procName(ns.Type))
		if err != nil {
			return err
		}
		if os.SameFile(theirs, ours) {
			return fmt.Errorf("linux.sysctl: %q not allowed: linux.namespaces[%d] %s %s is the host's", key, i, ns.Type, ns.Path)
		}
	}
	return nil
}

// firstSysctl is the first key, by name, that belongs to a type of namespace.
func firstSysctl(l *specs.Linux, t specs.LinuxNamespaceType) (first string) {
	for k := range l.Sysctl {
		if spec.SysctlNamespace(k) == t && (first == "" || k < first) {
			first = k
		}
	}
	return first
}

// procName is a namespace's file in /proc/PID/ns (namespaces(7)), of the types
// that have sysctls.
func procName(t specs.LinuxNamespaceType) string {
	if t == specs.NetworkNamespace {
		return "net"
	}
	return string(t)
}
