package compile

import (
	"fmt"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// readonlyPaths binds each path onto itself, read-only with all below; its
// other flags stay its parent's.
func (c *compiler) readonlyPaths() error {
	b := c.b
	for i, p := range c.s.Linux.ReadonlyPaths {
		b.Field(fmt.Sprintf("linux.readonlyPaths[%d] %s", i, p))
		skip := b.Label()
		c.openRoot(p, kernel.O_PATH, 0, 0).Into(c.dst).Accept(enoent, enotdir).Else(skip)
		b.Do(kernel.SYS_OPEN_TREE, c.dst.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH|kernel.AT_RECURSIVE)).Into(c.mnt)
		c.setattr(c.mnt, kernel.MOUNT_ATTR_RDONLY, 0, 0, true)
		b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
		c.close(c.dst)
		c.close(c.mnt)
		b.Bind(skip)
	}
	return nil
}

// maskedPaths covers directories with one shared, empty, read-only tmpfs, and
// everything else with /dev/null. Missing paths need no mask. The tmpfs is made
// when the first directory turns up, never before: a detached mount that is
// dropped unused makes everyone wait for an RCU grace period.
//
// The null device is the container's own, and its image may have swapped it
// for something else: the descriptor that is mounted is checked to be the
// character device 1:3 (CVE-2025-31133).
func (c *compiler) maskedPaths() error {
	paths := c.s.Linux.MaskedPaths
	if len(paths) == 0 {
		return nil
	}
	b := c.b
	mark := b.Mark()
	defer b.Release(mark)
	empty, null := b.Slot(), b.Slot() // descriptors, 0 until there are any
	b.Field("linux.maskedPaths")
	b.Set(empty, prog.Int(0))
	b.Set(null, prog.Int(0))
	seen := make(map[string]bool, len(paths))
	for i, p := range paths {
		if seen[p] {
			continue
		}
		seen[p] = true
		field := fmt.Sprintf("linux.maskedPaths[%d] %s", i, p)
		b.Field(field)
		skip, file, clone, attach := b.Label(), b.Label(), b.Label(), b.Label()
		c.openRoot(p, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(c.dst).Accept(enoent, enotdir, eacces).Else(file)
		b.IfNe(empty.Val(), prog.Int(0), clone)
		c.newFS("tmpfs", "tmpfs", []param{{key: "nr_inodes", value: "2"}}, &mountOptions{
			set: kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV | kernel.MOUNT_ATTR_NOEXEC}, field)
		b.Set(empty, c.mnt.Val())
		b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
		c.close(c.dst)
		b.Jump(skip)

		b.Bind(clone)
		b.Do(kernel.SYS_OPEN_TREE, empty.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH)).Into(c.mnt)
		b.Jump(attach)

		b.Bind(file)
		b.IfEq(c.dst.Val(), prog.Int(-enoent), skip)
		c.openRoot(p, kernel.O_PATH, 0, 0).Into(c.dst).Accept(enoent, enotdir, eacces).Else(skip)
		c.openNull(null)
		b.Field(field)
		b.Do(kernel.SYS_OPEN_TREE, null.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH)).Into(c.mnt)
		b.Bind(attach)
		b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
		c.close(c.mnt)
		c.close(c.dst)
		b.Bind(skip)
	}
	b.Field("linux.maskedPaths")
	for _, fd := range []prog.Slot{empty, null} {
		none := b.Label()
		b.IfEq(fd.Val(), prog.Int(0), none)
		c.close(fd)
		b.Bind(none)
	}
	return nil
}

// openNull opens the container's /dev/null once and checks what it is.
func (c *compiler) openNull(null prog.Slot) {
	b := c.b
	have, bad := b.Label(), b.Label()
	b.IfNe(null.Val(), prog.Int(0), have)
	c.openRoot("/dev/null", kernel.O_PATH|kernel.O_NOFOLLOW, 0, kernel.RESOLVE_NO_SYMLINKS).Into(null)
	c.statx(null)
	b.Do(prog.AND, c.buf.Load(statxMode), prog.Int(kernel.S_IFMT)).Into(c.tmp)
	b.IfNe(c.tmp.Val(), prog.Int(kernel.S_IFCHR), bad)
	b.IfEq(c.buf.Load(statxRdev), b.Words(1|3<<32).Load(0), have)
	b.Bind(bad)
	b.Field("linux.maskedPaths: /dev/null of the container is not the null device")
	b.Do(prog.FAIL, prog.Int(enodev))
	b.Bind(have)
}
