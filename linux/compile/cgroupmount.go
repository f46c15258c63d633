package compile

import (
	"path"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// cgroupMount shows the container its own cgroup and nothing above it
// (CVE-2023-25809): binds of its own directories. On v2 that is one; on v1 a
// tmpfs holds one for each hierarchy, with links for co-mounted controllers.
func (c *compiler) cgroupMount(opt *mountOptions, dest, field string) {
	b := c.b
	opt.bind = true
	opt.data, opt.sb = nil, nil
	if c.o.Cgroup.V2 {
		for _, g := range c.o.Cgroup.Binds {
			b.Do(kernel.SYS_OPEN_TREE, prog.Int(kernel.AT_FDCWD), b.Str(g.Source), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC)).Into(c.mnt)
			c.attach(opt, dest, field, c.aDirectory())
		}
		return
	}
	set := opt.set
	// What would keep the directories from being made in it, and what is to
	// reach them, comes last.
	top := mountOptions{set: set &^ kernel.MOUNT_ATTR_RDONLY}
	c.newFS("tmpfs", "tmpfs", c.labelParam("tmpfs", param{key: "mode", value: "755"}), &top, field)
	c.attach(&top, dest, field, c.aDirectory())
	mark := b.Mark()
	dir := b.Slot()
	c.openRoot(dest, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(dir)
	for _, g := range c.o.Cgroup.Binds {
		b.Do(kernel.SYS_MKDIRAT, dir.Val(), b.Str(g.Name), prog.Int(0o755))
		b.Do(kernel.SYS_OPEN_TREE, prog.Int(kernel.AT_FDCWD), b.Str(g.Source), prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC)).Into(c.mnt)
		if opt.set|opt.clr != 0 {
			c.setattr(c.mnt, opt.set, opt.clr, 0, false)
		}
		b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), dir.Val(), b.Str(g.Name), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH))
		c.close(c.mnt)
		for _, l := range g.Symlinks {
			b.Do(kernel.SYS_SYMLINKAT, b.Str(path.Base(g.Name)), dir.Val(), b.Str(l))
		}
	}
	c.attributes(dir, &mountOptions{set: set & kernel.MOUNT_ATTR_RDONLY, rset: opt.rset, rclr: opt.rclr, prop: opt.prop, propRec: opt.propRec})
	c.close(dir)
	b.Release(mark)
}
