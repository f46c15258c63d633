package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// schedule checks scheduler, ioPriority and execCPUAffinity of a process
// (config.md, "Linux Process"). An object without any value asks for nothing.
func schedule(p *specs.Process) error {
	if err := scheduler(p.Scheduler); err != nil {
		return err
	}
	if p.IOPriority != nil {
		if _, _, err := IOPriority(p.IOPriority); err != nil {
			return err
		}
	}
	if a := p.ExecCPUAffinity; a != nil {
		for _, l := range [...]struct{ field, list string }{{"initial", a.Initial}, {"final", a.Final}} {
			if _, err := Bits(l.list); err != nil {
				return fmt.Errorf("process.execCPUAffinity.%s: %w", l.field, err)
			}
		}
	}
	return nil
}

func scheduler(s *specs.Scheduler) error {
	if !Schedules(s) {
		return nil
	}
	policy, ok := SchedulerPolicy(s.Policy)
	if !ok {
		return fmt.Errorf("process.scheduler.policy: %q is none of SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE", s.Policy)
	}
	timed := s.Runtime != 0 || s.Deadline != 0 || s.Period != 0
	switch {
	case (policy == 0 || policy == 3) && (s.Nice < -20 || s.Nice > 19):
		return fmt.Errorf("process.scheduler.nice: %d is not within -20 to 19", s.Nice)
	case s.Priority != 0 && policy != 1 && policy != 2:
		return fmt.Errorf("process.scheduler.priority: is for SCHED_FIFO and SCHED_RR, not for %s", s.Policy)
	case timed && policy != 6:
		return fmt.Errorf("process.scheduler: runtime, deadline and period are for SCHED_DEADLINE, not for %s", s.Policy)
	}
	_, err := SchedulerFlags(s.Flags)
	return err
}

// Schedules tells whether a scheduler asks for anything.
func Schedules(s *specs.Scheduler) bool {
	return s != nil && (s.Policy != "" || s.Nice != 0 || s.Priority != 0 || len(s.Flags) > 0 ||
		s.Runtime != 0 || s.Deadline != 0 || s.Period != 0)
}

// SchedulerPolicy returns the number of a policy (linux/sched.h).
func SchedulerPolicy(p specs.LinuxSchedulerPolicy) (n uint32, ok bool) {
	switch p {
	case specs.SchedOther:
		return 0, true
	case specs.SchedFIFO:
		return 1, true
	case specs.SchedRR:
		return 2, true
	case specs.SchedBatch:
		return 3, true
	case specs.SchedISO:
		return 4, true
	case specs.SchedIdle:
		return 5, true
	case specs.SchedDeadline:
		return 6, true
	}
	return 0, false
}

// SchedulerFlags returns the OR of flags, SCHED_FLAG_… of linux/sched.h.
func SchedulerFlags(flags []specs.LinuxSchedulerFlag) (or uint64, err error) {
	for i, f := range flags {
		switch f {
		case specs.SchedFlagResetOnFork:
			or |= 0x01
		case specs.SchedFlagReclaim:
			or |= 0x02
		case specs.SchedFlagDLOverrun:
			or |= 0x04
		case specs.SchedFlagKeepPolicy:
			or |= 0x08
		case specs.SchedFlagKeepParams:
			or |= 0x10
		case specs.SchedFlagUtilClampMin:
			or |= 0x20
		case specs.SchedFlagUtilClampMax:
			or |= 0x40
		default:
			return 0, fmt.Errorf("process.scheduler.flags[%d]: %q is no flag of sched_setattr(2)", i, f)
		}
	}
	return or, nil
}

// IOPriority returns ioprio_set(2)'s value; ok is false when nothing is asked
// for.
func IOPriority(p *specs.LinuxIOPriority) (value int, ok bool, err error) {
	if p == nil || *p == (specs.LinuxIOPriority{}) {
		return 0, false, nil
	}
	class := 0
	switch p.Class {
	case specs.IOPRIO_CLASS_RT:
		class = 1
	case specs.IOPRIO_CLASS_BE:
		class = 2
	case specs.IOPRIO_CLASS_IDLE:
		class = 3
	default:
		return 0, false, fmt.Errorf("process.ioPriority.class: %q is none of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE", p.Class)
	}
	if p.Priority < 0 || p.Priority > 7 {
		return 0, false, fmt.Errorf("process.ioPriority.priority: %d is not within 0 to 7", p.Priority)
	}
	return class<<13 | p.Priority, true, nil
}

