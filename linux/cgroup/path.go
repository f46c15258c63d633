package cgroup

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// New decides which directories a container's cgroup is, and makes none of
// them.
//
// An absolute linux.cgroupsPath counts from the cgroup mounts' root. A relative
// one counts from the caller's own cgroup on v1, and from its parent on v2,
// where the caller's own holds processes and so cannot give its children
// controllers. An empty one is the container's id, relative. This is what
// runc's cgroupfs driver does, `..` aside, which is refused. The systemd form
// slice:prefix:name has no meaning here and is a relative path like any other.
func New(h *Host, cgroupsPath, id string) (*Group, error) {
	inner, err := cleanPath(cgroupsPath, id)
	if err != nil {
		return nil, fmt.Errorf("linux.cgroupsPath: %w", err)
	}
	var own string
	if inner[0] != '/' {
		if own, err = kernel.CgroupRead("/proc/self/cgroup"); err != nil {
			return nil, fmt.Errorf("linux.cgroupsPath: %w", err)
		}
	}
	g, err := place(h, inner, own)
	if err != nil {
		return nil, fmt.Errorf("linux.cgroupsPath: %w", err)
	}
	return g, nil
}

// cleanPath gives the path without empty and "." components, relative or
// absolute as it was.
func cleanPath(path, id string) (string, error) {
	if path == "" {
		path = id
	}
	b := make([]byte, 0, len(path)+1)
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", fmt.Errorf("%q leaves the cgroup with \"..\"", path)
		case strings.ContainsAny(part, "\x00\n"):
			return "", fmt.Errorf("%q: no cgroup may have such a name", path)
		}
		b = append(append(b, '/'), part...)
	}
	if len(b) == 0 {
		return "", fmt.Errorf("%q is the root cgroup, which cannot be a container's", path)
	}
	if path[0] == '/' {
		return string(b), nil
	}
	return string(b[1:]), nil
}

// place puts a clean path below each hierarchy; own is the text of
// /proc/self/cgroup when the path is relative.
func place(h *Host, inner, own string) (*Group, error) {
	g := &Group{host: h, dirs: make([]dir, 0, len(h.Hierarchies)+1)}
	for i := range h.Hierarchies {
		hi := &h.Hierarchies[i]
		base, err := hi.base(inner, own)
		if err != nil {
			return nil, err
		}
		g.dirs = append(g.dirs, dir{path: join(base, inner), mount: hi.Mountpoint, controllers: hi.Controllers})
	}
	if h.Unified != "" {
		base, err := h.unifiedBase(inner, own)
		if err != nil {
			return nil, err
		}
		g.dirs = append(g.dirs, dir{path: join(base, inner), mount: h.Unified, v2: true})
	}
	return g, nil
}

func join(base, inner string) string {
	if inner[0] == '/' {
		return base + inner
	}
	return base + "/" + inner
}

// base is the directory of a v1 hierarchy that a container path starts from.
func (hi *Hierarchy) base(inner, own string) (string, error) {
	if inner[0] == '/' {
		return hi.Mountpoint, nil
	}
	path, err := ownPath(own, hi.Controllers[0])
	if err != nil {
		return "", err
	}
	below, ok := beneath(path, hi.Root)
	if !ok {
		return "", fmt.Errorf("the caller's own %s cgroup %s is outside of what %s shows (%s): give an absolute path",
			hi.Controllers[0], path, hi.Mountpoint, hi.Root)
	}
	return hi.Mountpoint + below, nil
}

// unifiedBase is the same for the cgroup2 hierarchy. On a hybrid host, where it
// holds few controllers or none, it is the caller's own cgroup.
func (h *Host) unifiedBase(inner, own string) (string, error) {
	if inner[0] == '/' {
		return h.Unified, nil
	}
	path, err := ownPath(own, "")
	if err != nil {
		if h.Mode == Hybrid {
			return h.Unified, nil
		}
		return "", err
	}
	if h.Mode == Hybrid {
		if below, ok := beneath(path, "/"); ok && kernel.CgroupExists(h.Unified+below) {
			return h.Unified + below, nil
		}
		return h.Unified, nil
	}
	return h.v2Base(path)
}

// v2Base is the parent of the caller's own cgroup. In a container without a
// cgroup namespace the kernel names that cgroup from the host's root, and
// mountinfo tells how much of it the mount leaves out; that is read only when
// the name is not found.
func (h *Host) v2Base(own string) (string, error) {
	below, ok := beneath(own, "/")
	if ok && kernel.CgroupExists(h.Unified+below) {
		return h.Unified + parent(below), nil
	}
	info, err := kernel.CgroupRead("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	root := v2Root(info, h.Unified)
	if below, ok = beneath(own, root); !ok {
		return "", fmt.Errorf("the caller's own cgroup %s is outside of what %s shows (%s): give an absolute path", own, h.Unified, root)
	}
	return h.Unified + parent(below), nil
}

// v2Root is the cgroup that is seen at a cgroup2 mount point.
func v2Root(mountinfo, mountpoint string) string {
	root := "/"
	for line := range strings.SplitSeq(mountinfo, "\n") {
		if m, ok := parseMount(line); ok && m.v2 && m.Mountpoint == mountpoint {
			root = m.Root
		}
	}
	return root
}

// ownPath finds a controller's line in /proc/self/cgroup, cgroups(7):
// "4:cpu,cpuacct:/user.slice", or "0::/user.slice" for cgroup2.
func ownPath(text, controller string) (string, error) {
	for line := range strings.SplitSeq(text, "\n") {
		_, rest, _ := strings.Cut(line, ":")
		list, path, ok := strings.Cut(rest, ":")
		if !ok || !listHas(list, controller) {
			continue
		}
		if strings.HasSuffix(path, " (deleted)") {
			return "", fmt.Errorf("the caller's own cgroup %s is removed: give an absolute path", strings.TrimSuffix(path, " (deleted)"))
		}
		return path, nil
	}
	if controller == "" {
		controller = "cgroup v2"
	}
	return "", fmt.Errorf("/proc/self/cgroup has no %s line: give an absolute path", controller)
}

func listHas(list, controller string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == controller {
			return true
		}
	}
	return false
}

// beneath gives what of a cgroup's name follows root, "" or "/a/b"; a name with
// ".." is one seen from within a cgroup namespace it is not in.
func beneath(path, root string) (string, bool) {
	if root == "/" {
		root = ""
	}
	rest, ok := strings.CutPrefix(path, root)
	if !ok || rest != "" && rest[0] != '/' || strings.HasPrefix(path, "/..") || strings.HasPrefix(root, "/..") {
		return "", false
	}
	if rest == "/" {
		rest = ""
	}
	return rest, true
}

// parent is the directory part of a clean path.
func parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

// errnoOf digs the errno out of an error, 0 if there is none.
func errnoOf(err error) (errno syscall.Errno) {
	errors.As(err, &errno)
	return errno
}
