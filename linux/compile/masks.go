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
// everything else with /dev/null. Missing paths need no mask.
//
// The tmpfs is made when the first directory has turned up, never before: a
// detached mount that is dropped unused makes everyone wait for an RCU grace
// period. It goes onto that directory, and its clones onto the others: Linux
// 6.1 does not clone a mount that is detached.
func (c *compiler) maskedPaths() error {
	paths := make([]maskedPath, 0, len(c.s.Linux.MaskedPaths))
	seen := make(map[string]bool, len(c.s.Linux.MaskedPaths))
	for i, p := range c.s.Linux.MaskedPaths {
		if !seen[p] {
			seen[p] = true
			paths = append(paths, maskedPath{fmt.Sprintf("linux.maskedPaths[%d] %s", i, p), p})
		}
	}
	if len(paths) == 0 {
		return nil
	}
	b := c.b
	mark := b.Mark()
	defer b.Release(mark)
	empty, null, first := b.Slot(), b.Slot(), b.Slot()
	noNull, done := b.Label(), b.Label()
	c.openNull(null)
	c.maskFirst(paths, empty, first)
	for i, p := range paths {
		b.Field(p.field)
		skip, file, attach := b.Label(), b.Label(), b.Label()
		b.IfEq(first.Val(), prog.Int(i), skip)
		c.openRoot(p.path, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(c.dst).Accept(enoent, enotdir).Else(file)
		c.cloneMount(empty)
		b.Jump(attach)

		b.Bind(file)
		c.openRoot(p.path, kernel.O_PATH, 0, 0).Into(c.dst).Accept(enoent, enotdir).Else(skip)
		b.IfEq(null.Val(), prog.Int(0), noNull)
		c.cloneMount(null)
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
	b.Jump(done)
	b.Bind(noNull)
	b.Field("linux.maskedPaths: /dev/null of the container is not the null device")
	b.Do(prog.FAIL, prog.Int(enodev))
	b.Bind(done)
	return nil
}

type maskedPath struct {
	field, path string
}

func (c *compiler) cloneMount(fd prog.Slot) {
	b := c.b
	b.Do(kernel.SYS_OPEN_TREE, fd.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH)).Into(c.mnt)
}

// maskFirst masks the first directory there is. The slot empty gets the mount,
// and first the directory's index; without a directory 0 and -1.
func (c *compiler) maskFirst(paths []maskedPath, empty, first prog.Slot) {
	b := c.b
	found, done := b.Label(), b.Label()
	for i, p := range paths {
		b.Field(p.field)
		next := b.Label()
		c.openRoot(p.path, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(c.dst).Accept(enoent, enotdir).Else(next)
		b.Set(first, prog.Int(i))
		b.Jump(found)
		b.Bind(next)
	}
	b.Field("linux.maskedPaths")
	b.Set(first, prog.Int(-1))
	b.Set(empty, prog.Int(0))
	b.Jump(done)
	b.Bind(found)
	c.newFS("tmpfs", "tmpfs", c.labelParam("tmpfs", param{key: "nr_inodes", value: "2"}), &mountOptions{
		set: kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV | kernel.MOUNT_ATTR_NOEXEC}, "linux.maskedPaths")
	b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
	b.Set(empty, c.mnt.Val())
	c.close(c.dst)
	b.Bind(done)
}

// openNull opens the container's /dev/null, or puts 0 into the slot. An image
// may have put something else there, which would end up over the masked paths:
// the very descriptor that is mounted is checked to be the character device 1:3
// (CVE-2025-31133).
func (c *compiler) openNull(null prog.Slot) {
	b := c.b
	b.Field("linux.maskedPaths: /dev/null")
	bad, none, have := b.Label(), b.Label(), b.Label()
	c.openRoot("/dev/null", kernel.O_PATH|kernel.O_NOFOLLOW, 0, kernel.RESOLVE_NO_SYMLINKS).Into(null).Accept(enoent, enotdir, eloop).Else(none)
	c.statx(null)
	b.Do(prog.AND, c.buf.Load(statxMode), prog.Int(kernel.S_IFMT)).Into(c.tmp)
	b.IfNe(c.tmp.Val(), prog.Int(kernel.S_IFCHR), bad)
	b.IfEq(c.buf.Load(statxRdev), b.Words(1|3<<32).Load(0), have)
	b.Bind(bad)
	c.close(null)
	b.Bind(none)
	b.Set(null, prog.Int(0))
	b.Bind(have)
}
