package cgroup

import (
	"os"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// BenchmarkRootGroup makes, limits and removes a group as a create and a delete
// of `wrun spec`'s bundle do.
func BenchmarkRootGroup(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root: makes cgroups")
	}
	deny := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Access: "rwm"}}}
	for b.Loop() {
		h, err := Detect()
		if err != nil {
			b.Fatal(err)
		}
		g, err := New(h, "", "wrun-test-bench")
		if err != nil {
			b.Fatal(err)
		}
		if err := g.Create(); err != nil {
			b.Fatal(err)
		}
		if err := g.Apply(deny); err != nil {
			b.Error(err)
		}
		if err := g.Remove(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	for b.Loop() {
		if _, err := Detect(); err != nil {
			b.Skip(err)
		}
	}
}

func BenchmarkDeviceFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p, err := newDevicePolicy(nil)
		if err != nil || len(p.filter()) == 0 {
			b.Fatal(err)
		}
	}
}
