package spec

import (
	"os"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestLinux(t *testing.T) {
	l := func(change func(*specs.Linux)) func(*specs.Spec) { return func(s *specs.Spec) { change(s.Linux) } }
	ns := func(n ...specs.LinuxNamespace) func(*specs.Spec) {
		return l(func(l *specs.Linux) { l.Namespaces = append(l.Namespaces, n...) })
	}
	ids := []specs.LinuxIDMapping{{Size: 1}}
	check(t, []rule{
		{"namespace unknown", ns(specs.LinuxNamespace{Type: "net"}), `linux.namespaces[6].type: "net" is none of pid, network`, ""},
		{"namespace without type", ns(specs.LinuxNamespace{}), `linux.namespaces[6].type: "" is none of`, ""},
		{"namespace twice", ns(specs.LinuxNamespace{Type: "ipc", Path: "/x"}), "linux.namespaces[6].type: ipc is there twice, first at [2]", ""},
		{"namespace relative path", l(func(l *specs.Linux) { l.Namespaces[1].Path = "ns/net" }), `linux.namespaces[1].path: network: "ns/net" is not an absolute path`, ""},
		{"namespace path nul", l(func(l *specs.Linux) { l.Namespaces[1].Path = "/n\x00" }), "linux.namespaces[1].path: network: ", ""},
		{"namespace by path", l(func(l *specs.Linux) { l.Namespaces[1].Path = "/run/netns/../netns/a" }), "", ""},
		{"none", func(s *specs.Spec) { s.Linux, s.Hostname = &specs.Linux{}, "" }, "", ""},

		{"uid map without user", l(func(l *specs.Linux) { l.UIDMappings = ids }), "linux.uidMappings: needs a user namespace", ""},
		{"gid map without user", l(func(l *specs.Linux) { l.GIDMappings = ids }), "linux.gidMappings: needs a user namespace", ""},
		{"user without uid map", ns(specs.LinuxNamespace{Type: "user"}), "linux.uidMappings: is empty, but linux.namespaces[6]", ""},
		{"user without gid map", l(func(l *specs.Linux) {
			l.Namespaces, l.UIDMappings = append(l.Namespaces, specs.LinuxNamespace{Type: "user"}), ids
		}), "linux.gidMappings: is empty", ""},
		{"user", l(func(l *specs.Linux) {
			l.Namespaces, l.UIDMappings, l.GIDMappings = append(l.Namespaces, specs.LinuxNamespace{Type: "user"}), ids, ids
		}), "", ""},
		{"user joined", ns(specs.LinuxNamespace{Type: "user", Path: "/proc/2/ns/user"}), "", ""},
		{"offsets without time", l(func(l *specs.Linux) { l.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {}} }), "linux.timeOffsets: needs a new time namespace", ""},
		{"offsets of a joined time", l(func(l *specs.Linux) {
			l.Namespaces = append(l.Namespaces, specs.LinuxNamespace{Type: "time", Path: "/t"})
			l.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {}}
		}), "linux.timeOffsets: needs a new", ""},

		{"cgroups ..", l(func(l *specs.Linux) { l.CgroupsPath = "/a/../b" }), `linux.cgroupsPath: "/a/../b" has a ".."`, ""},
		{"cgroups ends in ..", l(func(l *specs.Linux) { l.CgroupsPath = "a/.." }), "linux.cgroupsPath: ", ""},
		{"cgroups nul", l(func(l *specs.Linux) { l.CgroupsPath = "/a\x00" }), "linux.cgroupsPath: ", ""},
		{"cgroups relative", l(func(l *specs.Linux) { l.CgroupsPath = "a/b..c/..." }), "", ""},
		{"cgroups systemd", l(func(l *specs.Linux) { l.CgroupsPath = "system.slice:docker:0123" }), "", ""},

		{"propagation", l(func(l *specs.Linux) { l.RootfsPropagation = "rslave" }), "", ""},
		{"propagation unknown", l(func(l *specs.Linux) { l.RootfsPropagation = "all" }), `linux.rootfsPropagation: "all" is none of`, ""},

		{"masked relative", l(func(l *specs.Linux) { l.MaskedPaths[3] = "proc/x" }), `linux.maskedPaths[3]: "proc/x" is not an absolute path`, ""},
		{"masked escaping", l(func(l *specs.Linux) { l.MaskedPaths[0] = "/.." }), `linux.maskedPaths[0]: "/.." climbs out`, ""},
		{"readonly empty", l(func(l *specs.Linux) { l.ReadonlyPaths[1] = "" }), `linux.readonlyPaths[1]: "" is empty`, ""},
		{"masked on the host", func(s *specs.Spec) { drop(s, specs.MountNamespace) }, "linux.maskedPaths: needs a mount namespace", ""},
		{"readonly on the host", func(s *specs.Spec) {
			drop(s, specs.MountNamespace)
			s.Linux.MaskedPaths = nil
		}, "linux.readonlyPaths: needs a mount namespace", ""},
	})
}

