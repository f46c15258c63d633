// Package cgroup puts a container into its cgroups and limits it: cgroup v2,
// v1 and hybrid hosts, by the cgroup file system itself.
//
// It is wrun's own code because of the start-up budget: importing
// opencontainers/cgroups costs every command 0.2 ms of CPU (a Go hello takes
// 0.9), and wrun's way into a cgroup is another: the init is cloned into it on
// v2 and joins through the tasks files on v1, where a write of its pid to
// cgroup.procs waits 7 to 14 ms for an RCU period.
//
// The life of a group:
//
//	h, err := Detect()               what the host has
//	g, err := New(h, path, id)       which directories; nothing is made yet
//	err = g.Create()                 make them
//	fd, err := g.OpenV2()            clone the init into it, and
//	g.TaskPaths() or g.JoinPaths()   let it join the rest itself
//	err = g.Apply(resources)         limits and devices, the init waiting
//	err = g.ApplyLate(resources)     limits that only the workload can bear
//	g = Load(h, paths)               later, in another process
//	err = g.Kill(); err = g.Remove()
//
// A create that fails calls Undo, which removes only what Create made.
package cgroup

import (
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// Mode is which of the kernel's two cgroup interfaces a host uses.
type Mode int

// The three kinds of hosts.
const (
	// V2 has one cgroup2 file system at /sys/fs/cgroup.
	V2 Mode = iota
	// V1 has a cgroup file system for each controller.
	V1
	// Hybrid is V1 with a cgroup2 file system beside them, which may hold the
	// controllers that no v1 hierarchy has.
	Hybrid
)

func (m Mode) String() string {
	switch m {
	case V2:
		return "v2"
	case V1:
		return "v1"
	case Hybrid:
		return "hybrid"
	}
	return "unknown"
}

// A Group is a container's cgroup: one directory in each hierarchy.
type Group struct {
	host *Host
	dirs []dir
	// made are the directories Create made, parents before children.
	made []string
	// enabling is why a controller could not be enabled for the group (v2).
	enabling error
}

// dir is the group's directory in one hierarchy.
type dir struct {
	path string
	// mount is where the hierarchy is mounted, "" if not known (Load).
	mount string
	v2    bool
	// controllers are the v1 hierarchy's, such as [cpu cpuacct], or
	// [name=systemd].
	controllers []string
	// fresh says that this process made the directory: nobody else has
	// changed a limit in it, and nobody is in it yet.
	fresh bool
}

func (d *dir) has(controller string) bool {
	for _, c := range d.controllers {
		if c == controller {
			return true
		}
	}
	return false
}

func (d *dir) file(name string) string { return d.path + "/" + name }

// controller finds the directory that holds a controller's files: the v1
// hierarchy of that name, else the v2 directory, which may have it. It is nil
// when there is neither.
func (g *Group) controller(name string) *dir {
	for i := range g.dirs {
		if g.dirs[i].has(name) {
			return &g.dirs[i]
		}
	}
	return g.unified()
}

// unified is the group's directory in the cgroup2 hierarchy, nil on v1.
func (g *Group) unified() *dir {
	for i := range g.dirs {
		if g.dirs[i].v2 {
			return &g.dirs[i]
		}
	}
	return nil
}

// Mode tells which kind of group this is.
func (g *Group) Mode() Mode {
	u := g.unified()
	switch {
	case u == nil:
		return V1
	case len(g.dirs) > 1:
		return Hybrid
	}
	return V2
}

// Paths gives the group's directory for each controller, for the state file:
// the v1 controllers by name ("cpu", "name=systemd") and the cgroup2 directory
// as "". It needs no I/O, so it can be saved before Create makes anything; but
// until Create has returned they may be somebody else's, and after a crash in
// between they may only be given to Remove, not to Kill.
func (g *Group) Paths() map[string]string {
	m := make(map[string]string, 2*len(g.dirs))
	for i := range g.dirs {
		d := &g.dirs[i]
		if d.v2 {
			m[""] = d.path
		}
		for _, c := range d.controllers {
			m[c] = d.path
		}
	}
	return m
}

// Load makes a group of what Paths gave. The host may be nil: only Create,
// Binds' names and the enabling of v2 controllers need it.
func Load(h *Host, paths map[string]string) *Group {
	g := &Group{host: h}
	for _, name := range sortedKeys(paths) {
		g.addDir(h, name, paths[name])
	}
	return g
}

func (g *Group) addDir(h *Host, controller, path string) {
	if path == "" {
		return
	}
	if controller == "" {
		d := dir{path: path, v2: true}
		if h != nil {
			d.mount = h.Unified
		}
		g.dirs = append(g.dirs, d)
		return
	}
	for i := range g.dirs {
		if d := &g.dirs[i]; !d.v2 && d.path == path {
			d.controllers = append(d.controllers, controller)
			return
		}
	}
	d := dir{path: path, controllers: []string{controller}}
	if h != nil {
		d.mount = h.Mount(controller)
	}
	g.dirs = append(g.dirs, d)
}

// sortedKeys gives a map's keys in order: what is done must not depend on the
// map's.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	for i := 1; i < len(keys); i++ { // a dozen at most
		for k := i; k > 0 && keys[k] < keys[k-1]; k-- {
			keys[k], keys[k-1] = keys[k-1], keys[k]
		}
	}
	return keys
}

