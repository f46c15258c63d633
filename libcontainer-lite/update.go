package libcontainer

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec"
	"wrun/state"
)

// Update changes the limits of a container that has not stopped: those that
// are given, and no others. Device rules are not changed.
func (r *Runtime) Update(id string, res *specs.LinuxResources) error {
	dir, st, err := r.lock(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	status, err := st.Status(dir)
	if err != nil {
		return err
	}
	if status == state.StatusStopped || status == state.StatusCreating {
		return fmt.Errorf("cannot update a container that is %s: container not running", status)
	}
	res.Devices = nil
	if err := spec.Unsupported(&specs.Spec{Linux: &specs.Linux{Resources: res}}); err != nil {
		return err
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	return g.Update(res)
}
