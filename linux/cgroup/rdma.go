package cgroup

import (
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// applyRdma writes rdma.max, the same on v1 and v2, a line for each device.
// What is not given stays unlimited.
func (g *Group) applyRdma(devices map[string]specs.LinuxRdma) error {
	for _, name := range sortedKeys(devices) {
		line := name
		if n := devices[name].HcaHandles; n != nil {
			line += " hca_handle=" + strconv.FormatUint(uint64(*n), 10)
		}
		if n := devices[name].HcaObjects; n != nil {
			line += " hca_object=" + strconv.FormatUint(uint64(*n), 10)
		}
		if line == name {
			continue
		}
		if err := g.set("rdma", "rdma["+strconv.Quote(name)+"]", "rdma.max", line); err != nil {
			return err
		}
	}
	return nil
}
