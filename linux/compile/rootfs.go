package compile

import (
	"errors"
	"strings"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// rootfs makes root.path a mount of its own and keeps a descriptor of it:
// everything that follows is resolved beneath that descriptor.
//
// Propagation first: what the container mounts must not reach the host, what
// the host mounts later may reach the container (rslave), unless
// rootfsPropagation says otherwise.
func (c *compiler) rootfs() error {
	b := c.b
	if !c.mountNS() {
		if len(c.s.Mounts) > 0 || len(c.s.Linux.MaskedPaths) > 0 || len(c.s.Linux.ReadonlyPaths) > 0 || c.s.Root.Readonly {
			return errors.New("linux.namespaces: mounts, masked and read-only paths and a read-only root need a mount namespace: they would be made on the host")
		}
		b.Field("root.path")
		b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str(c.o.Rootfs), prog.Int(kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.root)
		return nil
	}
	prop := kernel.MS_REC | kernel.MS_SLAVE
	switch p := c.s.Linux.RootfsPropagation; p {
	case "", "rslave", "slave":
	case "private", "rprivate":
		prop = kernel.MS_REC | kernel.MS_PRIVATE
	case "shared", "rshared":
		// The host's mounts stay in their peer groups, so that a bind of one
		// can be shared with the host.
		prop = kernel.MS_REC | kernel.MS_SHARED
		if c.o.NoPivot {
			return errors.New("linux.rootfsPropagation: " + p + ": not with --no-pivot, which moves a mount out of a shared one")
		}
	}
	b.Field("linux.rootfsPropagation")
	b.Do(kernel.SYS_MOUNT, prog.Int(0), b.Str("/"), prog.Int(0), prog.Int(prop), prog.Int(0))
	if c.sharedRoot() {
		// The root itself must neither propagate to the host nor stop
		// pivot_root(2), and is a copy of this one.
		b.Do(kernel.SYS_MOUNT, prog.Int(0), b.Str(c.o.RootMount), prog.Int(0), prog.Int(kernel.MS_PRIVATE), prog.Int(0))
	}
	b.Field("root.path")
	if c.userNS() {
		c.fetch(Barrier{Kind: BarrierRoot, Path: c.o.Rootfs, Field: "root.path"}, c.root)
		return nil
	}
	b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str(c.o.Rootfs), prog.Int(kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.dst)
	b.Do(kernel.SYS_OPEN_TREE, c.dst.Val(), b.Str(""),
		prog.Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH|kernel.AT_RECURSIVE)).Into(c.root)
	b.Do(kernel.SYS_MOVE_MOUNT, c.root.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
	c.close(c.dst)
	return nil
}

// sharedRoot tells whether mounts are to be shared with the host.
func (c *compiler) sharedRoot() bool {
	p := c.s.Linux.RootfsPropagation
	return p == "shared" || p == "rshared"
}

// rootPropagation makes the root shared or unbindable, at the end: of an
// unbindable mount nothing could be bound any more. Shared it is with whom the
// container makes itself; the host's mounts in it keep their peers.
func (c *compiler) rootPropagation() error {
	p := c.s.Linux.RootfsPropagation
	prop := 0
	switch p {
	case "shared", "rshared":
		prop = kernel.MS_SHARED
	case "unbindable", "runbindable":
		prop = kernel.MS_UNBINDABLE
	}
	if prop == 0 || !c.mountNS() {
		return nil
	}
	c.b.Field("linux.rootfsPropagation")
	c.setattr(c.root, 0, 0, prop, p[0] == 'r')
	return nil
}

// pivot makes the root the root: pivot_root(".", ".") stacks the old root on
// the new one, where it is taken away (pivot_root(2), NOTES).
func (c *compiler) pivot() error {
	b := c.b
	b.Field("root.path")
	if !c.mountNS() {
		b.Do(kernel.SYS_FCHDIR, c.root.Val())
		b.Do(kernel.SYS_CHROOT, b.Str("."))
		b.Do(kernel.SYS_CHDIR, b.Str("/"))
		return nil
	}
	if c.o.NoPivot {
		return c.moveRoot()
	}
	if c.sharedRoot() {
		b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/"), prog.Int(kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.dst)
	}
	b.Do(kernel.SYS_FCHDIR, c.root.Val())
	b.Do(kernel.SYS_PIVOT_ROOT, b.Str("."), b.Str("."))
	if c.sharedRoot() {
		// Else what is taken away here would be taken away on the host too.
		b.Do(kernel.SYS_FCHDIR, c.dst.Val())
		b.Do(kernel.SYS_MOUNT, prog.Int(0), b.Str("."), prog.Int(0), prog.Int(kernel.MS_REC|kernel.MS_SLAVE), prog.Int(0))
		c.close(c.dst)
	}
	b.Do(kernel.SYS_UMOUNT2, b.Str("."), prog.Int(kernel.MNT_DETACH))
	b.Do(kernel.SYS_CHDIR, b.Str("/"))
	return nil
}

// moveRoot is --no-pivot, for a root on an initramfs: the host's mounts stay
// below the moved root. Its proc and sysfs would stay reachable without masks
// by whoever may mount a new one, so they are taken away; a busy one that
// cannot be is covered. What lies within root.path is the container's.
func (c *compiler) moveRoot() error {
	b := c.b
	b.Field("root.path (--no-pivot)")
	for _, p := range c.o.HostProc {
		if p == c.o.Rootfs || strings.HasPrefix(p, strings.TrimSuffix(c.o.Rootfs, "/")+"/") {
			continue
		}
		covered, done := b.Label(), b.Label()
		// ENOENT, EINVAL: it is gone, or cannot be seen under another mount.
		b.Do(kernel.SYS_MOUNT, prog.Int(0), b.Str(p), prog.Int(0), prog.Int(kernel.MS_SLAVE|kernel.MS_REC), prog.Int(0)).Accept(enoent, einval).Else(done)
		b.Do(kernel.SYS_UMOUNT2, b.Str(p), prog.Int(kernel.MNT_DETACH)).Accept(einval, eperm).Else(covered)
		b.Jump(done)
		b.Bind(covered)
		b.Do(kernel.SYS_MOUNT, b.Str("tmpfs"), b.Str(p), b.Str("tmpfs"), prog.Int(0), prog.Int(0))
		b.Bind(done)
	}
	b.Do(kernel.SYS_MOVE_MOUNT, c.root.Val(), b.Str(""), prog.Int(kernel.AT_FDCWD), b.Str("/"), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH))
	b.Do(kernel.SYS_FCHDIR, c.root.Val())
	b.Do(kernel.SYS_CHROOT, b.Str("."))
	b.Do(kernel.SYS_CHDIR, b.Str("/"))
	return nil
}

// open beneath the root. Magic links are never followed, and an image's `..`
// may answer EAGAIN while the host renames: the op is repeated.
func (c *compiler) openRoot(path string, flags, mode, resolve int) prog.Ref {
	b := c.b
	how := b.Words(uint64(flags|kernel.O_CLOEXEC), uint64(mode), uint64(kernel.RESOLVE_IN_ROOT|kernel.RESOLVE_NO_MAGICLINKS|resolve))
	return b.Do(kernel.SYS_OPENAT2, c.root.Val(), b.Str(path), how, prog.Int(24)).Retry()
}

func (c *compiler) close(fd prog.Slot) { c.b.Do(kernel.SYS_CLOSE, fd.Val()) }

// setattr is mount_setattr(2) on a mount's descriptor.
func (c *compiler) setattr(fd prog.Slot, set, clr, propagation int, recursive bool) {
	flags := kernel.AT_EMPTY_PATH
	if recursive {
		flags |= kernel.AT_RECURSIVE
	}
	b := c.b
	b.Do(kernel.SYS_MOUNT_SETATTR, fd.Val(), b.Str(""), prog.Int(flags), b.Words(uint64(set), uint64(clr), uint64(propagation), 0), prog.Int(32))
}
