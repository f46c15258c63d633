package compile

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// nsFlag is the CLONE_NEW… flag of a namespace type (namespaces(7)).
func nsFlag(t specs.LinuxNamespaceType) int {
	switch t {
	case specs.PIDNamespace:
		return kernel.CLONE_NEWPID
	case specs.NetworkNamespace:
		return kernel.CLONE_NEWNET
	case specs.MountNamespace:
		return kernel.CLONE_NEWNS
	case specs.IPCNamespace:
		return kernel.CLONE_NEWIPC
	case specs.UTSNamespace:
		return kernel.CLONE_NEWUTS
	case specs.CgroupNamespace:
		return kernel.CLONE_NEWCGROUP
	case specs.UserNamespace:
		return kernel.CLONE_NEWUSER
	}
	return 0
}

// namespaces gives the flags of the namespaces to make and to join.
func (c *compiler) namespaces() (fresh, joined int, err error) {
	for i, ns := range c.s.Linux.Namespaces {
		f := nsFlag(ns.Type)
		switch {
		case f == 0:
			return 0, 0, fmt.Errorf("linux.namespaces[%d]: type %q: not supported by this version of wrun", i, ns.Type)
		case ns.Path != "":
			joined |= f
		default:
			fresh |= f
		}
	}
	return fresh, joined, nil
}

// mountNS tells whether the container has a mount namespace of its own.
func (c *compiler) mountNS() bool {
	for _, ns := range c.s.Linux.Namespaces {
		if ns.Type == specs.MountNamespace {
			return true
		}
	}
	return false
}

// enter makes and joins the namespaces. A fresh pid namespace comes from the
// clone(2) that made this process; the rest is unshared while the parent goes
// on working. Into a joined pid namespace only children go, and a fresh one
// must belong to the container's user namespace: there this process is a stub,
// which enters and then clones the init beside itself, and ends.
//
// Before a namespace that others live in is joined, the process is made
// non-dumpable, or they could trace it and take its descriptors
// (CVE-2016-9962).
func (c *compiler) enter() error {
	fresh, joined, err := c.namespaces()
	if err != nil {
		return err
	}
	b := c.b
	c.out.Stub = joined&kernel.CLONE_NEWPID != 0 || (fresh|joined)&kernel.CLONE_NEWUSER != 0
	if !c.out.Stub {
		c.out.Clone = uintptr(fresh & kernel.CLONE_NEWPID)
	}
	if joined != 0 {
		b.Field("linux.namespaces")
		b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_SET_DUMPABLE), prog.Int(0))
		c.join()
	}
	if (fresh|joined)&kernel.CLONE_NEWUSER != 0 {
		c.enterUser(fresh&kernel.CLONE_NEWUSER != 0)
	}
	if c.out.Stub {
		b.Field("linux.namespaces")
		c.cloneInit(fresh & kernel.CLONE_NEWPID)
	}
	if rest := fresh &^ (kernel.CLONE_NEWPID | kernel.CLONE_NEWUSER); rest != 0 {
		b.Field("linux.namespaces")
		b.Do(kernel.SYS_UNSHARE, prog.Int(rest))
	}
	b.Field("init")
	b.Do(kernel.SYS_SETSID)
	return nil
}

const sigCHLD = 17

// cloneInit ends the stub: it clones the process that goes on, beside itself,
// and tells the parent its pid.
func (c *compiler) cloneInit(flags int) {
	b := c.b
	pid, child := b.Slot(), b.Label()
	b.Do(kernel.SYS_CLONE, prog.Int(kernel.CLONE_PARENT|sigCHLD|flags)).Into(pid)
	b.IfEq(pid.Val(), prog.Int(0), child)
	msg := b.Var(le64(TagChild))
	b.Do(prog.ST32, msg.Plus(4), pid.Val())
	c.say(msg)
	b.Do(kernel.SYS_EXIT_GROUP, prog.Int(0))
	b.Bind(child)
}

// join enters the namespaces given by path. The user namespace comes last:
// outside of it there are rights over all the others, whoever owns them.
func (c *compiler) join() {
	for _, last := range []bool{false, true} {
		k := 0
		for _, ns := range c.s.Linux.Namespaces {
			if ns.Path == "" {
				continue
			}
			f := c.namespaceFile(k)
			k++
			if (ns.Type == specs.UserNamespace) != last {
				continue
			}
			c.b.Field(f.Field + " " + ns.Path)
			c.b.Do(kernel.SYS_SETNS, prog.Int(f.FD), prog.Int(nsFlag(ns.Type)))
			c.b.Do(kernel.SYS_CLOSE, prog.Int(f.FD))
		}
	}
}

// namespaceFile is the k-th namespace among the files.
func (c *compiler) namespaceFile(k int) File {
	for _, f := range c.out.Files {
		if f.Kind == FileNamespace {
			if k == 0 {
				return f
			}
			k--
		}
	}
	panic("compile: more joined namespaces than files")
}

// network brings up the loopback device of a fresh network namespace
// (netdevice(7)).
func (c *compiler) network() error {
	fresh, _, err := c.namespaces()
	if err != nil || fresh&kernel.CLONE_NEWNET == 0 {
		return err
	}
	b := c.b
	b.Field("linux.namespaces network: loopback")
	ifr := make([]byte, 40)
	copy(ifr, "lo")
	ifr[16] = kernel.IFF_UP | kernel.IFF_RUNNING
	b.Do(kernel.SYS_SOCKET, prog.Int(kernel.AF_INET), prog.Int(kernel.SOCK_DGRAM|kernel.SOCK_CLOEXEC), prog.Int(0)).Into(c.tmp)
	b.Do(kernel.SYS_IOCTL, c.tmp.Val(), prog.Int(kernel.SIOCSIFFLAGS), b.Data(ifr))
	b.Do(kernel.SYS_CLOSE, c.tmp.Val())
	return nil
}

// names sets hostname and domainname, sethostname(2).
func (c *compiler) names() error {
	b := c.b
	if h := c.s.Hostname; h != "" {
		b.Field("hostname")
		b.Do(kernel.SYS_SETHOSTNAME, b.Str(h), prog.Int(len(h)))
	}
	if d := c.s.Domainname; d != "" {
		b.Field("domainname")
		b.Do(kernel.SYS_SETDOMAINNAME, b.Str(d), prog.Int(len(d)))
	}
	return nil
}