// Personality returns personality(2)'s value; ok is false when nothing is asked
// for. The flags are those of personality(2): runtime-spec defines none yet.
func Personality(p *specs.LinuxPersonality) (value int, ok bool, err error) {
	if p == nil || p.Domain == "" && len(p.Flags) == 0 {
		return 0, false, nil
	}
	switch p.Domain {
	case specs.PerLinux:
	case specs.PerLinux32:
		value = 0x0008
	default:
		return 0, false, fmt.Errorf("linux.personality.domain: %q is none of LINUX, LINUX32", p.Domain)
	}
	for i, f := range p.Flags {
		switch f {
		case "UNAME26":
			value |= 0x0020000
		case "ADDR_NO_RANDOMIZE":
			value |= 0x0040000
		case "FDPIC_FUNCPTRS":
			value |= 0x0080000
		case "MMAP_PAGE_ZERO":
			value |= 0x0100000
		case "ADDR_COMPAT_LAYOUT":
			value |= 0x0200000
		case "READ_IMPLIES_EXEC":
			value |= 0x0400000
		case "ADDR_LIMIT_32BIT":
			value |= 0x0800000
		case "SHORT_INODE":
			value |= 0x1000000
		case "WHOLE_SECONDS":
			value |= 0x2000000
		case "STICKY_TIMEOUTS":
			value |= 0x4000000
		case "ADDR_LIMIT_3GB":
			value |= 0x8000000
		default:
			return 0, false, fmt.Errorf("linux.personality.flags[%d]: %q is no flag of personality(2)", i, f)
		}
	}
	return value, true, nil
}

// MemoryPolicy returns set_mempolicy(2)'s mode, with its flags, and its nodes as
// a bit mask; ok is false when nothing is asked for.
func MemoryPolicy(p *specs.LinuxMemoryPolicy) (mode int, nodes []uint64, ok bool, err error) {
	if p == nil || p.Mode == "" && p.Nodes == "" && len(p.Flags) == 0 {
		return 0, nil, false, nil
	}
	switch p.Mode {
	case specs.MpolDefault:
	case specs.MpolPreferred:
		mode = 1
	case specs.MpolBind:
		mode = 2
	case specs.MpolInterleave:
		mode = 3
	case specs.MpolLocal:
		mode = 4
	case specs.MpolPreferredMany:
		mode = 5
	case specs.MpolWeightedInterleave:
		mode = 6
	default:
		return 0, nil, false, fmt.Errorf("linux.memoryPolicy.mode: invalid memory policy mode %q", p.Mode)
	}
	for _, f := range p.Flags {
		switch f {
		case specs.MpolFNumaBalancing:
			mode |= 1 << 13
		case specs.MpolFRelativeNodes:
			mode |= 1 << 14
		case specs.MpolFStaticNodes:
			mode |= 1 << 15
		default:
			return 0, nil, false, fmt.Errorf("linux.memoryPolicy.flags: invalid memory policy flag %q", f)
		}
	}
	if nodes, err = Bits(p.Nodes); err != nil {
		return 0, nil, false, fmt.Errorf("linux.memoryPolicy.nodes: invalid memory policy node %w", err)
	}
	return mode, nodes, true, nil
}

// maxBit is the highest number of a CPU or memory node that Bits takes: beyond
// what kernels are built for (NR_CPUS is at most 8192).
const maxBit = 1<<14 - 1

// Bits reads a list such as "0-3,7" into a bit mask.
func Bits(list string) (mask []uint64, err error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(list, ",") {
		low, high, ranged := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.ParseUint(low, 10, 32)
		last := first
		if err == nil && ranged {
			last, err = strconv.ParseUint(high, 10, 32)
		}
		if err != nil || last < first || last > maxBit {
			return nil, fmt.Errorf("%q in %q: want numbers and ranges such as 0-3,7, up to %d", part, list, maxBit)
		}
		for ; first <= last; first++ {
			for uint64(len(mask)) <= first/64 {
				mask = append(mask, 0)
			}
			mask[first/64] |= 1 << (first % 64)
		}
	}
	return mask, nil
}
