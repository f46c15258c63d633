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
		c.remount(m, &opt, dest, field)
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

// onProc tells whether a target lies on procfs.
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
	if dest == "/proc" {
		c.checkProcfs(field)
	}
	c.attach(opt, dest, field, c.likeMount())
}

// checkProcfs fails unless c.mnt is procfs, from its root on: anything else in
// the place of /proc would take the writes to masks and labels
// (CVE-2019-16884).
func (c *compiler) checkProcfs(field string) {
	b := c.b
	bad, ok := b.Label(), b.Label()
	b.Do(kernel.SYS_FSTATFS, c.mnt.Val(), c.buf)
	b.IfNe(c.buf.Load(0), prog.Int(kernel.PROC_SUPER_MAGIC), bad)
	b.Do(kernel.SYS_STATX, c.mnt.Val(), b.Str(""), prog.Int(kernel.AT_EMPTY_PATH), prog.Int(kernel.STATX_BASIC_STATS), c.buf)
	b.IfEq(c.buf.Load(statxIno), prog.Int(procRootIno), ok)
	b.Bind(bad)
	b.Field(field + ": the source is not procfs, nothing else can be mounted on /proc")
	b.Do(prog.FAIL, prog.Int(einval))
	b.Field(field)
	b.Bind(ok)
}

// procRootIno is PROC_ROOT_INO of the kernel (linux/proc_fs.h).
const procRootIno = 1