// Exists tells whether any of the group's directories is there.
func (g *Group) Exists() bool {
	for i := range g.dirs {
		if kernel.CgroupExists(g.dirs[i].path) {
			return true
		}
	}
	return false
}

// OpenV2 opens the group's cgroup2 directory for CLONE_INTO_CGROUP (clone3(2),
// Linux 5.7); the caller closes it. On v1 it gives -1 and no error. On a
// hybrid host it is the unified directory: a clone into it spares the init the
// write to cgroup.procs, which waits for an RCU period.
func (g *Group) OpenV2() (fd int, err error) {
	d := g.unified()
	if d == nil {
		return -1, nil
	}
	return kernel.CgroupOpen(d.path)
}

// JoinPaths lists the files a single-threaded process writes "0" to in order
// to join the whole group: the tasks file of each v1 hierarchy and, on a
// hybrid host, cgroup.procs of the unified one. On v2 there are none: the
// process is cloned into the group.
func (g *Group) JoinPaths() []string {
	paths := g.TaskPaths()
	if d := g.unified(); d != nil && len(g.dirs) > 1 {
		paths = append(paths, d.file("cgroup.procs"))
	}
	return paths
}

// TaskPaths is JoinPaths for a process that was cloned into OpenV2's
// directory: the v1 hierarchies alone. A task that moves itself by writing 0
// to tasks takes no global lock (cgroup_procs_write_start in
// kernel/cgroup/cgroup.c), unlike any write to cgroup.procs.
func (g *Group) TaskPaths() []string {
	paths := make([]string, 0, len(g.dirs))
	for i := range g.dirs {
		if d := &g.dirs[i]; !d.v2 {
			paths = append(paths, d.file("tasks"))
		}
	}
	return paths
}

// A Bind is one directory of the cgroup mount inside a container.
type Bind struct {
	// Name is the directory's name below the mount: "memory", "cpu,cpuacct",
	// "systemd"; "" on v2, where the source is the mount.
	Name string
	// Source is the container's own cgroup on the host.
	Source string
	// Controllers are the mount options of the hierarchy, for a fresh mount in
	// a cgroup namespace: "cpu" and "cpuacct", or "name=systemd".
	Controllers []string
	// Symlinks are further names for the same directory, links to Name: the
	// controllers mounted together.
	Symlinks []string
}

// Binds tells what the cgroup mount of the container consists of. On a hybrid
// host those are the v1 hierarchies only, as with runc.
func (g *Group) Binds() []Bind {
	if g.Mode() == V2 {
		return []Bind{{Source: g.dirs[0].path}}
	}
	binds := make([]Bind, 0, len(g.dirs))
	for i := range g.dirs {
		d := &g.dirs[i]
		if d.v2 {
			continue
		}
		b := Bind{Name: d.bindName(), Source: d.path, Controllers: d.controllers}
		for _, c := range d.controllers {
			if c = strings.TrimPrefix(c, "name="); c != b.Name {
				b.Symlinks = append(b.Symlinks, c)
			}
		}
		binds = append(binds, b)
	}
	return binds
}

func (d *dir) bindName() string {
	if i := strings.LastIndexByte(d.mount, '/'); i >= 0 {
		return d.mount[i+1:]
	}
	return strings.TrimPrefix(strings.Join(d.controllers, ","), "name=")
}

// isGone tells that a cgroup, or a file of it, is not there any more: ENODEV is
// what an open file of a removed cgroup answers.
func isGone(err error) bool {
	return errnoOf(err) == syscall.ENOENT || errnoOf(err) == syscall.ENODEV
}
