package cgroup

import (
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// applyPids writes pids.max, the same on v1 and v2: -1 (any negative number)
// is no limit, and 0 counts as 1, as with runc, whose systemd driver cannot say
// 0.
func (g *Group) applyPids(p *specs.LinuxPids) error {
	if p.Limit == nil {
		return nil
	}
	return g.set("pids", "pids.limit", "pids.max", pidsMax(*p.Limit))
}

func pidsMax(limit int64) string {
	switch {
	case limit < 0:
		return "max"
	case limit == 0:
		return "1"
	}
	return strconv.FormatInt(limit, 10)
}