// attach gives the detached mount in c.mnt its attributes and moves it onto
// its target.
func (c *compiler) attach(opt *mountOptions, dest, field string, kind targetKind) {
	b := c.b
	if opt.set|opt.clr != 0 && opt.bind {
		c.setattr(c.mnt, opt.set, opt.clr, 0, false)
	}
	if opt.rset|opt.rclr != 0 {
		c.setattr(c.mnt, opt.rset, opt.rclr, 0, true)
	}
	c.target(dest, field, kind)
	c.refuseProc(dest, field)
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

// refuseProc fails when an image's symlink has led a target onto procfs: a
// mount there could hide what masks and labels are about (CVE-2019-19921).
func (c *compiler) refuseProc(dest, field string) {
	if onProc(dest) || dest == "/sys" { // judged by checkProcTarget, or opened without symlinks
		return
	}
	b := c.b
	ok := b.Label()
	b.Do(kernel.SYS_FSTATFS, c.dst.Val(), c.buf)
	b.IfNe(c.buf.Load(0), prog.Int(kernel.PROC_SUPER_MAGIC), ok)
	b.Field(field + " leads into /proc through a symlink of the image")
	b.Do(prog.FAIL, prog.Int(eperm))
	b.Field(field)
	b.Bind(ok)
}

// targetKind is what a mount target must be, and what is done once it is known
// whether it was there: found and made may be nil.
type targetKind struct {
	// create makes it in its folder.
	create func(dir prog.Slot, name string)
	// ask emits the parent's making it, a directory or a file.
	ask         func(func(dir bool))
	found, made func()
}

// aDirectory is the target of a file system.
func (c *compiler) aDirectory() targetKind {
	return targetKind{
		create: func(dir prog.Slot, name string) {
			c.b.Do(kernel.SYS_MKDIRAT, dir.Val(), c.b.Str(name), prog.Int(0o755)).Accept(eexist)
		},
		ask: func(ask func(dir bool)) { ask(true) },
	}
}

// likeMount is the target of a bind: a directory or a file, as its source.
func (c *compiler) likeMount() targetKind {
	b := c.b
	either := func(directory, file func()) {
		other, done := b.Label(), b.Label()
		c.ifNotDir(c.mnt, other)
		directory()
		b.Jump(done)
		b.Bind(other)
		file()
		b.Bind(done)
	}
	return targetKind{
		create: func(dir prog.Slot, name string) {
			either(func() {
				b.Do(kernel.SYS_MKDIRAT, dir.Val(), b.Str(name), prog.Int(0o755)).Accept(eexist)
			}, func() {
				b.Do(kernel.SYS_MKNODAT, dir.Val(), b.Str(name), prog.Int(kernel.S_IFREG|0o755), prog.Int(0)).Accept(eexist)
			})
		},
		ask: func(ask func(dir bool)) {
			either(func() { ask(true) }, func() { ask(false) })
		},
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
	statxIno  = 32  // 64 bits
	statxMode = 28  // 16 bits, behind them padding and the inode
	statxRdev = 128 // major, minor: 32 bits each
)

func (c *compiler) statx(fd prog.Slot) {
	c.b.Do(kernel.SYS_STATX, fd.Val(), c.b.Str(""), prog.Int(kernel.AT_EMPTY_PATH), prog.Int(kernel.STATX_TYPE|kernel.STATX_MODE), c.buf)
}

// target opens dest into c.dst. It is mostly there. If not, it is made here in
// its folder; where that is missing too, or the name is a symlink that dangles,
// the parent makes it, beneath the descriptor of the root.
func (c *compiler) target(dest, field string, kind targetKind) {
	b := c.b
	missing, remote, made, have := b.Label(), b.Label(), b.Label(), b.Label()
	open := func(resolve int) prog.Ref { return c.openRoot(dest, kernel.O_PATH, 0, resolve).Into(c.dst) }
	found := func() {
		if kind.found != nil {
			kind.found()
		}
		b.Jump(have)
	}
	if dest == "/proc" || dest == "/sys" {
		// A symlink there would let an image choose where the masks and labels
		// of later steps end up.
		create := b.Label()
		open(kernel.RESOLVE_NO_SYMLINKS).Accept(enoent, eloop).Else(missing)
		found()
		b.Bind(missing)
		b.IfNe(c.dst.Val(), prog.Int(-eloop), create)
		b.Field(field + " is a symlink in the image; " + dest + " must be mounted on ordinary directory")
		b.Do(prog.FAIL, prog.Int(eloop))
		b.Field(field)
		b.Bind(create)
		kind.create(c.root, path.Base(dest))
		open(kernel.RESOLVE_NO_SYMLINKS)
	} else {
		open(0).Accept(enoent).Else(missing)
		found()
		b.Bind(missing)
		c.createIn(path.Dir(dest), path.Base(dest), kind, remote)
		open(0).Accept(enoent).Else(remote)
		b.Jump(made)
		b.Bind(remote)
		kind.ask(func(dir bool) {
			v := uint32(0)
			if dir {
				v = 1
			}
			id := c.barrier(Barrier{Kind: BarrierTarget, Path: dest, Field: field})
			c.sendFD(c.word(TagBarrier+id, v), c.root.Val())
			c.await(c.buf, 8)
		})
		open(0)
	}
	b.Bind(made)
	if kind.made != nil {
		kind.made()
	}
	b.Bind(have)
}

// createIn makes a target in its folder, or goes to missing if there is none.
func (c *compiler) createIn(folder, name string, kind targetKind, missing prog.Label) {
	if folder == "/" {
		kind.create(c.root, name)
		return
	}
	mark := c.b.Mark()
	dir := c.b.Slot()
	c.openRoot(folder, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(dir).Accept(enoent).Else(missing)
	kind.create(dir, name)
	c.close(dir)
	c.b.Release(mark)
}

// attributes gives a mount that is in place its attributes and propagation.
func (c *compiler) attributes(fd prog.Slot, opt *mountOptions) {
	if opt.set|opt.clr != 0 {
		c.setattr(fd, opt.set, opt.clr, 0, false)
	}
	if opt.rset|opt.rclr != 0 {
		c.setattr(fd, opt.rset, opt.rclr, 0, true)
	}
	if opt.prop != 0 {
		c.setattr(fd, 0, 0, opt.prop, opt.propRec)
	}
}

// remount changes a mount that is there: mount(2) takes the target by the
// host's /proc, which is still the one seen.
func (c *compiler) remount(m *specs.Mount, opt *mountOptions, dest, field string) {
	c.openRoot(dest, kernel.O_PATH, 0, 0).Into(c.dst)
	c.refuseProc(dest, field)
	if opt.bind || len(opt.data)+len(opt.sb) == 0 {
		c.attributes(c.dst, opt)
	} else {
		c.classicMount(m.Source, m.Type, kernel.MS_REMOUNT|opt.classic(), strings.Join(opt.data, ","), field)
		c.attributes(c.dst, &mountOptions{rset: opt.rset, rclr: opt.rclr, prop: opt.prop, propRec: opt.propRec})
	}
	c.close(c.dst)
}

// classicMount is mount(2) onto the descriptor c.dst. It needs a path: the
// magic link of a descriptor whose number is known. Before the pivot /proc is
// the host's, or that of the mount namespace that was joined: it is checked to
// be procfs.
func (c *compiler) classicMount(source, typ string, flags int, data, field string) {
	b := c.b
	ok := b.Label()
	b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/proc"), prog.Int(kernel.O_PATH|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.tmp)
	b.Do(kernel.SYS_FSTATFS, c.tmp.Val(), c.buf)
	b.Do(kernel.SYS_CLOSE, c.tmp.Val())
	b.IfEq(c.buf.Load(0), prog.Int(kernel.PROC_SUPER_MAGIC), ok)
	b.Field(field + ": /proc is not procfs; mount(2), which such long options need, goes through it")
	b.Do(prog.FAIL, prog.Int(enodev))
	b.Field(field)
	b.Bind(ok)
	// Above what has a number already, and the few that a program holds at once.
	fd := c.out.Files[len(c.out.Files)-1].FD + 32
	b.Do(kernel.SYS_DUP3, c.dst.Val(), prog.Int(fd), prog.Int(kernel.O_CLOEXEC))
	b.Field(field + ": options " + data) // the kernel says nothing here
	b.Do(kernel.SYS_MOUNT, b.Str(source), b.Str(fmt.Sprintf("/proc/self/fd/%d", fd)), b.Str(typ), prog.Int(flags), b.Str(data))
	b.Field(field)
	b.Do(kernel.SYS_CLOSE, prog.Int(fd))
}
