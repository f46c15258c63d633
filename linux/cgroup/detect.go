package cgroup

import (
	"fmt"
	"strings"

	"wrun/linux/kernel"
)

// standard is where cgroups are mounted, hier(7) and systemd's FILE-HIERARCHY.
const standard = "/sys/fs/cgroup"

// A Host is the cgroup file systems a host has.
type Host struct {
	Mode Mode
	// Unified is where cgroup2 is mounted, "" on v1.
	Unified string
	// Hierarchies are the v1 ones, none on v2.
	Hierarchies []Hierarchy
}

// A Hierarchy is a mounted cgroup v1 hierarchy.
type Hierarchy struct {
	// Mountpoint is where it is mounted.
	Mountpoint string
	// Root is the cgroup that is seen there, "/" but in a nested container.
	Root string
	// Controllers are those mounted together, or one "name=systemd".
	Controllers []string
}

// Mount is where a v1 controller ("cpu", "name=systemd") is mounted, the
// cgroup2 mount for "", and "" for one that is not mounted.
func (h *Host) Mount(controller string) string {
	if controller == "" {
		return h.Unified
	}
	for i := range h.Hierarchies {
		for _, c := range h.Hierarchies[i].Controllers {
			if c == controller {
				return h.Hierarchies[i].Mountpoint
			}
		}
	}
	return ""
}

// Mounts is Mount for all there is.
func (h *Host) Mounts() map[string]string {
	m := make(map[string]string)
	if h.Unified != "" {
		m[""] = h.Unified
	}
	for _, hi := range h.Hierarchies {
		for _, c := range hi.Controllers {
			m[c] = hi.Mountpoint
		}
	}
	return m
}

// Detect finds the host's cgroups: one statfs(2) on v2, one read of
// /proc/self/mountinfo else.
func Detect() (*Host, error) {
	magic, err := kernel.StatfsType(standard)
	if err == nil && magic == kernel.CgroupV2Magic {
		return &Host{Mode: V2, Unified: standard}, nil
	}
	info, readErr := kernel.CgroupRead("/proc/self/mountinfo")
	if readErr != nil {
		return nil, fmt.Errorf("cgroups: %w", readErr)
	}
	if h := parseMountinfo(info); h != nil {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("no cgroup file system is mounted: %w (mount -t cgroup2 none %s)", err, standard)
	}
	return nil, fmt.Errorf("no cgroup file system is mounted: %s is of type %#x (mount -t cgroup2 none %s)", standard, magic, standard)
}

// parseMountinfo finds the cgroup mounts in proc_pid_mountinfo(5) text, nil if
// there are none.
//
// Containers on the host show copies of the same hierarchies elsewhere, and
// others mount a cgroup2 of their own somewhere (Cilium: /run/cilium/cgroupv2):
// what is below /sys/fs/cgroup counts, and only without any v1 hierarchy there
// the first mount of each elsewhere. A cgroup2 mount elsewhere never does.
func parseMountinfo(text string) *Host {
	h, other := &Host{Mode: V1}, &Host{Mode: V1}
	for line := range strings.SplitSeq(text, "\n") {
		m, ok := parseMount(line)
		if !ok {
			continue
		}
		inside := strings.HasPrefix(m.Mountpoint, standard+"/")
		switch {
		case m.v2 && inside && h.Unified == "":
			h.Unified = m.Mountpoint
		case m.v2:
		case inside:
			h.add(m.Hierarchy)
		default:
			other.add(m.Hierarchy)
		}
	}
	if len(h.Hierarchies) == 0 {
		h.Hierarchies = other.Hierarchies
	}
	switch {
	case len(h.Hierarchies) == 0 && h.Unified == "":
		return nil
	case len(h.Hierarchies) == 0:
		h.Mode = V2
	case h.Unified != "":
		h.Mode = Hybrid
	}
	return h
}

// add notes a hierarchy unless it is known already or has nothing for us.
func (h *Host) add(hi Hierarchy) {
	if len(hi.Controllers) == 0 {
		return
	}
	if h.Mount(hi.Controllers[0]) == "" {
		h.Hierarchies = append(h.Hierarchies, hi)
	}
}

type cgroupMount struct {
	Hierarchy
	v2 bool
}

// parseMount reads a line such as
//
//	36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
//
// with a varying number of fields before the dash.
func parseMount(line string) (m cgroupMount, ok bool) {
	head, tail, found := strings.Cut(line, " - cgroup")
	if !found {
		return m, false
	}
	kind, _, _ := strings.Cut(tail, " ")
	if kind != "" && kind != "2" {
		return m, false
	}
	m.v2 = kind == "2"
	fields := strings.SplitN(head, " ", 6)
	if len(fields) < 5 {
		return m, false
	}
	m.Root, m.Mountpoint = unescape(fields[3]), unescape(fields[4])
	if !strings.HasPrefix(m.Root, "/") || !strings.HasPrefix(m.Mountpoint, "/") {
		return m, false
	}
	options := tail[strings.LastIndexByte(tail, ' ')+1:]
	for o := range strings.SplitSeq(options, ",") {
		if joined(o) {
			m.Controllers = append(m.Controllers, o)
		}
	}
	return m, true
}

// joined tells whether a mount option of a v1 hierarchy names a controller, or
// systemd's own hierarchy: what a container has a cgroup in. Other named
// hierarchies (OpenRC's) belong to someone else, as with runc.
func joined(option string) bool {
	switch option {
	case "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids",
		"hugetlb", "net_cls", "net_prio", "perf_event", "rdma", "misc", "name=systemd":
		return true
	}
	return false
}

// unescape undoes mountinfo's octal escapes: space \040, tab, newline,
// backslash.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
