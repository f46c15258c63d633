package libcontainer

import (
	"fmt"
	"io"
	"os"
	"time"

	"wrun/linux/kernel"
)

// takeConsole takes the master of the container's terminal: it goes to the
// console socket, or stays for a foreground run.
func (c *container) takeConsole(fd int) error {
	if fd < 0 {
		return fmt.Errorf("process.terminal: the init sent no descriptor")
	}
	if c.o.ConsoleSocket != "" {
		if err := kernel.SendFD(c.o.ConsoleSocket, "/dev/ptmx", fd); err != nil {
			return fmt.Errorf("--console-socket: %w", err)
		}
		return nil
	}
	own, err := kernel.DupFrom(fd, 3)
	if err != nil {
		return err
	}
	c.console = own
	return nil
}

// terminal ties the caller's terminal to the container's.
type terminal struct {
	master *os.File
	tty    int // the caller's terminal, -1 without one
	saved  *kernel.Termios
	done   chan struct{} // closed when all output has been copied
}

// relayTerminal starts copying between stdio and the container's terminal. The
// caller's terminal, if there is one, is made raw until restore. Without a
// container terminal it gives nil, on which every method does nothing.
func (c *container) relayTerminal() (*terminal, error) {
	if c.console < 0 {
		return nil, nil
	}
	if err := kernel.SetNonblock(c.console, true); err != nil {
		return nil, err
	}
	t := &terminal{master: os.NewFile(uintptr(c.console), "terminal"), tty: -1, done: make(chan struct{})}
	c.console = -1
	for fd := range 3 {
		if saved, err := kernel.MakeRaw(fd); err == nil {
			t.tty, t.saved = fd, saved
			break
		}
	}
	if size := c.spec.Process.ConsoleSize; size == nil || size.Height|size.Width == 0 {
		t.resize()
	}
	go func() {
		// Ends with EOF on stdin, or with the process.
		_, _ = io.Copy(t.master, os.Stdin)
		if t.tty < 0 {
			// Stdin is no terminal: its end becomes the terminal's ^D.
			_, _ = t.master.Write([]byte{4})
		}
	}()
	go func() {
		// Ends with EIO when the last process has closed the terminal.
		_, _ = io.Copy(os.Stdout, t.master)
		close(t.done)
	}()
	return t, nil
}

// resize gives the container's terminal the size of the caller's.
func (t *terminal) resize() {
	if t == nil || t.tty < 0 {
		return
	}
	rc, err := t.master.SyscallConn()
	if err != nil {
		return
	}
	// A terminal that has gone needs no size.
	_ = rc.Control(func(fd uintptr) { _ = kernel.CopyWinsize(t.tty, int(fd)) })
}

// drain waits until what the container has written is out. Where others may
// hold the terminal open, because no pid namespace ends with the process, what
// comes later than a second after it is theirs.
func (t *terminal) drain(shared bool) {
	switch {
	case t == nil:
	case !shared:
		<-t.done
	default:
		select {
		case <-t.done:
		case <-time.After(time.Second):
		}
	}
}

// restore gives the caller's terminal its settings back.
func (t *terminal) restore() {
	if t == nil {
		return
	}
	if t.tty >= 0 {
		kernel.RestoreTerminal(t.tty, t.saved)
	}
	_ = t.master.Close()
}
