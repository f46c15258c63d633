package cgroup

import (
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// inheritCpuset gives a v1 cpuset that has none the CPUs and memory nodes of
// its parent, and its parent's first where that has none either. The mount's
// own directory always has some.
func inheritCpuset(d *dir) error {
	for _, file := range [...]string{"/cpuset.cpus", "/cpuset.mems"} {
		if !d.fresh {
			if _, err := inheritedSet(d.path, d.mount, file); err != nil {
				return err
			}
			continue
		}
		set, err := inheritedSet(parent(d.path), d.mount, file)
		if err != nil {
			return err
		}
		if err := kernel.CgroupWrite(d.path+file, set); err != nil {
			return err
		}
	}
	return nil
}

func inheritedSet(path, mount, file string) (string, error) {
	set, err := kernel.CgroupRead(path + file)
	if err != nil {
		return "", err
	}
	if set = strings.TrimSpace(set); set != "" || len(path) <= len(mount) {
		return set, nil
	}
	if set, err = inheritedSet(parent(path), mount, file); err != nil {
		return "", err
	}
	return set, kernel.CgroupWrite(path+file, set)
}

// applyCpuset writes cpuset.cpus and cpuset.mems, the same on v1 and v2.
func (g *Group) applyCpuset(c *specs.LinuxCPU) error {
	if c.Cpus != "" {
		if err := g.set("cpuset", "cpu.cpus", "cpuset.cpus", c.Cpus); err != nil {
			return err
		}
	}
	if c.Mems != "" {
		return g.set("cpuset", "cpu.mems", "cpuset.mems", c.Mems)
	}
	return nil
}
