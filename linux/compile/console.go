package compile

import (
	"encoding/binary"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// console makes the terminal in the container's own devpts, gives its master
// to the parent, and puts its other side under stdio and /dev/console. That
// side is the master's peer (TIOCGPTPEER, Linux 4.13), never a path like
// /dev/pts/0 that could have been swapped (CVE-2025-52565).
func (c *compiler) console() error {
	p := c.s.Process
	if p == nil || !p.Terminal {
		return nil
	}
	b := c.b
	mark := b.Mark()
	defer b.Release(mark)
	master, tty := b.Slot(), b.Slot()
	b.Field("process.terminal")
	c.openRoot("/dev/pts/ptmx", kernel.O_RDWR|kernel.O_NOCTTY, 0, kernel.RESOLVE_NO_SYMLINKS).Into(master)
	ok := b.Label()
	b.Do(kernel.SYS_FSTATFS, master.Val(), c.buf)
	b.IfEq(c.buf.Load(0), prog.Int(kernel.DEVPTS_SUPER_MAGIC), ok)
	b.Field("process.terminal: /dev/pts of the container is no devpts")
	b.Do(prog.FAIL, prog.Int(enodev))
	b.Bind(ok)
	b.Field("process.terminal")
	b.Do(kernel.SYS_IOCTL, master.Val(), prog.Int(kernel.TIOCSPTLCK), b.Words(0))
	b.Do(kernel.SYS_IOCTL, master.Val(), prog.Int(kernel.TIOCGPTPEER), prog.Int(kernel.O_RDWR|kernel.O_NOCTTY|kernel.O_CLOEXEC)).Into(tty)
	b.Do(kernel.SYS_FCHOWN, tty.Val(), prog.Int(int(p.User.UID)), prog.Int(-1))
	if s := p.ConsoleSize; s != nil && (s.Height|s.Width) != 0 {
		b.Field("process.consoleSize")
		ws := make([]byte, 8)
		binary.LittleEndian.PutUint16(ws, uint16(s.Height))
		binary.LittleEndian.PutUint16(ws[2:], uint16(s.Width))
		b.Do(kernel.SYS_IOCTL, master.Val(), prog.Int(kernel.TIOCSWINSZ), b.Data(ws))
	}
	b.Field("process.terminal")
	id := c.barrier(Barrier{Kind: BarrierConsole, Field: "process.terminal"})
	c.sendFD(c.word(TagBarrier+id, 0), master.Val())
	c.close(master)
	for fd := range 3 {
		b.Do(kernel.SYS_DUP3, tty.Val(), prog.Int(fd), prog.Int(0))
	}
	b.Do(kernel.SYS_IOCTL, prog.Int(0), prog.Int(kernel.TIOCSCTTY), prog.Int(0))
	if c.mountNS() && c.entry == nil {
		c.devConsole(tty)
	}
	c.close(tty)
	return nil
}

// devConsole binds the terminal over /dev/console. The file is never opened
// for writing: an image may have put any node there.
func (c *compiler) devConsole(tty prog.Slot) {
	b := c.b
	b.Field("process.terminal: /dev/console")
	mark := b.Mark()
	dev := b.Slot()
	c.openRoot("/dev", kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_NOFOLLOW, 0, kernel.RESOLVE_NO_SYMLINKS).Into(dev)
	b.Do(kernel.SYS_MKNODAT, dev.Val(), b.Str("console"), prog.Int(kernel.S_IFREG|0o666), prog.Int(0)).Accept(eexist)
	c.close(dev)
	b.Release(mark)
	c.openRoot("/dev/console", kernel.O_PATH|kernel.O_NOFOLLOW, 0, kernel.RESOLVE_NO_SYMLINKS).Into(c.dst)
	b.Do(kernel.SYS_OPEN_TREE, tty.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH)).Into(c.mnt)
	b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
	c.close(c.dst)
	c.close(c.mnt)
}

// hooks waits while the parent runs the hooks of the host's namespaces.
func (c *compiler) hooks() error {
	h := c.s.Hooks
	if h == nil || len(h.CreateRuntime)+len(h.Prestart) == 0 { //nolint:staticcheck // deprecated, and what docker's bridge needs
		return nil
	}
	c.b.Field("hooks")
	id := c.barrier(Barrier{Kind: BarrierHooks, Field: "hooks"})
	c.say(c.word(TagBarrier+id, 0))
	c.await(c.buf, 8)
	return nil
}
