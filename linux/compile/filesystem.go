package compile

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// maxValue is the longest value fsconfig(2) takes, in bytes.
const maxValue = 255

// filesystem compiles the mount of a new instance of a file system.
func (c *compiler) filesystem(m *specs.Mount, opt *mountOptions, dest, field string) error {
	if fresh, _, err := c.namespaces(); err == nil && m.Type == "sysfs" && c.userNS() && fresh&kernel.CLONE_NEWNET == 0 {
		// sysfs shows the network namespace and may be mounted by its owner
		// only; the host's is bound.
		opt.bind, opt.data, opt.sb = true, nil, nil
		// The copy has the host's cgroups below: they get the attributes too.
		opt.rset, opt.rclr, opt.set, opt.clr = opt.set&^opt.rclr|opt.rset, opt.clr&^opt.rset|opt.rclr, 0, 0
		c.cloneTree("/sys", true, field)
		c.attach(opt, dest, field, c.aDirectory())
		return nil
	}
	c.labelData(m.Type, opt)
	late := opt.set&kernel.MOUNT_ATTR_RDONLY != 0 && (m.Type == "tmpfs" || dest == "/dev")
	if late { // what comes next may need targets in it
		opt.set &^= kernel.MOUNT_ATTR_RDONLY
		c.late = append(c.late, lateMount{field, dest})
	}
	params, ok := c.params(m.Source, opt, late)
	if !ok {
		if opt.copyUp {
			return fmt.Errorf("option tmpcopyup: not together with a value of more than %d bytes", maxValue)
		}
		c.classicFilesystem(m, opt, dest, field)
		return nil
	}
	kind := c.aDirectory()
	if m.Type == "tmpfs" && !hasKey(opt.data, "mode") {
		kind = c.modeOfTarget()
	}
	c.newFS(m.Type, m.Source, params, opt, field)
	c.keepProc(m, opt)
	c.labelQueue(m.Type)
	c.attach(opt, dest, field, kind)
	return nil
}

// classicFilesystem mounts with mount(2), whose options may be a page long.
func (c *compiler) classicFilesystem(m *specs.Mount, opt *mountOptions, dest, field string) {
	c.target(dest, field, c.aDirectory())
	c.refuseProc(dest, field)
	c.classicMount(m.Source, m.Type, opt.classic(), strings.Join(opt.data, ","), field)
	c.close(c.dst)
	if rest := (mountOptions{rset: opt.rset, rclr: opt.rclr, prop: opt.prop, propRec: opt.propRec}); rest.rset|rest.rclr|rest.prop != 0 {
		c.openRoot(dest, kernel.O_PATH, 0, 0).Into(c.dst) // the mount now, not what it covers
		c.attributes(c.dst, &rest)
		c.close(c.dst)
	}
}

// param is one fsconfig(2) call: a flag without a value, or key and value.
type param struct {
	key, value string
	flag       bool
}

// params turns options into parameters; ok is false when one does not fit
// fsconfig(2) and mount(2) has to take them all.
//
// A read-only mount is read-only as a file system too, as with mount(2): a disk
// that cannot be written to mounts no other way. But not one that is made
// read-only late.
func (c *compiler) params(source string, opt *mountOptions, late bool) (p []param, ok bool) {
	if len(source) > maxValue {
		return nil, false
	}
	if opt.set&kernel.MOUNT_ATTR_RDONLY != 0 && !late {
		p = append(p, param{key: "ro", flag: true})
	}
	for _, w := range opt.sb {
		p = append(p, param{key: w, flag: true})
	}
	for _, w := range opt.data {
		k, v, has := option(w)
		switch {
		case len(k) > maxValue || strings.Contains(v, `\,`):
			return nil, false // overlayfs takes escaped commas from mount(2) alone
		case !has:
			p = append(p, param{key: k, flag: true})
		case len(v) <= maxValue:
			p = append(p, param{key: k, value: v})
		case k == "lowerdir" && c.f.AtLeast(6, 8):
			// overlayfs takes its layers one by one since Linux 6.8; behind an
			// empty one, written "::", come those for data only.
			key := "lowerdir+"
			for _, layer := range lowerdirs(v) {
				switch {
				case len(layer) > maxValue:
					return nil, false
				case layer == "":
					key = "datadir+"
				default:
					p = append(p, param{key: key, value: layer})
				}
			}
		default:
			return nil, false
		}
	}
	return p, true
}

