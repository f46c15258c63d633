package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"wrun/linux/kernel"
	"wrun/state"
)

// Run is Create and Start in one process. Unless it is detached it stays with
// the container, passes signals on, and gives the workload's exit status:
// 128+signal for one that was killed.
func (r *Runtime) Run(o CreateOptions) (exit int, err error) {
	if o.Detach {
		c, err := r.create(&o)
		if err != nil {
			return 1, err
		}
		if err := r.release(c.dir, c.st); err != nil {
			c.destroyStarted()
			return 1, err
		}
		return 0, c.release()
	}
	if !o.NoSubreaper {
		if err := kernel.SetSubreaper(); err != nil {
			return 1, err
		}
	}
	c, err := r.create(&o)
	if err != nil {
		return 1, err
	}
	return c.attend()
}

// attend is the foreground life of a container.
func (c *container) attend() (exit int, err error) {
	relay, err := kernel.Relay()
	if err != nil {
		c.destroyStarted()
		return 1, err
	}
	signals := os.NewFile(uintptr(relay), "signals")
	tty, err := c.relayTerminal()
	if err != nil {
		c.destroyStarted()
		return 1, err
	}
	defer tty.restore()
	if err := c.r.release(c.dir, c.st); err != nil {
		tty.drain(c.st.SharedPID)
		c.destroyStarted()
		return 1, err
	}
	if err := c.dir.Unlock(); err != nil {
		return 1, err
	}
	exit, err = c.forward(signals, tty, c.st.Pid, func(s syscall.Signal) error { return killInit(c.st, s) })
	tty.drain(c.st.SharedPID)
	if err != nil {
		return 1, err
	}
	c.pid = 0
	if c.o.Keep {
		return exit, c.release()
	}
	c.st.Pid = 0 // reaped: there is nothing to look for
	c.closeFiles()
	switch err := c.dir.Lock(); {
	case errors.Is(err, state.ErrNotExist): // somebody has deleted it by force
		return exit, c.dir.Close()
	case err != nil:
		return 1, err
	}
	return exit, errors.Join(c.r.remove(c.dir, c.st, c.group), c.dir.Close())
}

// destroyStarted takes back a container whose start failed.
func (c *container) destroyStarted() {
	c.closeFiles()
	if err := c.r.remove(c.dir, c.st, c.group); err != nil {
		c.r.Log.Warnf("remove the container: %v", err)
	}
	reap(c.st.Pid)
	if err := c.dir.Close(); err != nil {
		c.r.Log.Warnf("close the state directory: %v", err)
	}
}

// forward passes signals on until the process has ended. Every child is reaped:
// as a subreaper wrun is given the container's orphans.
func (c *container) forward(signals *os.File, tty *terminal, pid int, send func(syscall.Signal) error) (exit int, err error) {
	var b [1]byte
	for {
		// The init may have ended before the first signal was asked for.
		if ws, ended := reap(pid); ended {
			return exitCode(ws), nil
		}
		if _, err := signals.Read(b[:]); err != nil {
			return 1, err
		}
		switch s := syscall.Signal(b[0]); s {
		case syscall.SIGCHLD:
		case syscall.SIGWINCH:
			tty.resize()
		case syscall.SIGPIPE:
			// Ours: stdout has gone. The container has its own.
		default:
			if err := send(s); err != nil && err != errNotRunning && kernel.Errno(err) != syscall.ESRCH {
				c.r.Log.Warnf("pass on signal %d: %v", int(s), err)
			}
		}
	}
}

// reap takes every child that has ended; it tells whether one of them is pid.
func reap(pid int) (status syscall.WaitStatus, ended bool) {
	for {
		var ws syscall.WaitStatus
		child, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || child <= 0 {
			return status, ended
		}
		if child == pid {
			status, ended = ws, true
		}
	}
}

func exitCode(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// publishPid writes the pid file and sends the pidfd, before create succeeds.
func (c *container) publishPid() error {
	if p := c.o.PidfdSocket; p != "" {
		fd, err := kernel.PidfdOpen(c.pid, false)
		if err != nil {
			return fmt.Errorf("--pidfd-socket: %w", err)
		}
		err = kernel.SendFD(p, "pidfd", fd)
		kernel.Close(fd)
		if err != nil {
			return fmt.Errorf("--pidfd-socket: %w", err)
		}
	}
	if c.o.PidFile == "" {
		return nil
	}
	if err := writePidFile(c.o.PidFile, c.pid); err != nil {
		return fmt.Errorf("--pid-file: %w", err)
	}
	return nil
}

// writePidFile replaces the file in one step: who waits for it reads a whole
// number.
func writePidFile(path string, pid int) error {
	tmp := path + ".wrun-new"
	if err := os.WriteFile(tmp, fmt.Append(nil, pid), 0o644); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}
