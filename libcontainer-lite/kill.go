package libcontainer

import (
	"errors"
	"fmt"
	"syscall"

	"wrun/linux/cgroup"
	"wrun/linux/kernel"
	"wrun/state"
)

// errNotRunning is what clients look for when they signal what is gone.
var errNotRunning = errors.New("container not running")

// Kill sends a signal to the container's init, or, if all, to every process in
// its cgroup.
func (r *Runtime) Kill(id string, sig syscall.Signal, all bool) error {
	dir, st, err := r.look(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	alive, err := st.Alive()
	if err != nil {
		return err
	}
	if all || !alive && st.SharedPID && sig == syscall.SIGKILL {
		return r.killAll(st, sig, alive)
	}
	if !alive {
		return errNotRunning
	}
	if err := killInit(st, sig); err != nil {
		return err
	}
	if sig == syscall.SIGKILL {
		return r.thawV1(st)
	}
	return nil
}

// look opens a container and reads its state, without waiting for anybody.
func (r *Runtime) look(id string) (*state.Dir, *state.Container, error) {
	dir, err := state.Open(r.Root).Dir(id)
	if err != nil {
		return nil, nil, err
	}
	st, err := dir.Load()
	if err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	return dir, st, nil
}

// killInit signals the init by a pidfd: between the look at its start time and
// the signal the pid cannot have become another process.
func killInit(st *state.Container, sig syscall.Signal) error {
	fd, err := openInit(st)
	if err != nil {
		return err
	}
	defer kernel.Close(fd)
	if err := kernel.PidfdSignal(fd, sig); err != nil {
		if kernel.Errno(err) == syscall.ESRCH {
			return errNotRunning
		}
		return fmt.Errorf("signal %d to the init, pid %d: %w", int(sig), st.Pid, err)
	}
	return nil
}

// openInit gives a pidfd of the init, or errNotRunning.
func openInit(st *state.Container) (int, error) {
	if st.Pid <= 0 {
		return -1, errNotRunning
	}
	fd, err := kernel.PidfdOpen(st.Pid, false)
	if err != nil {
		if kernel.Errno(err) == syscall.ESRCH || kernel.Errno(err) == syscall.EINVAL {
			return -1, errNotRunning
		}
		return -1, fmt.Errorf("init, pid %d: %w", st.Pid, err)
	}
	alive, err := st.Alive()
	if err == nil && !alive {
		err = errNotRunning
	}
	if err != nil {
		kernel.Close(fd)
		return -1, err
	}
	return fd, nil
}

// group is the container's cgroup as its state remembers it.
func (st *stored) group() (*cgroup.Group, error) {
	h, err := cgroup.Detect()
	if err != nil {
		return nil, err
	}
	return cgroup.Load(h, st.CgroupPaths), nil
}

// stored is the state of a container, with what other packages know about it.
type stored state.Container

func (r *Runtime) killAll(st *state.Container, sig syscall.Signal, alive bool) error {
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	if sig == syscall.SIGKILL {
		return g.Kill()
	}
	pids, err := g.Pids(true)
	if err != nil {
		return err
	}
	if len(pids) == 0 && !alive {
		return errNotRunning
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("signal %d to pid %d: %w", int(sig), pid, err)
		}
	}
	return nil
}

// thawV1 lets a killed init die: a v1 freezer holds even SIGKILL back.
func (r *Runtime) thawV1(st *state.Container) error {
	if _, v1 := st.CgroupPaths["freezer"]; !v1 {
		return nil
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	frozen, err := g.Frozen()
	if err != nil || !frozen {
		return err
	}
	return g.Thaw()
}