func TestDevices(t *testing.T) {
	d := func(d specs.LinuxDevice) func(*specs.Spec) {
		return func(s *specs.Spec) {
			s.Linux.Devices = []specs.LinuxDevice{{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229}, d}
		}
	}
	check(t, []rule{
		{"fifo", d(specs.LinuxDevice{Path: "/run/f", Type: "p", FileMode: ptr(os.FileMode(0o600)), UID: ptr(uint32(1)), GID: ptr(uint32(noID - 1))}), "", ""},
		{"mode with type", d(specs.LinuxDevice{Path: "/dev/a", Type: "b", Major: 4095, Minor: 1048575, FileMode: ptr(os.FileMode(0o60660))}), "", ""},
		{"unbuffered", d(specs.LinuxDevice{Path: "/dev/tty", Type: "u", Major: 5}), "", ""},
		{"no type", d(specs.LinuxDevice{Path: "/dev/a"}), `linux.devices[1].type: /dev/a: "" is none of c, b, u, p`, ""},
		{"type a", d(specs.LinuxDevice{Path: "/dev/a", Type: "a"}), "linux.devices[1].type: ", ""},
		{"no path", d(specs.LinuxDevice{Type: "c"}), `linux.devices[1].path: "" is empty`, ""},
		{"relative", d(specs.LinuxDevice{Path: "dev/a", Type: "c"}), `linux.devices[1].path: "dev/a" is not an absolute path`, ""},
		{"escaping", d(specs.LinuxDevice{Path: "/dev/../../a", Type: "c"}), "linux.devices[1].path: ", ""},
		{"major wild", d(specs.LinuxDevice{Path: "/dev/a", Type: "c", Major: -1}), "linux.devices[1].major: /dev/a: -1", ""},
		{"major", d(specs.LinuxDevice{Path: "/dev/a", Type: "c", Major: 4096}), "linux.devices[1].major: ", ""},
		{"minor", d(specs.LinuxDevice{Path: "/dev/a", Type: "b", Minor: 1 << 20}), "linux.devices[1].minor: ", ""},
		{"mode", d(specs.LinuxDevice{Path: "/dev/a", Type: "c", FileMode: ptr(os.ModeDevice | 0o600)}), "linux.devices[1].fileMode: ", ""},
		{"uid", d(specs.LinuxDevice{Path: "/dev/a", Type: "c", UID: ptr(uint32(noID))}), "linux.devices[1].uid: ", ""},
		{"gid", d(specs.LinuxDevice{Path: "/dev/a", Type: "c", GID: ptr(uint32(noID))}), "linux.devices[1].gid: ", ""},
	})
}

func TestSysctls(t *testing.T) {
	set := func(kv ...string) func(*specs.Spec) {
		return func(s *specs.Spec) {
			s.Linux.Sysctl = map[string]string{}
			for i := 0; i < len(kv); i += 2 {
				s.Linux.Sysctl[kv[i]] = kv[i+1]
			}
		}
	}
	on := func(change, and func(*specs.Spec)) func(*specs.Spec) {
		return func(s *specs.Spec) { change(s); and(s) }
	}
	check(t, []rule{
		{"docker's", set("net.ipv4.ip_unprivileged_port_start", "0", "net.ipv4.ping_group_range", "0 2147483647", "kernel.domainname", "d"), "", ""},
		{"ipc", set("kernel.shmmax", "1", "fs.mqueue.msg_max", "2"), "", ""},
		{"slashes", set("net/ipv4/conf/eth0.1/forwarding", "1"), "", ""},
		{"host", set("vm.swappiness", "1"), `linux.sysctl: "vm.swappiness" is a setting of the whole host`, ""},
		{"first by name", set("vm.b", "1", "vm.a", "1", "net.x", "1", "vm.c", "1"), `linux.sysctl: "vm.a" is`, ""},
		{"hostname", set("kernel.hostname", "x"), `linux.sysctl: "kernel.hostname" is set by the field hostname`, ""},
		{"climbing", set("net/ipv4/../../kernel/panic", "1"), `linux.sysctl: "net/ipv4/../../kernel/panic" is not the name`, ""},
		{"climbing with dots", set("net.//.x", "1"), `linux.sysctl: "net.//.x"`, ""},
		{"holes", set("net..x", "1"), `linux.sysctl: "net..x" is not the name`, ""},
		{"empty", set("", "1"), `linux.sysctl: "" is not the name`, ""},
		{"value nul", set("net.x", "\x00"), `linux.sysctl: "net.x" has a value with a NUL byte`, ""},
		{"no ipc", on(set("kernel.sem", "1"), func(s *specs.Spec) { drop(s, specs.IPCNamespace) }), `linux.sysctl: "kernel.sem" needs a namespace of type ipc`, ""},
		{"no network", on(set("net.x", "1"), func(s *specs.Spec) { drop(s, specs.NetworkNamespace) }), `linux.sysctl: "net.x" needs a namespace of type network`, ""},
		{"no uts", on(set("kernel.domainname", "1"), func(s *specs.Spec) {
			drop(s, specs.UTSNamespace)
			s.Hostname = ""
		}), `linux.sysctl: "kernel.domainname" needs a namespace of type uts`, ""},
	})
}