// lowerdirs splits overlayfs' list at the colons that no backslash escapes,
// and takes the escapes away: a single layer is given as it is.
func lowerdirs(v string) (dirs []string) {
	var cur []byte
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '\\' && i+1 < len(v):
			i++
			cur = append(cur, v[i])
		case v[i] == ':':
			dirs, cur = append(dirs, string(cur)), nil
		default:
			cur = append(cur, v[i])
		}
	}
	return append(dirs, string(cur))
}

func hasKey(data []string, key string) bool {
	for _, w := range data {
		if k, _, _ := option(w); k == key {
			return true
		}
	}
	return false
}

// newFS makes a detached mount of a new file system in c.mnt. A refused
// parameter, or a refusal of them all, is reported with the kernel's own text,
// read from the file system context (fsopen(2)).
func (c *compiler) newFS(typ, source string, params []param, opt *mountOptions, field string) {
	b := c.b
	mark := b.Mark()
	fs := b.Slot()
	refused, made := b.Label(), b.Label()
	b.Do(kernel.SYS_FSOPEN, b.Str(typ), prog.Int(kernel.FSOPEN_CLOEXEC)).Into(fs)
	config := func(cmd int, key, value prog.Arg) {
		b.Do(kernel.SYS_FSCONFIG, fs.Val(), prog.Int(cmd), key, value, prog.Int(0)).Into(c.tmp).Accept(prog.AnyErrno).Else(refused)
	}
	if source != "" {
		config(kernel.FSCONFIG_SET_STRING, b.Str("source"), b.Str(source))
	}
	said := typ
	for _, p := range params {
		if p.flag {
			config(kernel.FSCONFIG_SET_FLAG, b.Str(p.key), prog.Int(0))
			said += " " + p.key
		} else {
			config(kernel.FSCONFIG_SET_STRING, b.Str(p.key), b.Str(p.value))
			said += " " + p.key + "=" + p.value
		}
	}
	config(kernel.FSCONFIG_CMD_CREATE, prog.Int(0), prog.Int(0))
	b.Jump(made)

	b.Bind(refused)
	none := b.Label()
	b.Do(kernel.SYS_READ, fs.Val(), c.sent.text.Plus(8), prog.Int(fsTextSize-1)).Accept(prog.AnyErrno).Else(none)
	b.Do(kernel.SYS_WRITE, c.sync, c.sent.text, prog.Int(8+fsTextSize))
	b.Bind(none)
	b.Field(field + ": fsconfig(" + said + ")")
	b.Do(prog.FAIL, c.tmp.Val())
	b.Field(field)

	b.Bind(made)
	b.Do(kernel.SYS_FSMOUNT, fs.Val(), prog.Int(kernel.FSMOUNT_CLOEXEC), prog.Int(opt.set)).Into(c.mnt)
	c.close(fs)
	b.Release(mark)
}

// modeOfTarget is the target of a tmpfs without `mode=`: it takes the mode of
// the directory it covers, 1777 if that had to be made.
func (c *compiler) modeOfTarget() targetKind {
	b := c.b
	kind := c.aDirectory()
	kind.found = func() {
		c.statx(c.dst)
		// The kernel takes 16 bits of the mode: what lies behind them in
		// struct statx does no harm.
		b.Do(kernel.SYS_FCHMODAT, c.mnt.Val(), b.Str("."), c.buf.Load(statxMode))
	}
	kind.made = func() { b.Do(kernel.SYS_FCHMODAT, c.mnt.Val(), b.Str("."), prog.Int(0o1777)) }
	return kind
}

// finishMounts makes read-only what had to stay writable until now, and the
// root.
func (c *compiler) finishMounts() error {
	for _, l := range c.late {
		c.b.Field(l.field)
		c.openRoot(l.dest, kernel.O_PATH, 0, 0).Into(c.dst)
		c.setattr(c.dst, kernel.MOUNT_ATTR_RDONLY, 0, 0, false)
		c.close(c.dst)
	}
	if c.s.Root.Readonly {
		c.b.Field("root.readonly")
		c.setattr(c.root, kernel.MOUNT_ATTR_RDONLY, 0, 0, false)
	}
	return nil
}
