package libcontainer

import (
	"errors"
	"fmt"
	"slices"

	"wrun/state"
)

// Pause freezes every process of a container. When it fails the container runs
// on.
func (r *Runtime) Pause(id string) error {
	dir, st, err := r.lock(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	status, err := st.Status(dir)
	if err != nil {
		return err
	}
	if status != state.StatusRunning && status != state.StatusCreated {
		return fmt.Errorf("cannot pause a container that is %s: container not running or created", status)
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	return g.Freeze()
}

// Resume lets the processes of a paused container run again.
func (r *Runtime) Resume(id string) error {
	dir, st, err := r.lock(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	status, err := st.Status(dir)
	if err != nil {
		return err
	}
	if status != state.StatusPaused {
		return fmt.Errorf("cannot resume a container that is %s: container not paused", status)
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	return g.Thaw()
}

// Processes lists the pids of a container's processes, in the caller's pid
// namespace, in order. One that has stopped has none.
func (r *Runtime) Processes(id string) ([]int, error) {
	dir, st, err := r.look(id)
	if err != nil {
		return nil, err
	}
	if err := dir.Close(); err != nil {
		return nil, err
	}
	if len(st.CgroupPaths) == 0 {
		return nil, errors.New("the container has no cgroup to find its processes by")
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return nil, err
	}
	pids, err := g.Pids(true)
	slices.Sort(pids)
	return pids, err
}
