package spec

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// capabilities only warns: "runtimes SHOULD NOT fail if the container
// configuration requests capabilities that cannot be granted" (config.md).
func capabilities(c *specs.LinuxCapabilities, w *warnings) {
	if c == nil {
		return
	}
	var unknown []string
	set := func(names []string) (bits uint64) {
		for _, n := range names {
			if bit, ok := Capability(n); ok {
				bits |= 1 << bit
			} else if len(unknown) < 32 && !contains(unknown, n) { // bounded: the list is searched each time
				unknown = append(unknown, n)
			}
		}
		return bits
	}
	set(c.Bounding)
	permitted, inheritable := set(c.Permitted), set(c.Inheritable)
	effective, ambient := set(c.Effective), set(c.Ambient)

	for _, n := range unknown {
		w.add("process.capabilities: %q is unknown, ignored", n)
	}
	// capset(2) refuses an effective set that is larger than the permitted one;
	// PR_CAP_AMBIENT_RAISE wants both others (prctl(2), Linux 4.3).
	if more := effective &^ permitted; more != 0 {
		w.add("process.capabilities.effective: not in permitted, ignored: %s", list(more))
	}
	if more := ambient &^ (permitted & inheritable); more != 0 {
		w.add("process.capabilities.ambient: not in both permitted and inheritable, ignored: %s", list(more))
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// list names the capabilities of a set, lowest first.
func list(bits uint64) string {
	var names []string
	for i, n := range capabilityNames() {
		if bits&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

// Capability returns the number of a capability by its name in config.json
// (CAP_CHOWN is 0). Names are upper case and carry CAP_, as with runc.
func Capability(name string) (bit int, ok bool) {
	for i, n := range capabilityNames() {
		if n == name {
			return i, true
		}
	}
	return 0, false
}

// CapabilityNames returns every name that Capability knows, by number.
func CapabilityNames() []string {
	names := capabilityNames()
	return names[:]
}

// capabilityNames is capabilities(7) as of Linux 5.9, which added the last, in
// the order of linux/capability.h.
func capabilityNames() [41]string {
	return [...]string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
		"CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
		"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
		"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
		"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
		"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
		"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
		"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
		"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
		"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
		"CAP_CHECKPOINT_RESTORE",
	}
}
