package cgroup

import (
	"errors"
	"fmt"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// Apply sets the limits and device rules of linux.resources, all but those
// that ApplyLate sets. Nil, and a zero value of a field that has no other
// meaning for 0, ask for nothing; only the device rules are always set, because
// a container gets no device it was not given. Fields for v1 only are passed
// over on v2 (kernel, kernelTCP, swappiness, disableOOMKiller, useHierarchy,
// the realtime ones, leafWeight, network), as with runc.
//
// Every error names the field and the file:
//
//	linux.resources.memory.limit: write 10 to /sys/fs/cgroup/c1/memory.max: invalid argument
func (g *Group) Apply(r *specs.LinuxResources) error {
	if err := g.ApplyLimits(r); err != nil {
		return err
	}
	return g.ApplyDevices(r)
}

// ApplyDevices sets the device rules. A container's set-up may need devices
// that the container may not have: mounting a block device is one, and between
// two writes to a v1 list even the default devices are denied. So this comes
// when the set-up is done.
func (g *Group) ApplyDevices(r *specs.LinuxResources) error {
	if r == nil {
		return g.applyDevices(nil)
	}
	return g.applyDevices(r.Devices)
}

// ApplyLimits is Apply without the device rules.
func (g *Group) ApplyLimits(r *specs.LinuxResources) error {
	if r == nil {
		return nil
	}
	if err := g.limits(r); err != nil {
		return err
	}
	if err := g.applyBlockIO(r.BlockIO); err != nil {
		return err
	}
	if err := g.applyNetwork(r.Network); err != nil {
		return err
	}
	if err := g.applyRdma(r.Rdma); err != nil {
		return err
	}
	return g.applyUnified(r.Unified, false)
}

// Update changes the limits of a group that is in use: those that are given,
// and no others. The device rules stay as they are.
func (g *Group) Update(r *specs.LinuxResources) error {
	if err := g.limits(r); err != nil {
		return err
	}
	if err := g.applyUnified(r.Unified, false); err != nil {
		return err
	}
	return g.ApplyLate(r)
}

// limits sets what Apply and Update have in common.
func (g *Group) limits(r *specs.LinuxResources) error {
	if len(r.Unified) > 0 && g.Mode() != V2 {
		return fmt.Errorf("linux.resources.unified: %w", ErrUnifiedV1)
	}
	if r.Memory != nil {
		if err := g.applyMemory(r.Memory); err != nil {
			return err
		}
	}
	if r.CPU != nil {
		if err := g.applyCPU(r.CPU); err != nil {
			return err
		}
		if err := g.applyCpuset(r.CPU); err != nil {
			return err
		}
	}
	return g.applyHugetlb(r.HugepageLimits)
}

// ApplyLate sets the limits that the set-up of a container would trip over:
// pids.max (1 would keep a stub from cloning the init), as linux.resources.pids
// and in unified. It is called when the init is the only process left in the
// group and before the workload runs.
func (g *Group) ApplyLate(r *specs.LinuxResources) error {
	if r == nil {
		return nil
	}
	if r.Pids != nil {
		if err := g.applyPids(r.Pids); err != nil {
			return err
		}
	}
	return g.applyUnified(r.Unified, true)
}

// set writes a limit into a controller's file. The field is named below
// linux.resources.
func (g *Group) set(controller, field, file, value string) error {
	d, err := g.need(controller, field)
	if err != nil {
		return err
	}
	err = kernel.CgroupWrite(d.file(file), value)
	if err == nil {
		return nil
	}
	if d.v2 && errnoOf(err) == syscall.ENOENT {
		return g.missing(d, controller, field, err)
	}
	return wrapField(field, err)
}

// need finds a controller's directory. On a hybrid host the controller may be
// the unified hierarchy's, where Create enables none: that is done here.
func (g *Group) need(controller, field string) (*dir, error) {
	d := g.controller(controller)
	if d == nil {
		return nil, fieldError(field, "the host has no "+controller+" cgroup")
	}
	if d.v2 && g.Mode() == Hybrid {
		have, err := kernel.CgroupRead(d.file("cgroup.controllers"))
		if err == nil && !listed(have, controller) && d.mount != "" {
			g.enable(d, controller)
		}
	}
	return d, nil
}

// missing explains a v2 file that is not there.
func (g *Group) missing(d *dir, controller, field string, err error) error {
	have, readErr := kernel.CgroupRead(d.file("cgroup.controllers"))
	if readErr != nil || listed(have, controller) {
		return wrapField(field, err) // the kernel has the controller, not the file
	}
	return fmt.Errorf("linux.resources.%s: the %s controller is not available%s: %w", field, controller, g.whyNot(), err)
}

// whyNot tells why controllers could not be enabled.
func (g *Group) whyNot() string {
	if g.enabling == nil {
		return ""
	}
	return " (" + g.enabling.Error() + ")"
}

func wrapField(field string, err error) error {
	return fmt.Errorf("linux.resources.%s: %w", field, err)
}

func fieldError(field, text string) error {
	return errors.New("linux.resources." + field + ": " + text)
}
