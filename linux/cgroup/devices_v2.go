package cgroup

import (
	"fmt"

	"wrun/linux/kernel"
)

// filterName is what bpftool and the audit log call the program.
const filterName = "wrun_devices"

// applyDevicesV2 attaches the policy as a program. In a new cgroup there is
// nothing to replace, and a policy that forbids nothing needs no program. In
// one in use, one program takes the place of the other in one step; were there
// several (systemd leaves its own behind), the new one is added first, so that
// for a moment all of them must agree, and the others are detached.
func (d *dir) applyDevicesV2(p *devicePolicy) error {
	if d.fresh && p.allowsAll() {
		return nil
	}
	cgroup, err := kernel.CgroupOpen(d.path)
	if err != nil {
		return err
	}
	defer kernel.Close(cgroup)
	var old []int
	if !d.fresh {
		if old, err = kernel.DeviceFilters(cgroup); err != nil {
			return fmt.Errorf("%s: %w", d.path, err)
		}
		defer func() {
			for _, fd := range old {
				kernel.Close(fd)
			}
		}()
		if len(old) == 0 && p.allowsAll() {
			return nil
		}
	}
	if err := attach(cgroup, p, old); err != nil {
		return fmt.Errorf("%s: %w", d.path, err)
	}
	return nil
}

// attach loads and attaches the program. The cgroup holds it from then on, and
// drops it when it is removed.
func attach(cgroup int, p *devicePolicy, old []int) error {
	program, err := kernel.LoadDeviceFilter(filterName, p.filter())
	if err != nil {
		return err
	}
	defer kernel.Close(program)
	if len(old) == 1 {
		return kernel.AttachDeviceFilter(cgroup, program, old[0])
	}
	if err := kernel.AttachDeviceFilter(cgroup, program, -1); err != nil {
		return err
	}
	for _, fd := range old {
		if err := kernel.DetachDeviceFilter(cgroup, fd); err != nil {
			return err
		}
	}
	return nil
}
