package compile

import (
	"encoding/binary"

	"wrun/linux/kernel"
	"wrun/linux/prog"
	"wrun/spec"
)

// schedule sets how the process is run: what an execve(2) leaves as it is, and
// what the capabilities of the workload may not suffice for.
func (c *compiler) schedule() error {
	b := c.b
	p := c.s.Process
	if p == nil {
		return nil
	}
	if a := p.ExecCPUAffinity; c.entry != nil && a != nil {
		if err := c.affinity("final", a.Final); err != nil {
			return err
		}
	}
	if s := p.Scheduler; spec.Schedules(s) {
		policy, _ := spec.SchedulerPolicy(s.Policy)
		flags, err := spec.SchedulerFlags(s.Flags)
		if err != nil {
			return err
		}
		le := binary.LittleEndian
		a := le.AppendUint32(nil, schedAttrSize)
		a = le.AppendUint32(a, policy)
		a = le.AppendUint64(a, flags)
		a = le.AppendUint32(a, uint32(s.Nice))
		a = le.AppendUint32(a, uint32(s.Priority))
		for _, ns := range [...]uint64{s.Runtime, s.Deadline, s.Period} {
			a = le.AppendUint64(a, ns)
		}
		b.Field("process.scheduler")
		b.Do(kernel.SYS_SCHED_SETATTR, prog.Int(0), b.Data(a), prog.Int(0))
	}
	value, ok, err := spec.IOPriority(p.IOPriority)
	if err != nil {
		return err
	}
	if ok {
		b.Field("process.ioPriority")
		b.Do(kernel.SYS_IOPRIO_SET, prog.Int(ioprioWhoProcess), prog.Int(0), prog.Int(value))
	}
	if value, ok, err = spec.Personality(c.s.Linux.Personality); err != nil {
		return err
	}
	if ok {
		b.Field("linux.personality")
		b.Do(kernel.SYS_PERSONALITY, prog.Int(value))
	}
	return c.memoryPolicy()
}

// schedAttrSize is SCHED_ATTR_SIZE_VER0 (linux/sched/types.h): without the
// bounds of the utilization clamp.
const schedAttrSize = 48

// ioprioWhoProcess is IOPRIO_WHO_PROCESS (linux/ioprio.h).
const ioprioWhoProcess = 1

// memoryPolicy is set_mempolicy(2). The kernel takes one off the number of
// bits before it reads them.
func (c *compiler) memoryPolicy() error {
	mode, nodes, ok, err := spec.MemoryPolicy(c.s.Linux.MemoryPolicy)
	if err != nil || !ok {
		return err
	}
	b := c.b
	b.Field("linux.memoryPolicy")
	mask, bits := prog.Int(0), 0
	if len(nodes) > 0 {
		m := make([]byte, 0, 8*len(nodes))
		for _, w := range nodes {
			m = binary.LittleEndian.AppendUint64(m, w)
		}
		mask, bits = b.Data(m), 64*len(nodes)+1
	}
	b.Do(kernel.SYS_SET_MEMPOLICY, prog.Int(mode), mask, prog.Int(bits))
	return nil
}

// initialAffinity binds an exec'd process to CPUs before it joins the cgroup;
// on v2 it was born there. process.execCPUAffinity is not for an init.
func (c *compiler) initialAffinity() error {
	if a := c.s.Process.ExecCPUAffinity; a != nil {
		return c.affinity("initial", a.Initial)
	}
	return nil
}

// affinity is sched_setaffinity(2) for this process.
func (c *compiler) affinity(which, list string) error {
	mask, err := spec.Bits(list)
	if err != nil || len(mask) == 0 {
		return err
	}
	b := c.b
	m := make([]byte, 0, 8*len(mask))
	for _, w := range mask {
		m = binary.LittleEndian.AppendUint64(m, w)
	}
	b.Field("process.execCPUAffinity." + which + " " + list)
	b.Do(kernel.SYS_SCHED_SETAFFINITY, prog.Int(0), prog.Int(len(m)), b.Data(m))
	return nil
}
