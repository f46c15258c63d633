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
	need := specs.LinuxNamespaceType("")
	switch name {
	case "kernel.hostname":
		return "is set by the field hostname"
	case "kernel.domainname":
		need = specs.UTSNamespace
	case "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced":
		need = specs.IPCNamespace
	default:
		switch {
		case strings.HasPrefix(name, "fs.mqueue."):
			need = specs.IPCNamespace
		case strings.HasPrefix(name, "net."):
			need = specs.NetworkNamespace
		default:
			return "is a setting of the whole host"
		}
	}
	if namespace(l, need) < 0 {
		return fmt.Sprintf("needs a namespace of type %s, linux.namespaces has none", need)
	}
	return ""
}

// dotted returns a key in the form net.ipv4.conf.eth0/1.forwarding. sysctl(8)
// takes either separator: the first one in the key is it, the other then stands
// for itself, swapped.
func dotted(key string) string {
	i := strings.IndexAny(key, "./")
	if i < 0 || key[i] == '.' {
		return key
	}
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
