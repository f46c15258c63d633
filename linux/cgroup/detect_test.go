package cgroup

import (
	"fmt"
	"strings"
	"testing"
)

// The cgroup parts of /proc/self/mountinfo on real hosts.
const (
	hybridSystemd = `23 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
31 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
32 31 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
33 31 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
36 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct
37 31 0:32 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,cpuset
38 31 0:33 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,net_cls,net_prio
39 31 0:34 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,devices
`
	plainV1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/openrc rw,relatime - cgroup openrc rw,release_agent=/lib/rc/sh/cgroup-release-agent.sh,name=openrc
`
	// Docker in Docker without a cgroup namespace.
	nestedV1 = `600 590 0:29 /docker/0123 /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime master:9 - cgroup cgroup rw,cpu,cpuacct
601 590 0:30 /docker/0123 /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime master:10 - cgroup cgroup rw,devices
`
	// A Kubernetes node: containers' copies before and after, and Cilium's own
	// cgroup2.
	busyNode = `18 28 0:40 / /run/cilium/cgroupv2 rw,relatime shared:300 - cgroup2 none rw
19 28 0:34 /kubepods/pod1/c1 /run/containerd/io.containerd.runtime.v2.task/k8s.io/c1/rootfs/sys/fs/cgroup/devices ro,relatime - cgroup cgroup rw,devices
36 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct
39 31 0:34 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,devices
40 31 0:34 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,devices
`
	oldPlace = `30 20 0:28 / /cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 20 0:29 / /cgroup/dev\040ices rw,relatime opt1 opt2:1 - cgroup cgroup rw,devices
`
	none = `23 28 0:21 / /sys rw - sysfs sysfs rw
24 28 0:22 / /mnt/cgroup - cgroup rw
`
)

func TestParseMountinfo(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"systemd hybrid", hybridSystemd, `hybrid "/sys/fs/cgroup/unified" ` +
			`/sys/fs/cgroup/systemd(/)[name=systemd] /sys/fs/cgroup/cpu,cpuacct(/)[cpu cpuacct] /sys/fs/cgroup/cpuset(/)[cpuset] ` +
			`/sys/fs/cgroup/net_cls,net_prio(/)[net_cls net_prio] /sys/fs/cgroup/devices(/)[devices]`},
		{"v1", plainV1, `v1 "" /sys/fs/cgroup/cpu(/)[cpu] /sys/fs/cgroup/devices(/)[devices]`},
		{"nested", nestedV1, `v1 "" /sys/fs/cgroup/cpu,cpuacct(/docker/0123)[cpu cpuacct] /sys/fs/cgroup/devices(/docker/0123)[devices]`},
		{"busy node", busyNode, `v1 "" /sys/fs/cgroup/cpu,cpuacct(/)[cpu cpuacct] /sys/fs/cgroup/devices(/)[devices]`},
		{"old place", oldPlace, `v1 "" /cgroup/memory(/)[memory] /cgroup/dev ices(/)[devices]`},
		{"unified alone", "32 31 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n", `v2 "/sys/fs/cgroup/unified"`},
		{"none", none, "nothing"},
		{"empty", "", "nothing"},
		{"garbage", "a - cgroup\n - cgroup cgroup rw,cpu\n1 2 3 - cgroup cgroup rw,cpu", "nothing"},
	} {
		got := "nothing"
		if h := parseMountinfo(c.text); h != nil {
			got = fmt.Sprintf("%v %q", h.Mode, h.Unified)
			for _, hi := range h.Hierarchies {
				got += fmt.Sprintf(" %s(%s)%v", hi.Mountpoint, hi.Root, hi.Controllers)
			}
		}
		if got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.name, got, c.want)
		}
	}
}

func FuzzParseMountinfo(f *testing.F) {
	for _, text := range []string{hybridSystemd, plainV1, nestedV1, busyNode, oldPlace, none} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if h := parseMountinfo(text); h != nil {
			for _, hi := range h.Hierarchies {
				if len(hi.Controllers) == 0 || h.Mount(hi.Controllers[0]) != hi.Mountpoint {
					t.Errorf("%+v", h)
				}
			}
		}
	})
}

func TestMounts(t *testing.T) {
	h := parseMountinfo(hybridSystemd)
	m := h.Mounts()
	for c, want := range map[string]string{"": "/sys/fs/cgroup/unified", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "name=systemd": "/sys/fs/cgroup/systemd", "pids": ""} {
		if h.Mount(c) != want || m[c] != want {
			t.Errorf("%q: %q %q, want %q", c, h.Mount(c), m[c], want)
		}
	}
}

const ownCgroups = `12:net_cls,net_prio:/
11:devices:/user.slice
5:cpu,cpuacct:/docker/0123/sub
4:cpuset:/
1:name=systemd:/user.slice/user-0.slice/session-1.scope
0::/user.slice/user-0.slice/session-1.scope
`

func paths(g *Group) string {
	var b []string
	for _, name := range sortedKeys(g.Paths()) {
		b = append(b, name+"="+g.Paths()[name])
	}
	return strings.Join(b, " ")
}

func TestPlace(t *testing.T) {
	missing := "/no-such-directory" // so that nothing of this host's is found below
	for _, c := range []struct {
		name, mounts, own, path, id, want string
	}{
		{"absolute v1", plainV1, "", "/a//./b/", "id", "cpu=/sys/fs/cgroup/cpu/a/b devices=/sys/fs/cgroup/devices/a/b"},
		{"relative v1", nestedV1, strings.Replace(ownCgroups, "/user.slice\n", "/docker/0123\n", 1), "a", "id",
			"cpu=/sys/fs/cgroup/cpu,cpuacct/sub/a cpuacct=/sys/fs/cgroup/cpu,cpuacct/sub/a devices=/sys/fs/cgroup/devices/a"},
		{"default v1", plainV1, ownCgroups, "", "c1", "cpu=/sys/fs/cgroup/cpu/docker/0123/sub/c1 devices=/sys/fs/cgroup/devices/user.slice/c1"},
		{"systemd form", plainV1, ownCgroups, "system.slice:wrun:c1", "c1",
			"cpu=/sys/fs/cgroup/cpu/docker/0123/sub/system.slice:wrun:c1 devices=/sys/fs/cgroup/devices/user.slice/system.slice:wrun:c1"},
		{"outside", nestedV1, ownCgroups, "a", "id",
			"error: the caller's own devices cgroup /user.slice is outside of what /sys/fs/cgroup/devices shows (/docker/0123): give an absolute path"},
		{"another namespace's", plainV1, "1:cpu:/../x\n2:devices:/\n", "a", "id",
			"error: the caller's own cpu cgroup /../x is outside of what /sys/fs/cgroup/cpu shows (/): give an absolute path"},
		{"removed", plainV1, "1:cpu:/x (deleted)\n", "a", "id", "error: the caller's own cgroup /x is removed: give an absolute path"},
		{"not told", plainV1, "1:cpu:/\n", "a", "id", "error: /proc/self/cgroup has no devices line: give an absolute path"},
	} {
		h := parseMountinfo(c.mounts)
		inner, err := cleanPath(c.path, c.id)
		var g *Group
		if err == nil {
			g, err = place(h, inner, c.own)
		}
		got := ""
		if err != nil {
			got = "error: " + err.Error()
		} else {
			got = paths(g)
		}
		if got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.name, got, c.want)
		}
	}
	v2 := &Host{Mode: V2, Unified: missing}
	if g, err := place(v2, "/a/b", ""); err != nil || paths(g) != "=/no-such-directory/a/b" {
		t.Error(g, err)
	}
	if g, err := place(v2, "a/b", "0::/user.slice/session-1.scope\n"); err != nil || paths(g) != "=/no-such-directory/user.slice/a/b" {
		t.Error(g, err)
	}
	if g, err := place(v2, "c1", "0::/\n"); err != nil || paths(g) != "=/no-such-directory/c1" {
		t.Error(g, err)
	}
	if g, err := place(v2, "c1", "0::/../x\n"); err == nil {
		t.Error(g)
	}
	hybrid := &Host{Mode: Hybrid, Unified: missing, Hierarchies: parseMountinfo(plainV1).Hierarchies}
	g, err := place(hybrid, "c1", ownCgroups)
	if err != nil || paths(g) != "=/no-such-directory/c1 cpu=/sys/fs/cgroup/cpu/docker/0123/sub/c1 devices=/sys/fs/cgroup/devices/user.slice/c1" {
		t.Error(paths(g), err)
	}
}

func TestCleanPath(t *testing.T) {
	for path, want := range map[string]string{
		"": "the-id", "a": "a", "/a": "/a", "a/b/": "a/b", "//a/./b//": "/a/b", "a:b:c": "a:b:c", "...": "...",
	} {
		if got, err := cleanPath(path, "the-id"); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]string{
		"..": "leaves the cgroup", "/a/../b": "leaves the cgroup", "../../a": "leaves the cgroup", "a/..": "leaves the cgroup",
		"/": "root cgroup", ".": "root cgroup", "a\x00b": "such a name", "a\nb": "such a name",
	} {
		if got, err := cleanPath(path, "id"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q %v, want an error: %s", path, got, err, want)
		}
	}
	if _, err := New(&Host{Mode: V2, Unified: "/x"}, "/../etc", "id"); err == nil || !strings.HasPrefix(err.Error(), `linux.cgroupsPath: "/../etc" leaves`) {
		t.Error(err)
	}
	if _, err := New(&Host{Mode: V2, Unified: "/x"}, "", ".."); err == nil {
		t.Error("an id of .. was taken")
	}
}

func TestV2Root(t *testing.T) {
	text := "1 2 0:5 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n3 2 0:5 /x /elsewhere ro - cgroup2 cgroup rw\n"
	if got := v2Root(text, "/sys/fs/cgroup"); got != "/docker/0123" {
		t.Error(got)
	}
	if got := v2Root("", "/sys/fs/cgroup"); got != "/" {
		t.Error(got)
	}
}

func TestBinds(t *testing.T) {
	h := parseMountinfo(hybridSystemd)
	g, err := place(h, "/c1", "")
	if err != nil {
		t.Fatal(err)
	}
	want := `[{systemd /sys/fs/cgroup/systemd/c1 [name=systemd] []} ` +
		`{cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct/c1 [cpu cpuacct] [cpu cpuacct]} {cpuset /sys/fs/cgroup/cpuset/c1 [cpuset] []} ` +
		`{net_cls,net_prio /sys/fs/cgroup/net_cls,net_prio/c1 [net_cls net_prio] [net_cls net_prio]} {devices /sys/fs/cgroup/devices/c1 [devices] []}]`
	if got := fmt.Sprint(g.Binds()); got != want {
		t.Errorf("\n got  %s\n want %s", got, want)
	}
	wantJoin := "/sys/fs/cgroup/systemd/c1/tasks /sys/fs/cgroup/cpu,cpuacct/c1/tasks /sys/fs/cgroup/cpuset/c1/tasks " +
		"/sys/fs/cgroup/net_cls,net_prio/c1/tasks /sys/fs/cgroup/devices/c1/tasks"
	if got := strings.Join(g.TaskPaths(), " "); got != wantJoin {
		t.Error(got)
	}
	if got := strings.Join(g.JoinPaths(), " "); got != wantJoin+" /sys/fs/cgroup/unified/c1/cgroup.procs" {
		t.Error(got)
	}
	v2, err := place(&Host{Mode: V2, Unified: "/sys/fs/cgroup"}, "/c1", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(v2.Binds(), v2.JoinPaths(), v2.TaskPaths()); got != "[{ /sys/fs/cgroup/c1 [] []}] [] []" {
		t.Error(got)
	}
	for _, g := range []*Group{g, v2} {
		if l := Load(g.host, g.Paths()); l.Mode() != g.Mode() || paths(l) != paths(g) || fmt.Sprint(l.Binds()) == "" || len(l.JoinPaths()) != len(g.JoinPaths()) {
			t.Errorf("loaded %+v", l)
		}
	}
}
