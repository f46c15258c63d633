package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/interp"
	"wrun/linux/kernel"
	"wrun/spec"
	"wrun/state"
)

// Start lets the workload of a created container run. It returns when the
// workload has been executed, or with the reason why it was not (runtime.md,
// "Start").
func (r *Runtime) Start(id string) error {
	dir, st, err := r.lock(id)
	if err != nil {
		return err
	}
	defer dir.Close()
	status, err := st.Status(dir)
	if err != nil {
		return err
	}
	switch status {
	case state.StatusCreated:
	case state.StatusStopped:
		return errors.New("cannot start a container that has stopped")
	case state.StatusPaused:
		return errors.New("cannot start a paused container: resume it first")
	default:
		return fmt.Errorf("cannot start an already running container (status %s)", status)
	}
	return r.release(dir, st)
}

// lock opens a container, waits for its lock, and reads its state.
func (r *Runtime) lock(id string) (*state.Dir, *state.Container, error) {
	dir, err := state.Open(r.Root).Dir(id)
	if err != nil {
		return nil, nil, err
	}
	if err := dir.Lock(); err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	st, err := dir.Load()
	if err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	return dir, st, nil
}

// release writes the byte that a waiting init reads from its FIFO, and waits
// for what comes of it. The init holds the FIFO open for reading and writing
// until it executes the workload: then poll(2) reports that no reader is left.
// If it could not, its report stays in the FIFO.
func (r *Runtime) release(dir *state.Dir, st *state.Container) error {
	fd, err := kernel.Open(dir.FIFO(), kernel.O_WRONLY|kernel.O_NONBLOCK, 0)
	switch kernel.Errno(err) {
	case 0:
	case syscall.ENXIO:
		return errors.New("cannot start a container that has stopped: its init is gone")
	default:
		return err
	}
	defer kernel.Close(fd)
	if err := kernel.Write(fd, []byte{0}); err != nil {
		return err
	}
	for {
		ev, err := kernel.Poll(fd, 0, -1)
		if err != nil {
			return err
		}
		if ev&kernel.PollErr != 0 {
			break
		}
	}
	report, err := r.startReport(dir, st)
	if err != nil {
		return err
	}
	if err := os.Remove(dir.FIFO()); err != nil {
		return err
	}
	if report != nil {
		// The init closes its descriptors a moment before it is gone: who asks
		// for the state next shall see that it has stopped.
		return errors.Join(report, awaitInit(st))
	}
	return r.poststart(dir, st)
}

// startReport reads what an init that could not execute has left in the FIFO.
func (r *Runtime) startReport(dir *state.Dir, st *state.Container) (report, err error) {
	fd, err := kernel.Open(dir.FIFO(), kernel.O_RDONLY|kernel.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer kernel.Close(fd)
	var b [interp.MessageSize]byte
	n, err := kernel.Read(fd, b[:])
	if kernel.Errno(err) == syscall.EAGAIN {
		return nil, nil // empty: it was executed
	}
	if err != nil || n == 0 {
		return nil, err
	}
	if n == 1 {
		// Our own byte: the init died before it could read it.
		return errors.New("init was killed before it could execute the workload"), nil
	}
	m, err := interp.DecodeMessage(b[:n])
	if err != nil {
		return nil, err
	}
	return r.explainStart(dir, m)
}

// explainStart words the failure of one of the few ops behind `start`. The
// program is not kept; what can fail there is known from the config.
func (r *Runtime) explainStart(dir *state.Dir, m interp.Message) (report, err error) {
	raw, err := dir.Config()
	if err != nil {
		return nil, err
	}
	s, err := spec.Parse(raw, "config.json")
	if err != nil {
		return nil, err
	}
	if s.Process == nil {
		return errors.New("config.json has no process: there is nothing to start"), nil
	}
	return execFailed(s, syscall.Errno(m.Value)), nil
}

// poststart runs the poststart hooks. When one fails the workload is killed
// (runtime.md, "Lifecycle", step 9, as runc does it).
func (r *Runtime) poststart(dir *state.Dir, st *state.Container) error {
	s, err := r.hooksOf(dir, st)
	if err != nil || s == nil {
		return err
	}
	if err := runHooks("poststart", s.Hooks.Poststart, s, st, specs.StateRunning); err != nil {
		if kerr := killInit(st, syscall.SIGKILL); kerr != nil && kerr != errNotRunning {
			return errors.Join(err, kerr)
		}
		return err
	}
	return nil
}

// hooksOf reads the container's own copy of the config if it has hooks at all.
func (r *Runtime) hooksOf(dir *state.Dir, st *state.Container) (*specs.Spec, error) {
	if !st.Hooks {
		return nil, nil
	}
	raw, err := dir.Config()
	if err != nil {
		return nil, err
	}
	s, err := spec.Parse(raw, "config.json")
	if err != nil {
		return nil, err
	}
	if s.Hooks == nil {
		return nil, nil
	}
	return s, nil
}
