package compile

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// Sysctls and labels are written beneath a descriptor of a procfs that no
// image and no earlier mount can have changed: a path through /proc could end
// in another file, where the write does nothing or harm (CVE-2019-16884,
// CVE-2025-52881).

// reserveProc takes the slot of that descriptor, if a later step needs one.
func (c *compiler) reserveProc() error {
	if c.labelled() || c.entry == nil && len(c.s.Linux.Sysctl) > 0 {
		c.proc, c.wantsProc = c.b.Slot(), true
	}
	return nil
}

// keepProc keeps a descriptor of the procfs in c.mnt, which is the container's
// own and has just been made. One that is read-only, or shows processes only,
// has no files to write to.
func (c *compiler) keepProc(m *specs.Mount, opt *mountOptions) {
	if !c.wantsProc || c.hasProc || m.Type != "proc" || opt.set&kernel.MOUNT_ATTR_RDONLY != 0 || hasKey(opt.data, "subset") {
		return
	}
	b := c.b
	b.Do(kernel.SYS_OPEN_TREE, c.mnt.Val(), b.Str(""), prog.Int(kernel.OPEN_TREE_CLOEXEC|kernel.AT_EMPTY_PATH)).Into(c.proc)
	c.hasProc = true
}

// openProc opens one, unless keepProc has kept one. An init makes a procfs that
// is attached nowhere; the kernel refuses that where the visible one is covered
// in parts (user namespaces, nested containers), which is taken then. An exec
// takes the visible one first: a mount that is dropped makes it wait.
func (c *compiler) openProc() {
	if c.hasProc {
		return
	}
	c.hasProc = true
	b := c.b
	first, second := c.privateProc, c.visibleProc
	if c.entry != nil {
		first, second = second, first
	}
	other, none, have := b.Label(), b.Label(), b.Label()
	first(other)
	b.Jump(have)
	b.Bind(other)
	second(none)
	b.Jump(have)
	b.Bind(none)
	b.Field("the container has no procfs, and none can be made for its labels and sysctls")
	b.Do(prog.FAIL, prog.Int(eperm))
	b.Bind(have)
}

// privateProc opens a new procfs.
func (c *compiler) privateProc(refused prog.Label) {
	b := c.b
	mark := b.Mark()
	defer b.Release(mark)
	fs := b.Slot()
	drop, made := b.Label(), b.Label()
	b.Field("procfs of the runtime")
	b.Do(kernel.SYS_FSOPEN, b.Str("proc"), prog.Int(kernel.FSOPEN_CLOEXEC)).Into(fs).Accept(eperm).Else(refused)
	b.Do(kernel.SYS_FSCONFIG, fs.Val(), prog.Int(kernel.FSCONFIG_CMD_CREATE), prog.Int(0), prog.Int(0), prog.Int(0)).Accept(eperm).Else(drop)
	b.Do(kernel.SYS_FSMOUNT, fs.Val(), prog.Int(kernel.FSMOUNT_CLOEXEC),
		prog.Int(kernel.MOUNT_ATTR_NOSUID|kernel.MOUNT_ATTR_NODEV|kernel.MOUNT_ATTR_NOEXEC)).Into(c.proc).Accept(eperm).Else(drop)
	c.close(fs)
	b.Jump(made)
	b.Bind(drop)
	c.close(fs)
	b.Jump(refused)
	b.Bind(made)
}

// visibleProc opens what is at /proc, if that is the root of a procfs.
func (c *compiler) visibleProc(bad prog.Label) {
	const inode, rootInode = 32, 1 // offset of stx_ino; PROC_ROOT_INO of linux/proc_fs.h
	b := c.b
	drop, good := b.Label(), b.Label()
	b.Field("/proc of the container")
	c.openRoot("/proc", kernel.O_PATH|kernel.O_DIRECTORY, 0, kernel.RESOLVE_NO_SYMLINKS).Into(c.proc).Accept(enoent, enotdir, eloop, eacces).Else(bad)
	b.Do(kernel.SYS_FSTATFS, c.proc.Val(), c.buf)
	b.IfNe(c.buf.Load(0), prog.Int(kernel.PROC_SUPER_MAGIC), drop)
	b.Do(kernel.SYS_STATX, c.proc.Val(), b.Str(""), prog.Int(kernel.AT_EMPTY_PATH), prog.Int(kernel.STATX_BASIC_STATS), c.buf)
	b.IfEq(c.buf.Load(inode), prog.Int(rootInode), good)
	b.Bind(drop)
	c.close(c.proc)
	b.Jump(bad)
	b.Bind(good)
}

// writeProc writes a text to a file beneath the trusted procfs, which must be
// reached without leaving it: what is mounted in it stops the walk.
func (c *compiler) writeProc(path, text string) {
	b := c.b
	c.procFile(path).Into(c.tmp)
	b.Do(kernel.SYS_WRITE, c.tmp.Val(), b.Str(text), prog.Int(len(text)))
	c.close(c.tmp)
}

func (c *compiler) procFile(path string) prog.Ref {
	resolve := kernel.RESOLVE_BENEATH | kernel.RESOLVE_NO_XDEV | kernel.RESOLVE_NO_MAGICLINKS
	if !strings.HasPrefix(path, "self/") { // the kernel's own symlink
		resolve |= kernel.RESOLVE_NO_SYMLINKS
	}
	b := c.b
	how := b.Words(kernel.O_WRONLY|kernel.O_CLOEXEC, 0, uint64(resolve))
	return b.Do(kernel.SYS_OPENAT2, c.proc.Val(), b.Str(path), how, prog.Int(24))
}

// closeProc ends the use of the trusted procfs.
func (c *compiler) closeProc() error {
	if c.hasProc {
		c.b.Field("init")
		c.close(c.proc)
	}
	return nil
}
