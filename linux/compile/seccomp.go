package compile

import (
	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// Filter is a compiled seccomp profile, see package seccomp.
type Filter struct {
	Insns []byte
	Flags uint32
}

// capSysAdmin is what seccomp(2) wants of a process that may still gain
// privileges.
const capSysAdmin = 1 << 21

// setCapabilities gives the process its capabilities, all that it needs to
// find the workload as the workload would. To load a filter without
// no_new_privs takes CAP_SYS_ADMIN: it stays permitted, and without effect,
// until the filter is loaded.
func (c *compiler) setCapabilities(sets *capSets) {
	c.caps = sets
	if c.o.Seccomp == nil || c.s.Process.NoNewPrivileges || sets.effective&capSysAdmin != 0 {
		c.applyCapabilities(sets)
		return
	}
	held := *sets
	held.permitted |= capSysAdmin
	c.holds = true
	c.applyCapabilities(&held)
}

// probeFilter makes a kernel that cannot filter fail `create`, not `start`.
func (c *compiler) probeFilter() {
	if c.o.Seccomp == nil {
		return
	}
	b := c.b
	b.Field("linux.seccomp")
	killThread := b.Words(0) // SECCOMP_RET_KILL_THREAD, which every kernel has
	b.Do(kernel.SYS_SECCOMP, prog.Int(kernel.SECCOMP_GET_ACTION_AVAIL), prog.Int(0), killThread)
}

// filter loads the seccomp filter, as the last thing before the workload or
// the engine is executed: of the calls of the init itself the profile must
// allow execve or execveat, and, where CAP_SYS_ADMIN was held back for this,
// capset. A report of their failure takes write.
func (c *compiler) filter() {
	f := c.o.Seccomp
	if f == nil {
		return
	}
	b := c.b
	b.Field("linux.seccomp")
	if c.holds {
		held := *c.caps
		held.effective |= capSysAdmin
		held.permitted |= capSysAdmin
		c.capset(&held)
	}
	if c.fprog == (prog.Arg{}) { // once, for the engine and a native workload
		c.fprog = b.Words(uint64(len(f.Insns)/8), b.Data(f.Insns).Address()) // struct sock_fprog
	}
	b.Do(kernel.SYS_SECCOMP, prog.Int(kernel.SECCOMP_SET_MODE_FILTER), prog.Int(int(f.Flags)), c.fprog)
	if c.holds {
		b.Field("process.capabilities: linux.seccomp must allow capset unless process.noNewPrivileges is set or CAP_SYS_ADMIN is given")
		c.capset(c.caps)
	}
}
