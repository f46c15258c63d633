package libcontainer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"wrun/linux/compile"
	"wrun/linux/interp"
	"wrun/linux/kernel"
	"wrun/wasm"
)

// syncSocket is the parent's end of the sync socket. Reads go through Go's
// poller: a thread that blocks in a system call keeps the scheduler's monitor
// thread awake, which costs more CPU than everything else here.
type syncSocket struct {
	f  *os.File
	rc syscall.RawConn
	fd int
}

func newSyncSocket(fd int) (*syncSocket, error) {
	if err := kernel.SetNonblock(fd, true); err != nil {
		kernel.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "sync socket")
	rc, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &syncSocket{f, rc, fd}, nil
}

// close ends the conversation; an init that still waits ends too.
func (s *syncSocket) close() { _ = s.f.Close() }

// receive waits for one message, with the descriptor that came along or -1.
// No bytes means that the other end is closed.
func (s *syncSocket) receive(b []byte) (n, fd int, err error) {
	rerr := s.rc.Read(func(sock uintptr) bool {
		n, fd, err = kernel.RecvFD(int(sock), b, false)
		return kernel.Errno(err) != syscall.EAGAIN
	})
	if rerr != nil {
		return 0, -1, rerr
	}
	return n, fd, err
}

func (s *syncSocket) send(b []byte) error { return kernel.Send(s.fd, b) }

// serve answers the init, and its stub and engine, until the container is
// ready and its state on disk.
func (c *container) serve() error {
	b := make([]byte, wasm.MaxMessage)
	text := ""
	stubGone := !c.program.Stub
	for {
		n, fd, err := c.sync.receive(b)
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		if n == 0 {
			return c.died()
		}
		m, err := interp.DecodeMessage(b[:n])
		if err != nil {
			kernel.Close(fd)
			return err
		}
		ready := false
		switch {
		case m.Tag == interp.FSText:
			text = fsText(b[interp.MessageSize:n])
		case m.Tag == interp.Child:
			stubGone = true
			err = c.stubDone(int(m.Value))
		case m.Tag == wasm.TagEngineReady:
			ready = true
			if note := b[interp.MessageSize:n]; len(note) > 0 {
				c.r.Log.Warnf("wrun-engine: %s", note)
			}
			for ; !stubGone && err == nil; stubGone = true {
				err = c.awaitStub()
			}
		case m.Tag == wasm.TagEngineFailed:
			err = errors.New(string(b[interp.MessageSize:n]))
		case m.Tag >= interp.Barrier:
			if c.needsInit(int(m.Tag - interp.Barrier)) {
				// The init's message may have overtaken its stub's. The init
				// waits now, so that one is the next.
				for ; !stubGone && err == nil; stubGone = true {
					err = c.awaitStub()
				}
			}
			if err == nil {
				ready, err = c.barrier(int(m.Tag-interp.Barrier), m.Value, fd)
			}
		default:
			err = interp.Report(c.program.Prog, m, text)
		}
		kernel.Close(fd)
		if err != nil {
			return err
		}
		if ready {
			return c.ready()
		}
	}
}

// needsInit tells whether the init itself must be known to do what a barrier
// asks for: the id maps are its stub's, and what is only sent needs nobody.
func (c *container) needsInit(i int) bool {
	if i >= len(c.program.Barriers) {
		return false
	}
	switch c.program.Barriers[i].Kind {
	case compile.BarrierIDMaps, compile.BarrierConsole, compile.BarrierPasswd, compile.BarrierCopyUp:
		return false
	}
	return true
}

