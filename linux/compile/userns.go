package compile

import (
	"encoding/binary"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// userNS tells whether the container is in a user namespace of its own.
func (c *compiler) userNS() bool {
	for _, ns := range c.s.Linux.Namespaces {
		if ns.Type == specs.UserNamespace {
			return true
		}
	}
	return false
}

// enterUser makes the user namespace, if it is a fresh one, and becomes its
// root. The id maps come from the parent: only who has privileges outside may
// write more than one's own id (user_namespaces(7)). The image was executed
// before: an execve without maps would lose all capabilities.
func (c *compiler) enterUser(fresh bool) {
	b := c.b
	b.Field("linux.namespaces user")
	if fresh {
		b.Do(kernel.SYS_UNSHARE, prog.Int(kernel.CLONE_NEWUSER))
		id := c.barrier(Barrier{Kind: BarrierIDMaps, Field: "linux.uidMappings"})
		c.say(c.word(TagBarrier+id, 0))
		c.await(c.buf, 8)
	}
	zero := prog.Int(0)
	b.Do(kernel.SYS_SETRESGID, zero, zero, zero)
	b.Do(kernel.SYS_SETRESUID, zero, zero, zero)
}

// fetch asks the parent for a descriptor that this process may not open
// itself, into a slot: in a user namespace its root has no rights over most of
// the host's paths and devices. The parent opens it in this mount namespace,
// at this moment, so what earlier mounts cover is seen as they cover it.
func (c *compiler) fetch(x Barrier, into prog.Slot) {
	b := c.b
	if !c.hasInbox {
		c.prepareInbox()
	}
	id := c.barrier(x)
	c.say(c.word(TagBarrier+id, 0))
	b.Do(prog.ST64, c.inbox.hdr.Plus(40), prog.Int(24))
	b.Do(prog.ST32, c.inbox.cmsg.Plus(16), prog.Int(-1)) // not the last one's, should none come
	b.Do(kernel.SYS_RECVMSG, c.sync, c.inbox.hdr, prog.Int(kernel.MSG_CMSG_CLOEXEC)).Into(c.tmp)
	b.IfEq(c.tmp.Val(), prog.Int(0), c.gone)
	b.Set(into, c.inbox.cmsg.Load(16)) // the int in the control message
}

// prepareInbox makes the buffers of fetch's recvmsg(2).
func (c *compiler) prepareInbox() {
	b := c.b
	le := binary.LittleEndian
	c.hasInbox = true
	c.inbox.cmsg = b.Buf(24)
	iov := make([]byte, 16)
	le.PutUint64(iov, c.buf.Address())
	le.PutUint64(iov[8:], 8)
	c.inbox.iov = b.Var(iov)
	hdr := make([]byte, 56)
	le.PutUint64(hdr[16:], c.inbox.iov.Address())
	le.PutUint64(hdr[24:], 1)
	le.PutUint64(hdr[32:], c.inbox.cmsg.Address())
	c.inbox.hdr = b.Var(hdr)
}

// cloneTree puts a detached copy of the mount at a host path into c.mnt.
func (c *compiler) cloneTree(path string, recursive bool, field string) {
	if c.userNS() {
		c.fetch(Barrier{Kind: BarrierTree, Path: path, Recursive: recursive, Field: field}, c.mnt)
		return
	}
	flags := kernel.OPEN_TREE_CLONE | kernel.OPEN_TREE_CLOEXEC
	if recursive {
		flags |= kernel.AT_RECURSIVE
	}
	c.b.Do(kernel.SYS_OPEN_TREE, prog.Int(kernel.AT_FDCWD), c.b.Str(path), prog.Int(flags)).Into(c.mnt)
}

// bindDevice binds a device of the host over an empty file: in a user
// namespace mknod(2) makes no device that could be opened.
func (c *compiler) bindDevice(dir prog.Slot, name string, d *device, field string) {
	b := c.b
	b.Do(kernel.SYS_MKNODAT, dir.Val(), b.Str(name), prog.Int(kernel.S_IFREG), prog.Int(0)).Accept(eexist)
	c.cloneTree(d.path, false, field)
	b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), dir.Val(), b.Str(name), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH))
	c.close(c.mnt)
}
