package cgroup

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// rootHost is the host the root tests work on. They run whenever they could:
// without root, or without a cgroup mount that can be written, they say so.
func rootHost(t *testing.T) *Host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	h, err := Detect()
	if err != nil {
		t.Fatal(err)
	}
	probe := h.Unified
	if probe == "" {
		probe = h.Hierarchies[0].Mountpoint
	}
	name := probe + "/wrun-test-probe-" + strconv.Itoa(os.Getpid())
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Skipf("cgroups cannot be made here: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	return h
}

// unifiedHost is the cgroup2 hierarchy alone, be it a v2 or a hybrid host's.
func unifiedHost(t *testing.T) *Host {
	t.Helper()
	h := rootHost(t)
	if h.Unified == "" {
		t.Skip("needs cgroup v2: the host has v1 only")
	}
	return &Host{Mode: V2, Unified: h.Unified}
}

// v1Host is the v1 hierarchies alone.
func v1Host(t *testing.T) *Host {
	t.Helper()
	h := rootHost(t)
	if len(h.Hierarchies) == 0 {
		t.Skip("needs cgroup v1: the host has v2 only")
	}
	return &Host{Mode: V1, Hierarchies: h.Hierarchies}
}

// testPath is an absolute cgroup path of the test's own.
func testPath(t *testing.T) string {
	return "/wrun-test-" + strconv.Itoa(os.Getpid()) + "/" + strings.NewReplacer("/", "-", " ", "_").Replace(t.Name())
}

// newGroup makes a group and sees to it that nothing of it stays.
func newGroup(t *testing.T, h *Host) *Group {
	t.Helper()
	g, err := New(h, testPath(t), "unused")
	if err != nil {
		t.Fatal(err)
	}
	cleanGroup(t, g)
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	return g
}

func cleanGroup(t *testing.T, g *Group) {
	t.Cleanup(func() {
		if err := g.Kill(); err != nil {
			t.Error(err)
		}
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
		for i := range g.dirs {
			parent := parent(g.dirs[i].path)
			if err := os.Remove(parent); err != nil && !os.IsNotExist(err) && !strings.HasSuffix(err.Error(), "busy") {
				t.Error(err)
			}
		}
		if g.Exists() {
			t.Error("the cgroup is still there")
		}
	})
}

// A shell is one that runs in a group.
type shell struct {
	*exec.Cmd
	t     *testing.T
	stdin io.Writer
	out   *bufio.Reader
}

// inside starts a shell in the group; it does what script says after it is
// told to.
func inside(t *testing.T, g *Group, script string) *shell {
	t.Helper()
	join := ""
	for _, p := range g.TaskPaths() {
		join += "echo 0 > " + p + "\n"
	}
	fd, err := g.OpenV2()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{Cmd: exec.Command("/bin/sh", "-e", "-c", join+"echo in\nread x\n"+script), t: t}
	if fd >= 0 {
		defer syscall.Close(fd)
		s.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}
	}
	s.Stderr = os.Stderr
	if s.stdin, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(stdout)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the group's own cleanup
		_ = s.Process.Kill()
		_ = s.Wait()
	})
	if line := s.line(); line != "in\n" {
		t.Fatalf("the process did not enter its cgroup: %q", line)
	}
	return s
}

func (s *shell) release() {
	s.t.Helper()
	if _, err := s.stdin.Write([]byte("go\n")); err != nil {
		s.t.Fatal(err)
	}
}

// line reads a line of what it prints, rest all there is.
func (s *shell) line() string {
	line, err := s.out.ReadString('\n')
	if err != nil && err != io.EOF {
		s.t.Fatal(err)
	}
	return line
}

