package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"wrun/linux/cgroup"
	"wrun/linux/kernel"
	"wrun/state"
)

// Delete removes a container that has stopped or was never started, or, by
// force, any one (runtime.md, "Delete"). By force an unknown id is no error.
func (r *Runtime) Delete(id string, force bool) error {
	dir, err := state.Open(r.Root).Dir(id)
	if err != nil {
		if force && errors.Is(err, state.ErrNotExist) {
			return nil
		}
		return err
	}
	defer dir.Close()
	if err := dir.Lock(); err != nil {
		if force && errors.Is(err, state.ErrNotExist) {
			return nil
		}
		return err
	}
	st, err := dir.Load()
	switch {
	case err == nil:
	case force && (errors.Is(err, state.ErrNoState) || errors.Is(err, state.ErrCorrupt)):
		// Whoever made it died before there was anything else to remove.
		return dir.Remove()
	default:
		return err
	}
	if !force {
		if err := mayDelete(id, dir, st); err != nil {
			return err
		}
	}
	g, err := (*stored)(st).group()
	if err != nil {
		return err
	}
	return r.remove(dir, st, g)
}

func mayDelete(id string, dir *state.Dir, st *state.Container) error {
	status, err := st.Status(dir)
	if err != nil {
		return err
	}
	if status == state.StatusStopped || status == state.StatusCreated {
		return nil
	}
	return fmt.Errorf("cannot delete container %s that is not stopped: %s (use --force to kill it)", id, status)
}

// remove ends what is left of a container, its cgroup g included, and takes away
// everything of it. The caller holds the lock.
func (r *Runtime) remove(dir *state.Dir, st *state.Container, g *cgroup.Group) error {
	s, err := r.hooksOf(dir, st)
	if err != nil {
		r.Log.Warnf("poststop hooks: %v", err)
	}
	fd, err := openInit(st)
	switch {
	case err == nil:
		defer kernel.Close(fd)
		if err := kernel.PidfdSignal(fd, syscall.SIGKILL); err != nil && kernel.Errno(err) != syscall.ESRCH {
			return fmt.Errorf("kill the init, pid %d: %w", st.Pid, err)
		}
		if err := r.thawV1(st); err != nil {
			return err
		}
		if err := awaitEnd(fd); err != nil {
			return fmt.Errorf("the init, pid %d: %w", st.Pid, err)
		}
	case err != errNotRunning:
		return err
	}
	if err := removeCgroup(dir, st, g); err != nil {
		return err
	}
	if err := dir.Remove(); err != nil {
		return err
	}
	r.poststop(s, st)
	return nil
}

// removeCgroup removes the container's cgroup with all that is left in it.
//
// Without a pid namespace of its own, the init's end does not end the rest; and
// a creator that was killed may have left an init unrecorded. But as long as
// there is no FIFO such a creator had not yet made sure that the cgroup is not
// somebody else's: then nothing in it is touched.
func removeCgroup(dir *state.Dir, st *state.Container, g *cgroup.Group) error {
	half := st.Phase == state.Creating
	if half {
		if _, err := os.Lstat(dir.FIFO()); errors.Is(err, os.ErrNotExist) {
			pids, err := g.Pids(true)
			if err != nil || len(pids) > 0 {
				return err
			}
		}
	}
	if st.SharedPID || half {
		if err := g.Kill(); err != nil {
			return err
		}
	}
	return g.Remove()
}

// endTimeout is how long a killed process may take to end, in milliseconds: it
// may hang in a system call of a dead network file system.
const endTimeout = 10_000

// awaitEnd waits until the process of a pidfd has ended.
func awaitEnd(fd int) error {
	ev, err := kernel.Poll(fd, kernel.PollIn, endTimeout)
	if err != nil {
		return err
	}
	if ev == 0 {
		return fmt.Errorf("still there after %d s", endTimeout/1000)
	}
	return nil
}

// awaitInit waits until an init that ends by itself has ended.
func awaitInit(st *state.Container) error {
	fd, err := openInit(st)
	if err == errNotRunning {
		return nil
	}
	if err != nil {
		return err
	}
	defer kernel.Close(fd)
	return awaitEnd(fd)
}
