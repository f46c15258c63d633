package cgroup

import (
	"os"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// written lists what a fake group's files hold, in the order of their names.
func written(t *testing.T, g *Group) string {
	t.Helper()
	var got []string
	for i := range g.dirs {
		all, err := os.ReadDir(g.dirs[i].path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if b := read(t, g.dirs[i].file(f.Name())); b != "" && f.Name() != "cgroup.controllers" {
				got = append(got, f.Name()+"="+b)
			}
		}
	}
	return strings.Join(got, "; ")
}

func fakeV1(t *testing.T, files string, controllers ...string) *Group {
	t.Helper()
	g := fakeV2(t, files)
	g.dirs[0].v2, g.dirs[0].controllers = false, controllers
	return g
}

func blockDevice(major, minor int64, weight, leaf uint16) (d specs.LinuxWeightDevice) {
	d.Major, d.Minor, d.Weight, d.LeafWeight = major, minor, ptr(weight), ptr(leaf)
	return d
}

func throttled(major, minor int64, rate uint64) []specs.LinuxThrottleDevice {
	var d specs.LinuxThrottleDevice
	d.Major, d.Minor, d.Rate = major, minor, rate
	return []specs.LinuxThrottleDevice{d}
}

func TestBlockIO(t *testing.T) {
	const v1Files = "blkio.throttle.read_bps_device blkio.throttle.write_bps_device blkio.throttle.read_iops_device blkio.throttle.write_iops_device"
	all := &specs.LinuxBlockIO{Weight: ptr[uint16](500), LeafWeight: ptr[uint16](300), WeightDevice: []specs.LinuxWeightDevice{blockDevice(8, 0, 1000, 0)},
		ThrottleReadBpsDevice: throttled(8, 0, 1000), ThrottleWriteIOPSDevice: throttled(8, 16, 7)}
	for _, c := range []struct {
		name, files string
		v1          bool
		b           *specs.LinuxBlockIO
		want        string
	}{
		{"nothing", "", false, nil, ""},
		{"zeros", "", false, &specs.LinuxBlockIO{Weight: ptr[uint16](0), WeightDevice: []specs.LinuxWeightDevice{blockDevice(8, 0, 0, 0)}, ThrottleReadBpsDevice: throttled(8, 0, 0)}, ""},
		{"v2", "io.weight io.max", false, &specs.LinuxBlockIO{Weight: ptr[uint16](500)}, "io.weight=4950"},
		{"v2 least", "io.weight", false, &specs.LinuxBlockIO{Weight: ptr[uint16](10)}, "io.weight=1"},
		{"v2 device", "io.weight", false, &specs.LinuxBlockIO{WeightDevice: []specs.LinuxWeightDevice{blockDevice(8, 0, 1000, 9)}}, "io.weight=8:0 10000"},
		{"v2 bfq", "io.weight io.bfq.weight", false, &specs.LinuxBlockIO{Weight: ptr[uint16](500)}, "io.bfq.weight=500"},
		{"v2 rbps", "io.max", false, &specs.LinuxBlockIO{ThrottleReadBpsDevice: throttled(8, 0, 1000)}, "io.max=8:0 rbps=1000"},
		{"v2 wbps", "io.max", false, &specs.LinuxBlockIO{ThrottleWriteBpsDevice: throttled(8, 0, 1)}, "io.max=8:0 wbps=1"},
		{"v2 riops", "io.max", false, &specs.LinuxBlockIO{ThrottleReadIOPSDevice: throttled(8, 0, 1)}, "io.max=8:0 riops=1"},
		{"v2 wiops", "io.max", false, &specs.LinuxBlockIO{ThrottleWriteIOPSDevice: throttled(8, 0, 1)}, "io.max=8:0 wiops=1"},
		{"v1", v1Files + " blkio.weight blkio.weight_device blkio.leaf_weight blkio.leaf_weight_device", true, all,
			"blkio.leaf_weight=300; blkio.throttle.read_bps_device=8:0 1000; blkio.throttle.write_iops_device=8:16 7; blkio.weight=500; blkio.weight_device=8:0 1000"},
		{"v1 leaf", "blkio.weight blkio.leaf_weight_device", true, &specs.LinuxBlockIO{WeightDevice: []specs.LinuxWeightDevice{blockDevice(8, 0, 0, 20)}}, "blkio.leaf_weight_device=8:0 20"},
		{"v1 bfq", "blkio.bfq.weight", true, &specs.LinuxBlockIO{Weight: ptr[uint16](100)}, "blkio.bfq.weight=100"},
		{"v1 more", v1Files, true, &specs.LinuxBlockIO{ThrottleWriteBpsDevice: throttled(8, 0, 5), ThrottleReadIOPSDevice: throttled(8, 0, 6)},
			"blkio.throttle.read_iops_device=8:0 6; blkio.throttle.write_bps_device=8:0 5"},
	} {
		g := fakeV2(t, c.files)
		if c.v1 {
			g = fakeV1(t, c.files, "blkio")
		}
		if err := g.applyBlockIO(c.b); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := written(t, g); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.name, got, c.want)
		}
	}
	g := fakeV2(t, "")
	err := g.applyBlockIO(all)
	if want := "linux.resources.blockIO.weight: the io controller is not available: write 4950 to " + g.dirs[0].path + "/io.weight: no such file or directory"; errorText(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNetwork(t *testing.T) {
	n := &specs.LinuxNetwork{ClassID: ptr[uint32](0x100001), Priorities: []specs.LinuxInterfacePriority{{Name: "lo", Priority: 3}}}
	g := fakeV1(t, "net_cls.classid net_prio.ifpriomap", "net_cls", "net_prio")
	if err := g.applyNetwork(n); err != nil {
		t.Error(err)
	}
	if got, want := written(t, g), "net_cls.classid=1048577; net_prio.ifpriomap=lo 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := fakeV2(t, "").applyNetwork(n); err != nil {
		t.Errorf("v2: %v", err)
	}
	none := fakeV1(t, "", "cpu")
	if err := none.applyNetwork(&specs.LinuxNetwork{ClassID: ptr[uint32](0)}); err != nil {
		t.Error(err)
	}
	if got, want := errorText(none.applyNetwork(n)), "linux.resources.network.classID: the host has no net_cls cgroup"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	n.ClassID = nil
	if got, want := errorText(none.applyNetwork(n)), "linux.resources.network.priorities[0]: the host has no net_prio cgroup"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRdma(t *testing.T) {
	for want, r := range map[string]specs.LinuxRdma{
		"":                             {},
		"rdma.max=mlx5_1 hca_handle=3": {HcaHandles: ptr[uint32](3)},
		"rdma.max=mlx5_1 hca_object=0": {HcaObjects: ptr[uint32](0)},
		"rdma.max=mlx5_1 hca_handle=3 hca_object=9": {HcaHandles: ptr[uint32](3), HcaObjects: ptr[uint32](9)},
	} {
		for _, g := range []*Group{fakeV2(t, "rdma.max"), fakeV1(t, "rdma.max", "rdma")} {
			if err := g.applyRdma(map[string]specs.LinuxRdma{"mlx5_1": r}); err != nil {
				t.Error(err)
			}
			if got := written(t, g); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	err := fakeV1(t, "", "cpu").applyRdma(map[string]specs.LinuxRdma{"m": {HcaHandles: ptr[uint32](3)}})
	if want := `linux.resources.rdma["m"]: the host has no rdma cgroup`; errorText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
