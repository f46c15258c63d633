package cgroup

import (
	"os"
	"strconv"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

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
