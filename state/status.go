package state

import (
	"bytes"
	"errors"
	"path/filepath"
	"syscall"
)

// Status is where a container is in its life cycle: the words of the
// runtime-spec, and runc's "paused".
type Status string

const (
	StatusCreating Status = "creating"
	StatusCreated  Status = "created"
	StatusRunning  Status = "running"
	StatusPaused   Status = "paused"
	StatusStopped  Status = "stopped"
)

// Status reads off the system what the container is doing. It waits for nobody,
// not even for a creator at work. What a dead creator left is stopped, though
// its init may still be on the way out: see Alive.
func (c *Container) Status(d *Dir) (Status, error) {
	if c.Phase == Creating {
		busy, err := d.beingCreated()
		if err != nil {
			return "", err
		}
		if busy {
			return StatusCreating, nil
		}
		return StatusStopped, nil
	}
	if alive, err := c.Alive(); err != nil {
		return "", err
	} else if !alive {
		return StatusStopped, nil
	}
	// As with runc a frozen container is paused even if it was not started yet:
	// it would not see start's byte.
	frozen, err := c.frozen()
	if err != nil {
		return "", err
	}
	if frozen {
		return StatusPaused, nil
	}
	waiting, err := d.hasFIFO()
	if err != nil {
		return "", err
	}
	if waiting {
		return StatusCreated, nil
	}
	return StatusRunning, nil
}

// Alive tells whether the init still runs: a zombie does not, and neither does
// another process that was given its pid.
func (c *Container) Alive() (bool, error) {
	if c.Pid <= 0 {
		return false, nil
	}
	p, err := readProc(c.Pid)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESRCH) {
		// Without /proc, or with a hidepid= that hides the container, it is not
		// known to be dead: nothing may be removed from under it.
		if syscall.Kill(c.Pid, 0) == syscall.ESRCH {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	return p.startTime == c.StartTime && p.running(), nil
}

// beingCreated tells whether the container's creator holds the lock. A shared
// lock is tried, so that two who ask at once do not take each other for it.
func (d *Dir) beingCreated() (bool, error) {
	if d.locked {
		return d.creator, nil
	}
	switch err := flock(d.fd, syscall.LOCK_SH|syscall.LOCK_NB); err {
	case nil:
		return false, flock(d.fd, syscall.LOCK_UN)
	case syscall.EWOULDBLOCK:
		return true, nil
	default:
		return false, err
	}
}

func (d *Dir) hasFIFO() (bool, error) {
	const oPath = 0x200000 // O_PATH, open(2)
	fd, err := openAt(d.fd, fifoFile, oPath, 0)
	switch err {
	case nil:
		return true, syscall.Close(fd)
	case syscall.ENOENT:
		return false, nil
	default:
		return false, err
	}
}

// frozen tells whether somebody has frozen the container's own cgroup. Without
// a cgroup, or after its removal, nobody has.
func (c *Container) frozen() (bool, error) {
	if dir, ok := c.CgroupPaths["freezer"]; ok {
		// v1: FREEZING until the last process stands still.
		state, err := readCgroup(filepath.Join(dir, "freezer.state"))
		return bytes.HasPrefix(state, []byte("FR")), err
	}
	if dir, ok := c.CgroupPaths[""]; ok {
		state, err := readCgroup(filepath.Join(dir, "cgroup.freeze"))
		return bytes.HasPrefix(state, []byte("1")), err
	}
	return false, nil
}

// readCgroup returns the first bytes of a control file, nothing when it or its
// cgroup is gone.
func readCgroup(path string) ([]byte, error) {
	buf := make([]byte, 16)
	n, err := readPath(path, buf)
	switch err {
	case nil:
		return buf[:n], nil
	case syscall.ENOENT, syscall.ENODEV: // ENODEV: removed since it was opened
		return nil, nil
	default:
		return nil, pathError("read", path, err)
	}
}
