package compile

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// lateMount is made read-only when everything else is in place: what follows
// may still need targets in it.
type lateMount struct {
	field, dest string
}

// mounts compiles each entry: a detached mount is made, then moved onto its
// target by descriptor, so that no path is resolved twice.
func (c *compiler) mounts() error {
	for i := range c.s.Mounts {
		m := &c.s.Mounts[i]
		field := fmt.Sprintf("mounts[%d] %s", i, m.Destination)
		c.b.Field(field)
		mark := c.b.Mark()
		if err := c.mount(m, field); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		c.b.Release(mark)
	}
	return nil
}

func (c *compiler) mount(m *specs.Mount, field string) error {
	opt, err := parseOptions(m.Type, m.Options)
	if err != nil {
		return err
	}
	dest := path.Clean("/" + m.Destination)
	if err := checkProcTarget(dest, m.Type, opt.bind); err != nil {
		return err
	}
	if opt.copyUp && !opt.bind && (m.Type != "tmpfs" || opt.remount) {
		return errors.New("option tmpcopyup: only a new tmpfs takes a copy of what it covers")
	}
	switch {
	case opt.remount:
		c.remount(m, &opt, dest)
	case opt.bind:
		c.bind(m, &opt, dest, field)
	case m.Type == "cgroup" || m.Type == "cgroup2":
		c.cgroupMount(&opt, dest, field)
	case m.Type == "":
		return errors.New("type is missing, and no option says bind or rbind")
	default:
		return c.filesystem(m, &opt, dest, field)
	}
	return nil
}

// checkProcTarget refuses mounts inside /proc: they could hide what masks and
// labels are written to (CVE-2019-19921). What lxcfs puts over single files
// is let through, as runc does.
func checkProcTarget(dest, typ string, bind bool) error {
	if dest == "/proc" {
		if typ != "proc" && !bind {
			return fmt.Errorf("type %s cannot be mounted on /proc", typ)
		}
		return nil
	}
	if dest == "/" {
		return errors.New("the root itself is no mount target; use root.path")
	}
	in, ok := strings.CutPrefix(dest, "/proc/")
	if !ok {
		return nil
	}
	switch in {
	case "cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo", "net/dev",
		"sys/kernel/ns_last_pid", "sys/crypto/fips_enabled":
		return nil
	}
	return fmt.Errorf("%q cannot be mounted because it is inside /proc", dest)
}

// onProc tells whether a target may lie on procfs.
func onProc(dest string) bool { return dest == "/proc" || strings.HasPrefix(dest, "/proc/") }

// source makes a bind source absolute: relative ones start at the bundle.
func (c *compiler) source(m *specs.Mount) string {
	if strings.HasPrefix(m.Source, "/") {
		return m.Source
	}
	return path.Join(c.o.Bundle, m.Source)
}

func (c *compiler) bind(m *specs.Mount, opt *mountOptions, dest, field string) {
	c.cloneTree(c.source(m), opt.recursive, field)
	c.attach(opt, dest, field, c.targetLikeMount(dest, field))
}