// barrier does what the init waits for.
func (c *container) barrier(i int, value uint32, fd int) (ready bool, err error) {
	if i >= len(c.program.Barriers) {
		return false, fmt.Errorf("init: there is no barrier %d", i)
	}
	x := &c.program.Barriers[i]
	switch x.Kind {
	case compile.BarrierIDMaps:
		if err := c.writeIDMaps(); err != nil {
			return false, err
		}
		return false, c.sync.send([]byte{1})
	case compile.BarrierRoot, compile.BarrierTree:
		if err := c.tree(x); err != nil {
			return false, fmt.Errorf("%s: %w", x.Field, err)
		}
		return false, nil
	case compile.BarrierTarget:
		if err := makeTarget(fd, x.Path, value == 1, c.rootIDs()); err != nil {
			return false, fmt.Errorf("%s: %w", x.Field, err)
		}
		return false, c.sync.send([]byte{1})
	case compile.BarrierCopyUp:
		if err := c.copyUp(value, fd); err != nil {
			return false, fmt.Errorf("%s: %w", x.Field, err)
		}
		return false, nil
	case compile.BarrierHooks:
		if err := c.runtimeHooks(); err != nil {
			return false, err
		}
		return false, c.sync.send([]byte{1})
	case compile.BarrierConsole:
		return false, c.takeConsole(fd)
	case compile.BarrierPasswd:
		c.home = homeOf(fd, c.spec.Process.User.UID)
		return false, nil
	case compile.BarrierModule:
		verdict, err := c.module(int(value), fd)
		if err != nil {
			return false, err
		}
		return false, c.sync.send(binary.LittleEndian.AppendUint64(nil, uint64(verdict)))
	case compile.BarrierReady:
		return true, nil
	}
	return false, fmt.Errorf("init: barrier %d is of no known kind", i)
}

// ready is reached when the init has nothing left to do: the state goes to
// disk, then the init hears of it. Would the runtime die in between, the init
// ends: nothing runs that delete could not find.
func (c *container) ready() error {
	if c.joins {
		if err := c.setRlimits(); err != nil {
			return err
		}
		if err := c.publishPid(); err != nil {
			return err
		}
		return c.sync.send(c.answer())
	}
	if err := c.confine(); err != nil {
		return err
	}
	if err := c.setRlimits(); err != nil {
		return err
	}
	if err := c.saveState(); err != nil {
		return err
	}
	if err := c.publishPid(); err != nil {
		return err
	}
	return c.sync.send(c.answer())
}

// answer releases a process that is ready; it carries HOME where the program
// has room for it.
func (c *container) answer() []byte {
	if !c.program.Home || c.engine {
		return []byte{1}
	}
	home := c.home
	if home == "" {
		home = "/"
	}
	return append([]byte("HOME="+home), 0)
}

// stubDone takes over from the stub: the init that it made is our child too.
func (c *container) stubDone(pid int) error {
	stub := c.pid
	c.pid = pid
	if err := c.resetAffinity(); err != nil {
		return err
	}
	_, err := wait(stub)
	return err
}

func (c *container) awaitStub() error {
	b := make([]byte, 64)
	n, fd, err := c.sync.receive(b)
	if err != nil {
		return err
	}
	kernel.Close(fd)
	if n == 0 {
		return c.died()
	}
	m, err := interp.DecodeMessage(b[:n])
	if err != nil {
		return err
	}
	if m.Tag != interp.Child {
		return fmt.Errorf("init: message %#x instead of its stub's", m.Tag)
	}
	return c.stubDone(int(m.Value))
}

// orReport prefers what the init has to say: when it fails while the parent
// does something else, that something often fails because of it.
func (c *container) orReport(err error) error {
	var b [interp.MessageSize]byte
	n, fd, rerr := kernel.RecvFD(c.sync.fd, b[:], false)
	kernel.Close(fd)
	if rerr != nil || n < len(b) {
		return err
	}
	if m, derr := interp.DecodeMessage(b[:]); derr == nil {
		if report := interp.Report(c.program.Prog, m, ""); report != nil {
			return report
		}
	}
	return err
}

// died tells how an init ended that said nothing.
func (c *container) died() error {
	pid := c.pid
	c.pid = 0
	ws, err := wait(pid)
	if err != nil {
		return fmt.Errorf("init ended without a report: %w", err)
	}
	who := "init"
	if c.engine {
		who = "wrun-engine"
	}
	switch {
	case ws.Signaled() && ws.Signal() == syscall.SIGKILL:
		return fmt.Errorf("%s was killed (SIGKILL) before the container was set up: somebody killed it, or linux.resources.memory.limit is too small for it", who)
	case ws.Signaled():
		return fmt.Errorf("%s ended by signal %d (%s) before the container was set up", who, int(ws.Signal()), ws.Signal())
	}
	return fmt.Errorf("%s exited with status %d before the container was set up", who, ws.ExitStatus())
}

// fsText cleans the kernel's text: lines of "e fs: text", the letter its level.
func fsText(b []byte) string {
	s := strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
	if len(s) > 2 && s[1] == ' ' {
		s = s[2:]
	}
	return strings.ReplaceAll(s, "\n", "; ")
}