func TestResources(t *testing.T) {
	r := func(r specs.LinuxResources) func(*specs.Spec) { return func(s *specs.Spec) { s.Linux.Resources = &r } }
	rule1 := func(d specs.LinuxDeviceCgroup) func(*specs.Spec) {
		return r(specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Access: "rwm"}, d}})
	}
	huge := func(size string) func(*specs.Spec) {
		return r(specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: size}}})
	}
	file := func(name string) func(*specs.Spec) {
		return r(specs.LinuxResources{Unified: map[string]string{"memory.max": "1", name: "2"}})
	}
	check(t, []rule{
		{"none", func(s *specs.Spec) { s.Linux.Resources = nil }, "", ""},
		{"empty", r(specs.LinuxResources{Memory: &specs.LinuxMemory{}, CPU: &specs.LinuxCPU{}, Pids: &specs.LinuxPids{}}), "", ""},

		{"device rule", rule1(specs.LinuxDeviceCgroup{Type: "a", Major: ptr(int64(-1)), Minor: ptr(int64(1<<32 - 1)), Access: "mr"}), "", ""},
		{"device type", rule1(specs.LinuxDeviceCgroup{Type: "u", Access: "r"}), `linux.resources.devices[1].type: "u" is none of a, b, c`, ""},
		{"device access", rule1(specs.LinuxDeviceCgroup{Access: "rwx"}), `linux.resources.devices[1].access: "rwx" is not made of r, w, m`, ""},
		{"device no access", rule1(specs.LinuxDeviceCgroup{Allow: true}), "linux.resources.devices[1].access: ", ""},
		{"device major", rule1(specs.LinuxDeviceCgroup{Access: "r", Major: ptr(int64(-2))}), "linux.resources.devices[1].major: -2", ""},
		{"device minor", rule1(specs.LinuxDeviceCgroup{Access: "r", Minor: ptr(int64(1 << 32))}), "linux.resources.devices[1].minor: 4294967296", ""},

		{"memory", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(-1)), Swap: ptr(int64(0)), Swappiness: ptr(uint64(100))}}), "", ""},
		{"memory limit", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr(int64(-2))}}), "linux.resources.memory.limit: -2 bytes", ""},
		{"memory reservation", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Reservation: ptr(int64(-2))}}), "linux.resources.memory.reservation: ", ""},
		{"memory swap", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: ptr(int64(-2))}}), "linux.resources.memory.swap: ", ""},
		{"memory swappiness", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Swappiness: ptr(uint64(101))}}), "linux.resources.memory.swappiness: 101", ""},
		{"memory kernel", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Kernel: ptr(int64(-1))}}), "", "linux.resources.memory.kernel: ignored"},
		{"memory kernelTCP", r(specs.LinuxResources{Memory: &specs.LinuxMemory{KernelTCP: ptr(int64(9))}}), "", "linux.resources.memory.kernelTCP: ignored"},
		{"memory kernel zero", r(specs.LinuxResources{Memory: &specs.LinuxMemory{Kernel: ptr(int64(0)), KernelTCP: ptr(int64(0))}}), "", ""},

		{"huge", huge("64KB"), "", ""},
		{"huge 1GB", huge("1GB"), "", ""},
		{"huge empty", huge(""), "linux.resources.hugepageLimits[0].pageSize: ", ""},
		{"huge lower", huge("2mB"), "linux.resources.hugepageLimits[0].pageSize: ", ""},
		{"huge zero", huge("02MB"), "linux.resources.hugepageLimits[0].pageSize: ", ""},
		{"huge no number", huge("MB"), "linux.resources.hugepageLimits[0].pageSize: ", ""},
		{"huge path", huge("2/../../xMB"), "linux.resources.hugepageLimits[0].pageSize: ", ""},

		{"unified", file("hugetlb.1GB.max"), "", ""},
		{"unified path", file("../memory.max"), `linux.resources.unified: "../memory.max" is not CONTROLLER.PARAMETER`, ""},
		{"unified no dot", file("memory"), "linux.resources.unified: ", ""},
		{"unified empty", file(""), `linux.resources.unified: "" is not`, ""},
		{"unified dots", file(".."), `linux.resources.unified: ".." is not`, ""},
		{"unified nul", file("a.b\x00"), "linux.resources.unified: ", ""},
	})
}
