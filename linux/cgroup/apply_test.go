package cgroup

import (
	"os"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func TestWeight(t *testing.T) {
	for shares, want := range map[uint64]uint64{
		0: 0, 1: 1, 2: 1, 3: 2, 10: 4, 102: 17, 512: 59, 1024: 100, 2048: 174, 4096: 303, 10240: 639, 262143: 10000, 262144: 10000, 1 << 40: 10000,
	} {
		if got := weight(shares); got != want {
			t.Errorf("shares %d: weight %d, want %d", shares, got, want)
		}
	}
}

func TestSwapV2(t *testing.T) {
	for _, c := range []struct {
		swap, limit int64
		want        string
	}{
		{0, 0, ""}, {0, 100, ""}, {0, -1, "max"}, {-1, 0, "max"}, {-1, 100, "max"}, {-1, -1, "max"}, {100, -1, "100"},
		{300, 100, "200"}, {100, 100, "0"},
		{100, 0, "error"}, {100, 200, "error"}, {100, -2, "error"},
	} {
		got, err := swapV2(c.swap, c.limit)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("swap %d, limit %d: %q, want %q", c.swap, c.limit, got, c.want)
		}
	}
}

func TestPidsMax(t *testing.T) {
	for limit, want := range map[int64]string{-1: "max", -5: "max", 0: "1", 1: "1", 4096: "4096"} {
		if got := pidsMax(limit); got != want {
			t.Errorf("%d: %s, want %s", limit, got, want)
		}
	}
}

// fakeV2 is a directory with some of a cgroup's files: what is written to them
// can be read, whatever the host's controllers are.
func fakeV2(t *testing.T, files string) *Group {
	t.Helper()
	path := t.TempDir()
	for f := range strings.FieldsSeq(files) {
		if err := os.WriteFile(path+"/"+f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path+"/cgroup.controllers", []byte("cpu memory\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Group{dirs: []dir{{path: path, v2: true, fresh: true}}}
}

// limits are Apply's parts without the devices, which need bpf(2).
func limits(g *Group, r *specs.LinuxResources) error {
	if r.Memory != nil {
		if err := g.applyMemory(r.Memory); err != nil {
			return err
		}
	}
	if r.CPU != nil {
		if err := g.applyCPU(r.CPU); err != nil {
			return err
		}
	}
	return g.applyUnified(r.Unified, false)
}

func TestLimitsV2(t *testing.T) {
	files := "memory.max memory.low memory.swap.max cpu.weight cpu.max cpu.max.burst cpu.idle io.max"
	for _, c := range []struct {
		name string
		r    specs.LinuxResources
		want string
	}{
		{"nothing", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](0), Swappiness: ptr[uint64](60), DisableOOMKiller: ptr(true), Kernel: ptr[int64](5)},
			CPU: &specs.LinuxCPU{Shares: ptr[uint64](0), Quota: ptr[int64](0), Period: ptr[uint64](0), RealtimeRuntime: ptr[int64](9)}}, ""},
		{"memory", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](1000), Swap: ptr[int64](1500), Reservation: ptr[int64](-1)}},
			"memory.low=max memory.max=1000 memory.swap.max=500"},
		{"period only", specs.LinuxResources{CPU: &specs.LinuxCPU{Period: ptr[uint64](50000)}}, "cpu.max=max 50000"},
		{"quota only", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: ptr[int64](7000)}}, "cpu.max=7000"},
		{"no quota", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: ptr[int64](-1), Period: ptr[uint64](9000), Burst: ptr[uint64](0)}}, "cpu.max=max 9000 cpu.max.burst=0"},
		{"weight", specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr[uint64](1024), Idle: ptr[int64](0)}}, "cpu.idle=0 cpu.weight=100"},
		{"unified", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](1000)}, Unified: map[string]string{"memory.max": "9999", "io.max": "8:0 rbps=1\n8:16 rbps=2"}},
			"io.max=8:0 rbps=1\n8:16 rbps=2 memory.max=9999"},
	} {
		g := fakeV2(t, files)
		if err := limits(g, &c.r); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		all, err := os.ReadDir(g.dirs[0].path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if b := read(t, g.dirs[0].file(f.Name())); b != "" && f.Name() != "cgroup.controllers" {
				got = append(got, f.Name()+"="+b)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.name, s, c.want)
		}
	}
}

func TestLimitErrors(t *testing.T) {
	g := fakeV2(t, "memory.max memory.current cpu.weight")
	if err := os.WriteFile(g.dirs[0].file("memory.current"), []byte("5000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := g.dirs[0].path
	for _, c := range []struct {
		r    specs.LinuxResources
		want string
	}{
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: ptr[int64](5)}}, "linux.resources.memory.swap: unable to set swap limit without memory limit"},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](9), Swap: ptr[int64](5)}}, "linux.resources.memory.swap: memory+swap limit 5 should be >= memory limit 9"},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](9), Swap: ptr[int64](15)}},
			"linux.resources.memory.swap: write 6 to " + path + "/memory.swap.max: no such file or directory"},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](9), Swap: ptr[int64](9)}}, ""},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](4000), CheckBeforeUpdate: ptr(true)}}, "linux.resources.memory.limit: rejecting memory limit 4000 <= usage 5000"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Idle: ptr[int64](1)}}, "linux.resources.cpu.idle: write 1 to " + path + "/cpu.idle: no such file or directory"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Idle: ptr[int64](0)}}, ""},
		{specs.LinuxResources{Unified: map[string]string{"pids.max": "1"}}, ""}, // a late one
		{specs.LinuxResources{Unified: map[string]string{"hugetlb.2MB.max": "1"}},
			`linux.resources.unified: unified resource "hugetlb.2MB.max" can't be set: controller "hugetlb" not available`},
	} {
		err := limits(g, &c.r)
		if got := errorText(err); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	err := g.ApplyLate(&specs.LinuxResources{Pids: &specs.LinuxPids{Limit: ptr[int64](3)}})
	if want := "linux.resources.pids.limit: the pids controller is not available: write 3 to " + path + "/pids.max: no such file or directory"; errorText(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	v1 := &Group{dirs: []dir{{path: path, controllers: []string{"cpu"}}}}
	for _, c := range []struct {
		r    specs.LinuxResources
		want string
	}{
		{specs.LinuxResources{Unified: map[string]string{"a.b": "c"}}, "linux.resources.unified: invalid configuration: cannot use unified on cgroup v1"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr[uint64](1)}}, "linux.resources.cpu.shares: the minimum allowed cpu-shares is 2"},
		{specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: ptr[uint64](262145)}}, "linux.resources.cpu.shares: the maximum allowed cpu-shares is 262144"},
		{specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: ptr[int64](5)}}, "linux.resources.memory.limit: the host has no memory cgroup"},
		{specs.LinuxResources{}, "linux.resources.devices: the host has no devices cgroup, so nothing would keep the container from the host's devices"},
		{specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}}, ""},
	} {
		if got := errorText(v1.Apply(&c.r)); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEvent(t *testing.T) {
	for text, want := range map[string]bool{"populated 1\nfrozen 0\n": true, "populated 0\nfrozen 1\n": false, "": false, "populated 1": true} {
		if event(text, "populated") != want {
			t.Errorf("%q", text)
		}
	}
}