func (s *shell) rest() string {
	b, err := io.ReadAll(s.out)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestRootLifeCycle(t *testing.T) {
	g := newGroup(t, rootHost(t))
	cmd := inside(t, g, "")
	for controller, path := range g.Paths() {
		pids, err := pidsIn(path, false)
		if err != nil || len(pids) != 1 || pids[0] != cmd.Process.Pid {
			t.Errorf("%q %s: holds %v, want %d (%v)", controller, path, pids, cmd.Process.Pid, err)
		}
	}
	again, err := New(g.host, testPath(t), "unused")
	if err != nil {
		t.Fatal(err)
	}
	err = again.Create()
	if err == nil || !strings.Contains(err.Error(), "container's cgroup is not empty: 1 process(es) found") {
		t.Errorf("a cgroup in use was taken: %v", err)
	}
	loaded := Load(nil, g.Paths())
	if loaded.Mode() != g.Mode() {
		t.Errorf("loaded as %v, was %v", loaded.Mode(), g.Mode())
	}
	if pids, err := loaded.Pids(true); err != nil || len(pids) != 1 {
		t.Errorf("pids %v %v", pids, err)
	}
	if err := loaded.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the process was not killed: %v", err)
	}
	if err := loaded.Remove(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() {
		t.Error("the group is still there")
	}
	for range 2 { // all is fine with a group that is gone
		if err := loaded.Kill(); err != nil {
			t.Error(err)
		}
		if err := loaded.Thaw(); err != nil {
			t.Error(err)
		}
		if frozen, err := loaded.Frozen(); frozen || err != nil {
			t.Error(frozen, err)
		}
		if pids, err := loaded.Pids(true); len(pids) > 0 || err != nil {
			t.Error(pids, err)
		}
		if err := loaded.Remove(); err != nil {
			t.Error(err)
		}
	}
}

func TestRootDefaultPath(t *testing.T) {
	h := rootHost(t)
	g, err := New(h, "", "wrun-test-default-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	}()
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	if err := g.Undo(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() {
		t.Error("still there")
	}
}

func TestRootUndoKeepsOthers(t *testing.T) {
	h := rootHost(t)
	first := newGroup(t, h)
	path := testPath(t) + "/below"
	g, err := New(h, path, "unused")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := New(h, path+"/a/b", "unused")
	if err != nil {
		t.Fatal(err)
	}
	if err := deeper.Create(); err != nil {
		t.Fatal(err)
	}
	if err := g.Create(); err != nil { // exists, made by the other
		t.Fatal(err)
	}
	if err := g.Undo(); err != nil {
		t.Fatal(err)
	}
	if !deeper.Exists() || !g.Exists() {
		t.Error("Undo removed what it had not made")
	}
	if err := deeper.Undo(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() || !first.Exists() {
		t.Error("Undo left what it had made, or removed more")
	}
}

func TestRootRemoveWaits(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, "")
			done := time.AfterFunc(30*time.Millisecond, func() { _ = cmd.Process.Kill() })
			defer done.Stop()
			start := time.Now()
			if err := g.Remove(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > 5*time.Second || g.Exists() {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestRootRemoveSubgroups(t *testing.T) {
	g := newGroup(t, rootHost(t))
	for i := range g.dirs {
		for _, sub := range []string{"/a", "/a/b", "/a/b/c", "/d", "/d/e", "/f"} {
			if err := os.Mkdir(g.dirs[i].path+sub, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	sub := Load(nil, g.Paths())
	for i := range sub.dirs {
		sub.dirs[i].path += "/a/b"
		if sub.dirs[i].has("cpuset") {
			if err := inheritCpuset(&dir{path: sub.dirs[i].path, mount: g.dirs[i].path}); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := inside(t, sub, "")
	if pids, err := g.Pids(true); err != nil || len(pids) != 1 {
		t.Errorf("Pids(true): %v %v", pids, err)
	}
	if pids, err := g.Pids(false); err != nil || len(pids) != 0 {
		t.Errorf("Pids(false): %v %v", pids, err)
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if err := g.Remove(); err != nil || g.Exists() {
		t.Error(err)
	}
}

// A container that may write to its cgroups nests them deeper than a path can
// name: they are listed, killed and removed all the same.
func TestRootVeryDeep(t *testing.T) {
	g := newGroup(t, unifiedHost(t))
	top := g.dirs[0].path
	here, err := os.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("x", 200)
	depth := 0
	for fd := int(here.Fd()); depth < 60; depth++ {
		if err := syscall.Mkdirat(fd, name, 0o755); err != nil {
			t.Fatalf("at depth %d: %v", depth, err)
		}
		next, err := syscall.Openat(fd, name, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if depth > 0 {
			syscall.Close(fd)
		}
		fd = next
		if depth == 59 {
			syscall.Close(fd)
		}
	}
	here.Close()
	if _, err := g.Pids(true); err != nil {
		t.Error(err)
	}
	if err := g.Remove(); err != nil || g.Exists() {
		t.Errorf("%v", err)
	}
}

func TestRootFreeze(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, "")
			if frozen, err := g.Frozen(); frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			if frozen, err := g.Frozen(); !frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Thaw(); err != nil {
				t.Fatal(err)
			}
			if frozen, err := g.Frozen(); frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			if err := g.Kill(); err != nil { // works on a frozen one
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
				t.Error(err)
			}
		})
	}
}

func TestRootFrozenRefused(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			h := host(t)
			g := newGroup(t, h)
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			again, err := New(h, testPath(t), "unused")
			if err != nil {
				t.Fatal(err)
			}
			err = again.Create()
			if err == nil || !strings.Contains(err.Error(), "container's cgroup unexpectedly frozen") {
				t.Errorf("a frozen cgroup was taken: %v", err)
			}
			if err := g.Thaw(); err != nil {
				t.Fatal(err)
			}
			if err := again.Create(); err != nil {
				t.Errorf("a thawed one was refused: %v", err)
			}
		})
	}
}

// A fork bomb does not outrun Kill. This one ends by itself after some seconds.
func TestRootKillForks(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, `
				bomb() { n=0; while [ $n -lt 400 ]; do n=$((n+1)); sleep 0.02 & sleep 0.005; done; }
				bomb >/dev/null 2>&1 & bomb >/dev/null 2>&1 & echo up; exec >/dev/null 2>&1; wait`)
			cmd.release()
			if line := cmd.line(); line != "up\n" {
				t.Fatalf("said %q", line)
			}
			time.Sleep(20 * time.Millisecond)
			if err := g.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if pids, err := g.Pids(true); g.Mode() == V1 && (err != nil || len(pids) > 0) {
				t.Errorf("left: %v %v", pids, err)
			}
			if err := g.Remove(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestRootLimitsV1(t *testing.T) {
	g := newGroup(t, v1Host(t))
	mem := &specs.LinuxMemory{Limit: ptr[int64](64 << 20), Swap: ptr[int64](128 << 20), Reservation: ptr[int64](32 << 20),
		Swappiness: ptr[uint64](10), Kernel: ptr[int64](1), UseHierarchy: ptr(true)}
	r := &specs.LinuxResources{
		Memory: mem,
		CPU: &specs.LinuxCPU{Shares: ptr[uint64](512), Quota: ptr[int64](50000), Period: ptr[uint64](80000), Burst: ptr[uint64](10000),
			Cpus: "0", Mems: "0"},
		Pids: &specs.LinuxPids{Limit: ptr[int64](0)},
	}
	if err := g.Apply(r); err != nil {
		t.Fatal(err)
	}
	if err := g.ApplyLate(r); err != nil {
		t.Fatal(err)
	}
	check := func(controller, file, want string) {
		t.Helper()
		if got := read(t, g.controller(controller).file(file)); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
	check("memory", "memory.limit_in_bytes", "67108864")
	check("memory", "memory.memsw.limit_in_bytes", "134217728")
	check("memory", "memory.soft_limit_in_bytes", "33554432")
	check("memory", "memory.swappiness", "10")
	check("cpu", "cpu.shares", "512")
	check("cpu", "cpu.cfs_quota_us", "50000")
	check("cpu", "cpu.cfs_period_us", "80000")
	check("cpu", "cpu.cfs_burst_us", "10000")
	check("cpuset", "cpuset.cpus", "0")
	check("pids", "pids.max", "1")

	loaded := Load(g.host, g.Paths()) // as an update would: both limits up, both down
	for _, limit := range []int64{512 << 20, 48 << 20} {
		mem.Limit, mem.Swap = ptr(limit), ptr(limit*3/2)
		if err := loaded.Apply(r); err != nil {
			t.Fatal(err)
		}
		check("memory", "memory.limit_in_bytes", strconv.FormatInt(limit, 10))
		check("memory", "memory.memsw.limit_in_bytes", strconv.FormatInt(limit*3/2, 10))
	}
	mem.Limit, mem.Swap = ptr[int64](-1), nil
	r.CPU = &specs.LinuxCPU{Quota: ptr[int64](-1), Idle: ptr[int64](1)}
	r.Pids.Limit = ptr[int64](-1)
	if err := loaded.Apply(r); err != nil {
		t.Fatal(err)
	}
	if err := loaded.ApplyLate(r); err != nil {
		t.Fatal(err)
	}
	check("memory", "memory.memsw.limit_in_bytes", "9223372036854771712")
	check("cpu", "cpu.cfs_quota_us", "-1")
	check("cpu", "cpu.idle", "1")
	check("pids", "pids.max", "max")

	err := loaded.Apply(&specs.LinuxResources{CPU: &specs.LinuxCPU{Period: ptr[uint64](1)}})
	want := "linux.resources.cpu.period: write 1 to " + g.controller("cpu").file("cpu.cfs_period_us") + ": invalid argument"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	err = loaded.Apply(&specs.LinuxResources{Unified: map[string]string{"memory.max": "1"}})
	if err == nil || !strings.Contains(err.Error(), "invalid configuration") {
		t.Errorf("unified on v1: %v", err)
	}
}

func TestRootHugetlb(t *testing.T) {
	h := rootHost(t)
	sizes, err := os.ReadDir("/sys/kernel/mm/hugepages")
	if err != nil || len(sizes) == 0 {
		t.Skip("the kernel has no huge pages")
	}
	g := newGroup(t, h)
	if g.controller("hugetlb") == nil {
		t.Skip("no hugetlb controller is mounted")
	}
	if d := g.controller("hugetlb"); d.v2 {
		if b, err := os.ReadFile(h.Unified + "/cgroup.controllers"); err != nil || !listed(string(b), "hugetlb") {
			t.Skip("no hugetlb controller is mounted")
		}
	}
	r := &specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 4 << 20}}}
	if err := g.Apply(r); err != nil {
		t.Fatal(err)
	}
	d, suffix := g.controller("hugetlb"), ".limit_in_bytes"
	if d.v2 {
		suffix = ".max"
	}
	for _, f := range []string{"hugetlb.2MB" + suffix, "hugetlb.2MB.rsvd" + suffix} {
		if got := read(t, d.file(f)); got != "4194304" {
			t.Errorf("%s is %s", f, got)
		}
	}
	r.HugepageLimits[0].Pagesize = "3MB"
	err = g.Apply(r)
	want := "linux.resources.hugepageLimits[0].limit: write 4194304 to " + d.file("hugetlb.3MB"+suffix) + ": no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRootUnifiedV2(t *testing.T) {
	h := unifiedHost(t)
	g := newGroup(t, h)
	r := &specs.LinuxResources{Unified: map[string]string{"cgroup.max.depth": "7"}}
	if err := g.Apply(r); err != nil {
		t.Fatal(err)
	}
	if got := read(t, g.dirs[0].file("cgroup.max.depth")); got != "7" {
		t.Errorf("cgroup.max.depth is %s", got)
	}
	for name, want := range map[string]string{
		"nosuch.max":   `unified resource "nosuch.max" can't be set: controller "nosuch" not available`,
		"a/b.c":        `unified resource "a/b.c" must be a file name (no slashes)`,
		"nodot":        `unified resource "nodot" must be in the form CONTROLLER.PARAMETER`,
		"cgroup.procs": `unified resource "cgroup.procs" is no limit: it acts on processes`,
	} {
		err := g.Apply(&specs.LinuxResources{Unified: map[string]string{name: "0"}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A limit whose controller is not there names both.
	if b := read(t, h.Unified+"/cgroup.controllers"); !listed(b, "memory") {
		err := g.Apply(&specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](1 << 20)}})
		if err == nil || !strings.HasPrefix(err.Error(), "linux.resources.memory.limit: the memory controller is not available") ||
			!strings.Contains(err.Error(), g.dirs[0].file("memory.max")) {
			t.Error(err)
		}
	}
}

// Limits on a v2 host with the usual controllers, a virtual machine for one.
func TestRootLimitsV2(t *testing.T) {
	h := unifiedHost(t)
	for _, c := range []string{"memory", "cpu", "pids", "cpuset"} {
		if b := read(t, h.Unified+"/cgroup.controllers"); !listed(b, c) {
			t.Skipf("needs the v2 %s controller; the host's has: %q", c, b)
		}
	}
	g := newGroup(t, h)
	r := &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: ptr[int64](64 << 20), Swap: ptr[int64](64 << 20), Reservation: ptr[int64](32 << 20), Swappiness: ptr[uint64](10)},
		CPU: &specs.LinuxCPU{Shares: ptr[uint64](1024), Quota: ptr[int64](50000), Period: ptr[uint64](80000), Burst: ptr[uint64](10000),
			Cpus: "0", Mems: "0", RealtimePeriod: ptr[uint64](1)},
		Pids:    &specs.LinuxPids{Limit: ptr[int64](5)},
		Unified: map[string]string{"memory.low": "1048576", "pids.max": "7"},
	}
	if err := g.Apply(r); err != nil {
		t.Fatal(err)
	}
	check := func(file, want string) {
		t.Helper()
		if got := read(t, g.dirs[0].file(file)); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
	check("pids.max", "max")
	if err := g.ApplyLate(r); err != nil {
		t.Fatal(err)
	}
	check("memory.max", "67108864")
	check("memory.swap.max", "0")
	check("memory.low", "1048576")
	check("cpu.weight", "100")
	check("cpu.max", "50000 80000")
	check("cpu.max.burst", "10000")
	check("cpuset.cpus", "0")
	check("pids.max", "7")
	loaded := Load(h, g.Paths())
	if err := loaded.Apply(&specs.LinuxResources{CPU: &specs.LinuxCPU{Period: ptr[uint64](60000)}}); err != nil {
		t.Fatal(err)
	}
	check("cpu.max", "50000 60000")
	if err := loaded.Apply(&specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: ptr[int64](-1)}}); err != nil {
		t.Fatal(err)
	}
	check("cpu.max", "max 60000")
}
