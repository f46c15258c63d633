package compile

import (
	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// labelled tells whether the process gets a label or a profile.
func (c *compiler) labelled() bool { return c.profile() != "" || c.processLabel() != "" }

// profile is the AppArmor profile to run under, "" for the caller's.
func (c *compiler) profile() string {
	if p := c.s.Process; p != nil && c.o.AppArmor {
		return p.ApparmorProfile
	}
	return ""
}

func (c *compiler) processLabel() string {
	if p := c.s.Process; p != nil && c.o.SELinux {
		return p.SelinuxLabel
	}
	return ""
}

// labels tells AppArmor and SELinux what to make of the process when it
// executes the workload (apparmor's aa_change_onexec(3), setexeccon(3)). The
// process itself stays what it is.
func (c *compiler) labels() error {
	b := c.b
	if p := c.profile(); p != "" {
		c.openProc()
		b.Field("process.apparmorProfile: apparmor failed to apply profile " + p)
		shared, have := b.Label(), b.Label()
		c.procFile("self/attr/apparmor/exec").Into(c.tmp).Accept(enoent).Else(shared)
		b.Jump(have)
		b.Bind(shared) // with other modules' labels
		c.procFile("self/attr/exec").Into(c.tmp)
		b.Bind(have)
		text := "exec " + p
		b.Do(kernel.SYS_WRITE, c.tmp.Val(), b.Str(text), prog.Int(len(text)))
		c.close(c.tmp)
	}
	if l := c.processLabel(); l != "" {
		c.openProc()
		b.Field("process.selinuxLabel " + l)
		c.writeProc("self/attr/exec", l)
	}
	return nil
}

// labelKeyring gives keys that this process makes the label of the process to
// come (setkeycreatecon(3)). An execve(2) ends it.
func (c *compiler) labelKeyring() {
	if l := c.processLabel(); l != "" {
		c.openProc()
		c.b.Field("process.selinuxLabel " + l + " of the session keyring")
		c.writeProc("self/attr/keycreate", l)
		c.b.Field("session keyring")
	}
}

// mountContext is linux.mountLabel for a new file system of a type. Those that
// label their files themselves take none.
func (c *compiler) mountContext(typ string) string {
	if l := c.s.Linux; c.o.SELinux {
		switch typ {
		case "proc", "sysfs", "mqueue", "cgroup", "cgroup2":
		default:
			return l.MountLabel
		}
	}
	return ""
}

// labelData adds the mount label to the options of a mount. Quotes keep its
// commas from ending it.
func (c *compiler) labelData(typ string, opt *mountOptions) {
	if l := c.mountContext(typ); l != "" && !hasKey(opt.data, "context") {
		opt.data = append(opt.data, `context="`+l+`"`)
	}
}

// labelParam adds the mount label to the parameters of a mount of the
// runtime's own.
func (c *compiler) labelParam(typ string, p ...param) []param {
	if l := c.mountContext(typ); l != "" {
		p = append(p, param{key: "context", value: l})
	}
	return p
}

// labelQueue labels the directory of a new mqueue in c.mnt, which takes no
// context option.
func (c *compiler) labelQueue(typ string) {
	l := c.s.Linux.MountLabel
	if typ != "mqueue" || l == "" || !c.o.SELinux {
		return
	}
	b := c.b
	b.Do(kernel.SYS_OPENAT, c.mnt.Val(), b.Str("."), prog.Int(kernel.O_RDONLY|kernel.O_DIRECTORY|kernel.O_CLOEXEC)).Into(c.tmp)
	b.Do(kernel.SYS_FSETXATTR, c.tmp.Val(), b.Str("security.selinux"), b.Str(l), prog.Int(len(l)), prog.Int(0))
	c.close(c.tmp)
}