// attach gives the detached mount in c.mnt its attributes and moves it onto
// its target, which target opens into c.dst.
func (c *compiler) attach(opt *mountOptions, dest, field string, target func()) {
	b := c.b
	if opt.set|opt.clr != 0 && opt.bind {
		c.setattr(c.mnt, opt.set, opt.clr, 0, false)
	}
	if opt.rset|opt.rclr != 0 {
		c.setattr(c.mnt, opt.rset, opt.rclr, 0, true)
	}
	target()
	if opt.bind && !onProc(dest) {
		c.refuseProc(field)
	}
	if opt.copyUp && !opt.bind {
		id := c.barrier(Barrier{Kind: BarrierCopyUp, Field: field})
		c.sendFD(c.word(TagBarrier+id, 0), c.dst.Val())
		c.sendFD(c.word(TagBarrier+id, 1), c.mnt.Val())
		c.await(c.buf, 8)
	}
	b.Do(kernel.SYS_MOVE_MOUNT, c.mnt.Val(), b.Str(""), c.dst.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
	if opt.prop != 0 {
		c.setattr(c.mnt, 0, 0, opt.prop, opt.propRec)
	}
	c.close(c.dst)
	c.close(c.mnt)
}

// refuseProc fails when an image's symlink has led a target onto procfs.
func (c *compiler) refuseProc(field string) {
	b := c.b
	ok := b.Label()
	b.Do(kernel.SYS_FSTATFS, c.dst.Val(), c.buf)
	b.IfNe(c.buf.Load(0), prog.Int(kernel.PROC_SUPER_MAGIC), ok)
	b.Field(field + " leads into /proc through a symlink of the image")
	b.Do(prog.FAIL, prog.Int(eperm))
	b.Field(field)
	b.Bind(ok)
}

// target opens a mount target into c.dst. It is mostly there; a missing last
// component is made here; where parents are missing, or a symlink dangles, the
// parent makes it, beneath the descriptor of the root.
func (c *compiler) target(dest, field string) {
	c.openTarget(dest, field, func(dir prog.Slot, name string) {
		c.b.Do(kernel.SYS_MKDIRAT, dir.Val(), c.b.Str(name), prog.Int(0o755)).Accept(eexist)
	}, func(ask func(dir bool)) { ask(true) })
}

// targetLikeMount is target for a bind: a directory or a file, as its source.
func (c *compiler) targetLikeMount(dest, field string) func() {
	b := c.b
	return func() {
		c.openTarget(dest, field, func(dir prog.Slot, name string) {
			file, done := b.Label(), b.Label()
			c.ifNotDir(c.mnt, file)
			b.Do(kernel.SYS_MKDIRAT, dir.Val(), b.Str(name), prog.Int(0o755)).Accept(eexist)
			b.Jump(done)
			b.Bind(file)
			b.Do(kernel.SYS_MKNODAT, dir.Val(), b.Str(name), prog.Int(kernel.S_IFREG|0o755), prog.Int(0)).Accept(eexist)
			b.Bind(done)
		}, func(ask func(dir bool)) {
			file, done := b.Label(), b.Label()
			c.ifNotDir(c.mnt, file)
			ask(true)
			b.Jump(done)
			b.Bind(file)
			ask(false)
			b.Bind(done)
		})
	}
}

// ifNotDir jumps when a descriptor is no directory.
func (c *compiler) ifNotDir(fd prog.Slot, l prog.Label) {
	b := c.b
	c.statx(fd)
	b.Do(prog.AND, c.buf.Load(statxMode), prog.Int(kernel.S_IFMT)).Into(c.tmp)
	b.IfNe(c.tmp.Val(), prog.Int(kernel.S_IFDIR), l)
}

// Offsets in struct statx (statx(2)); unlike struct stat it is the same on
// every architecture.
const (
	statxMode = 28  // 16 bits, behind them padding and the inode
	statxRdev = 128 // major, minor: 32 bits each
)

func (c *compiler) statx(fd prog.Slot) {
	c.b.Do(kernel.SYS_STATX, fd.Val(), c.b.Str(""), prog.Int(kernel.AT_EMPTY_PATH), prog.Int(kernel.STATX_TYPE|kernel.STATX_MODE), c.buf)
}

// openTarget opens dest into c.dst. Where it is missing, create makes it in its
// folder; where that is missing too, or the name is a symlink that dangles, the
// parent is asked.
func (c *compiler) openTarget(dest, field string, create func(dir prog.Slot, name string), ask func(func(dir bool))) {
	if dest == "/proc" || dest == "/sys" {
		c.openOrdinary(dest, field, create)
		return
	}
	b := c.b
	missing, remote, have := b.Label(), b.Label(), b.Label()
	open := func() prog.Ref { return c.openRoot(dest, kernel.O_PATH, 0, 0).Into(c.dst) }
	open().Accept(enoent).Else(missing)
	b.Jump(have)

	b.Bind(missing)
	if folder := path.Dir(dest); folder == "/" {
		create(c.root, path.Base(dest))
	} else {
		mark := b.Mark()
		dir := b.Slot()
		c.openRoot(folder, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(dir).Accept(enoent).Else(remote)
		create(dir, path.Base(dest))
		c.close(dir)
		b.Release(mark)
	}
	open().Accept(enoent).Else(remote)
	b.Jump(have)

	b.Bind(remote)
	ask(func(dir bool) {
		v := uint32(0)
		if dir {
			v = 1
		}
		id := c.barrier(Barrier{Kind: BarrierTarget, Path: dest, Field: field})
		c.sendFD(c.word(TagBarrier+id, v), c.root.Val())
		c.await(c.buf, 8)
	})
	open()
	b.Bind(have)
}

// openOrdinary is openTarget for /proc and /sys: a symlink in their place would
// let an image choose where the masks and labels of later steps end up.
func (c *compiler) openOrdinary(dest, field string, create func(dir prog.Slot, name string)) {
	b := c.b
	missing, symlink, have := b.Label(), b.Label(), b.Label()
	open := func() prog.Ref {
		return c.openRoot(dest, kernel.O_PATH, 0, kernel.RESOLVE_NO_SYMLINKS).Into(c.dst)
	}
	open().Accept(enoent, eloop).Else(missing)
	b.Jump(have)
	b.Bind(missing)
	b.IfEq(c.dst.Val(), prog.Int(-eloop), symlink)
	create(c.root, path.Base(dest))
	open()
	b.Jump(have)
	b.Bind(symlink)
	b.Field(field + " is a symlink in the image; " + dest + " must be mounted on ordinary directory")
	b.Do(prog.FAIL, prog.Int(eloop))
	b.Field(field)
	b.Bind(have)
}

// remount changes a mount that is there: mount(2) takes the target by the
// host's /proc, which is still the one seen.
func (c *compiler) remount(m *specs.Mount, opt *mountOptions, dest string) {
	c.openRoot(dest, kernel.O_PATH, 0, 0).Into(c.dst)
	if opt.bind || len(opt.data)+len(opt.sb) == 0 {
		if opt.set|opt.clr != 0 {
			c.setattr(c.dst, opt.set, opt.clr, 0, false)
		}
		if opt.rset|opt.rclr != 0 {
			c.setattr(c.dst, opt.rset, opt.rclr, 0, true)
		}
		if opt.prop != 0 {
			c.setattr(c.dst, 0, 0, opt.prop, opt.propRec)
		}
	} else {
		c.classicMount(m.Source, m.Type, kernel.MS_REMOUNT|opt.classic(), strings.Join(opt.data, ","))
	}
	c.close(c.dst)
}

// classicMount is mount(2) onto the descriptor c.dst. It needs a path: the
// magic link of a descriptor with a known number, on the host's own /proc,
// whose root no image can reach before the pivot.
func (c *compiler) classicMount(source, typ string, flags int, data string) {
	b := c.b
	const fd = 60 // above the few that a program holds at once
	b.Do(kernel.SYS_DUP3, c.dst.Val(), prog.Int(fd), prog.Int(kernel.O_CLOEXEC))
	b.Do(kernel.SYS_MOUNT, b.Str(source), b.Str(fmt.Sprintf("/proc/self/fd/%d", fd)), b.Str(typ), prog.Int(flags), b.Str(data))
	b.Do(kernel.SYS_CLOSE, prog.Int(fd))
}
