package cgroup

import (
	"strconv"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// applyNetwork writes the class and the priorities of the container's packets.
// They are v1's: without a v1 hierarchy, v2 has eBPF and the firewall for it,
// and the fields are passed over, as with runc. A class of 0 is not set.
func (g *Group) applyNetwork(n *specs.LinuxNetwork) error {
	if n == nil || g.Mode() == V2 {
		return nil
	}
	if id := value(n.ClassID); id != 0 {
		if err := g.needV1("net_cls", "network.classID"); err != nil {
			return err
		}
		if err := g.set("net_cls", "network.classID", "net_cls.classid", strconv.FormatUint(uint64(id), 10)); err != nil {
			return err
		}
	}
	for i, p := range n.Priorities {
		field := "network.priorities[" + strconv.Itoa(i) + "]"
		if err := g.needV1("net_prio", field); err != nil {
			return err
		}
		if err := g.set("net_prio", field, "net_prio.ifpriomap", p.Name+" "+strconv.FormatUint(uint64(p.Priority), 10)); err != nil {
			return err
		}
	}
	return nil
}

// needV1 refuses a controller that only v1 has, where it is not mounted.
func (g *Group) needV1(controller, field string) error {
	if d := g.controller(controller); d == nil || d.v2 {
		return fieldError(field, "the host has no "+controller+" cgroup")
	}
	return nil
}
