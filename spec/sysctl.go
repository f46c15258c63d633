package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// sysctls lets only those keys pass that belong to a namespace of the
// container; any other is a setting of the whole host. Whether a joined network
// namespace is the host's own is for whoever opens it to see. Of several bad
// keys the first by name is reported, since a map has no order.
func sysctls(l *specs.Linux) error {
	key, cause := "", ""
	for k, v := range l.Sysctl {
		bad := badSysctl(l, k)
		if bad == "" && strings.IndexByte(v, 0) >= 0 {
			bad = "has a value with a NUL byte"
		}
		if bad != "" && (cause == "" || k < key) {
			key, cause = k, bad
		}
	}
	if cause != "" {
		return fmt.Errorf("linux.sysctl: %q %s", key, cause)
	}
	return nil
}

func badSysctl(l *specs.Linux, key string) string {
	name := dotted(key)
	for part := range strings.SplitSeq(name, ".") {
		// Slashes alone are the "." and ".." of the path in /proc/sys.
		if strings.Trim(part, "/") == "" || strings.IndexByte(part, 0) >= 0 {
			return "is not the name of a sysctl"
		}
	}
	if name == "kernel.hostname" {
		return "is set by the field hostname"
	}
	need := SysctlNamespace(key)
	if need == "" {
		return "is a setting of the whole host"
	}
	if namespace(l, need) < 0 {
		return fmt.Sprintf("needs a namespace of type %s, linux.namespaces has none", need)
	}
	return ""
}

// SysctlNamespace returns the type of namespace that a key is a setting of; ""
// for one of the whole host (namespaces(7), and for the list of each type
// ipc_namespaces(7), uts_namespaces(7), network_namespaces(7)).
func SysctlNamespace(key string) specs.LinuxNamespaceType {
	name := dotted(key)
	switch name {
	case "kernel.domainname":
		return specs.UTSNamespace
	case "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced":
		return specs.IPCNamespace
	}
	switch {
	case strings.HasPrefix(name, "fs.mqueue."):
		return specs.IPCNamespace
	case strings.HasPrefix(name, "net."):
		return specs.NetworkNamespace
	}
	return ""
}

// SysctlPath returns a key's file below /proc/sys: net/ipv4/conf/eth0.1/forwarding.
func SysctlPath(key string) string { return swapSeparators(dotted(key)) }

// dotted returns a key in the form net.ipv4.conf.eth0/1.forwarding. sysctl(8)
// takes either separator: the first one in the key is it, the other then stands
// for itself, swapped.
func dotted(key string) string {
	i := strings.IndexAny(key, "./")
	if i < 0 || key[i] == '.' {
		return key
	}
	return swapSeparators(key)
}

func swapSeparators(key string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, key)
}
