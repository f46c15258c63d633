package compile_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
	"syscall"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// check runs a program in the abstract, along every path, and gives what is
// wrong with it. What it looks for:
//
//   - a slot that is read before this path has written it, or after the
//     descriptor in it was closed: slots are used again, and hold garbage then;
//   - memory that is looked at as a struct that no call has put there;
//   - a descriptor argument that is none, or not an open one;
//   - a descriptor that is forgotten while it is open, or open while the init
//     waits to be started, or when the workload is executed;
//   - jumps backward or to the next op, and ops that nothing leads to.
//
// Calls that fail without being forgiven end the program, and are not followed.
func check(c *compile.Compiled) (faults []string) {
	m := &machine{c: c, p: c.Prog, seen: make(map[string]bool), said: make(map[string]bool)}
	s := state{slots: make(map[prog.Slot]value), buffers: make(map[int32]int), files: map[int]bool{0: true, 1: true, 2: true}}
	s.slots[prog.SlotErrFD] = value{kind: number, n: c.FD(compile.FileSync)}
	for fd := range c.Files[len(c.Files)-1].FD + 1 {
		s.files[fd] = true
	}
	m.todo = append(m.todo, step{0, s})
	reached := make([]bool, len(m.p.Ops))
	for len(m.todo) > 0 {
		at := m.todo[len(m.todo)-1]
		m.todo = m.todo[:len(m.todo)-1]
		if key := at.key(); m.seen[key] {
			continue
		} else {
			m.seen[key] = true
		}
		reached[at.op] = true
		m.run(at)
		if len(m.seen) > 1<<17 {
			m.fault(at.op, "too many states to follow")
			break
		}
	}
	for i := range m.p.Ops {
		if !reached[i] {
			m.fault(i, "nothing leads here")
		}
	}
	return m.faults
}

// machine holds the run's books.
type machine struct {
	c      *compile.Compiled
	p      *prog.Program
	todo   []step
	seen   map[string]bool
	said   map[string]bool
	faults []string
}

func (m *machine) fault(op int, format string, args ...any) {
	var line strings.Builder
	fmt.Fprintf(&line, "op %d [%s]: %s", op, m.p.Field(op), fmt.Sprintf(format, args...))
	if s := line.String(); !m.said[s] {
		m.said[s] = true
		m.faults = append(m.faults, s)
	}
}

// step is an op about to be run in a state.
type step struct {
	op int
	state
}

// state is what is known on one path.
type state struct {
	slots   map[prog.Slot]value
	buffers map[int32]int   // address → the call that filled it last
	files   map[int]bool    // open descriptors with known numbers
	open    []int           // open descriptors in slots, by the op that made them
	mail    map[int32]value // address → the descriptor that recvmsg(2) put there
}

func (s state) clone() state {
	c := state{make(map[prog.Slot]value), make(map[int32]int), make(map[int]bool), slices.Clone(s.open), make(map[int32]value)}
	for k, v := range s.mail {
		c.mail[k] = v
	}
	for k, v := range s.slots {
		c.slots[k] = v
	}
	for k, v := range s.buffers {
		c.buffers[k] = v
	}
	for k := range s.files {
		c.files[k] = true
	}
	return c
}

func (s step) key() string {
	var parts []string
	for k, v := range s.slots {
		parts = append(parts, fmt.Sprintf("%d=%v", k, v))
	}
	for k, v := range s.buffers {
		parts = append(parts, fmt.Sprintf("%x:%d", k, v))
	}
	for k := range s.files {
		parts = append(parts, fmt.Sprintf("f%d", k))
	}
	sort.Strings(parts)
	return fmt.Sprint(s.op, s.open, s.mail, parts)
}

// value is what a slot or an argument holds.
type value struct {
	kind kind
	n    int // number, errno, or the op that made a descriptor
}

type kind int

const (
	unset      kind = iota
	number          // n
	descriptor      // made by op n
	failure         // -n, or any error if n is 0
	unknown         // some number from 0 on
	loaded          // from memory
)

func (m *machine) isSlot(a int32) (prog.Slot, bool) {
	off := int(a) - prog.RWBase
	if off < 0 || off%8 != 0 || off/8 >= prog.MaxSlots {
		return 0, false
	}
	return prog.Slot(off / 8), true
}

// arg evaluates argument k.
func (m *machine) arg(at step, k int) value {
	o := &m.p.Ops[at.op]
	a := o.Args[k]
	if o.Ind&(1<<k) == 0 {
		return value{number, int(a)}
	}
	if s, ok := m.isSlot(a); ok {
		v, set := at.slots[s]
		if !set {
			m.fault(at.op, "reads %v, which nothing has set", s)
		}
		if v.kind == descriptor && !slices.Contains(at.open, v.n) {
			m.fault(at.op, "reads %v, a descriptor that was closed", s)
		}
		return v
	}
	if v, ok := at.mail[a]; ok {
		return v
	}
	if a >= prog.RWBase {
		m.look(at, a)
		return value{kind: loaded}
	}
	ro := int(a) - prog.DataBase - prog.HeaderSize
	n := 0
	for i := range 8 {
		n |= int(m.p.RO[ro+i]) << (8 * i)
	}
	return value{number, n}
}

// look checks that memory holds what the offset means.
func (m *machine) look(at step, a int32) {
	base, by := int32(0), 0
	for b, nr := range at.buffers {
		if b <= a && b > base {
			base, by = b, nr
		}
	}
	ok := false
	switch by {
	case kernel.SYS_STATX: // mode, inode, device
		ok = a-base == 28 || a-base == 32 || a-base == 128
	case kernel.SYS_FSTATFS, kernel.SYS_READ, kernel.SYS_GETCWD:
		ok = a == base
	}
	if !ok {
		m.fault(at.op, "looks at buf+%d, where no call has put that", int(a)-prog.RWBase-8*prog.MaxSlots)
	}
}

func (m *machine) run(at step) {
	o := &m.p.Ops[at.op]
	nr := int(o.Nr)
	if o.Jmp != 0 && int(o.Jmp) <= at.op {
		m.fault(at.op, "jumps backward")
		return
	}
	var args [6]value
	for k := range args {
		args[k] = m.arg(at, k)
	}
	switch nr {
	case prog.JMP:
		if int(o.Jmp) == at.op+1 {
			m.fault(at.op, "jumps to the next op")
		}
		m.next(int(o.Jmp), at.state)
	case prog.JEQ, prog.JNE:
		m.branch(at, args[0], args[1], nr == prog.JEQ)
	case prog.ST32, prog.ST64:
		if s, ok := m.isSlot(o.Args[0]); ok && nr == prog.ST64 {
			m.set(at, s, args[1])
		}
		m.next(at.op+1, at.state)
	case prog.AND:
		m.set(at, prog.Slot(o.Res), and(args[0], args[1]))
		m.next(at.op+1, at.state)
	case prog.FAIL, kernel.SYS_EXIT_GROUP:
	default:
		m.call(at, args)
	}
}

func and(v, mask value) value {
	switch {
	case v.kind == number:
		return value{number, v.n & mask.n}
	case v.kind == descriptor && mask.n == -1<<31:
		return value{number, 0}
	case v.kind == failure && mask.n == -1<<31:
		return value{number, mask.n}
	}
	return value{kind: unknown}
}

// branch follows a JEQ or JNE to where it can go.
func (m *machine) branch(at step, x, y value, onEqual bool) {
	o := &m.p.Ops[at.op]
	maySame, mayDiffer := true, true
	switch {
	case x.kind == number && y.kind == number:
		maySame, mayDiffer = x.n == y.n, x.n != y.n
	case x.kind == descriptor && y.kind == number:
		maySame = y.n > 2
	case x.kind == failure && x.n != 0 && y.kind == number:
		maySame, mayDiffer = y.n == -x.n, y.n != -x.n
	case x.kind == failure && y.kind == number:
		maySame = y.n < 0
	case x.kind == unknown && y.kind == number:
		maySame = y.n >= 0
	}
	if maySame == mayDiffer && x.kind != loaded && x.kind != unknown && x.kind != failure {
		m.fault(at.op, "compares %v with %v", x, y)
	}
	equal, differ := int(o.Jmp), at.op+1
	if !onEqual {
		equal, differ = differ, equal
	}
	if maySame {
		s := at.state.clone()
		if slot, ok := m.isSlot(o.Args[0]); ok && o.Ind&1 != 0 && x.kind == failure {
			s.slots[slot] = value{failure, -y.n}
		}
		m.next(equal, s)
	}
	if mayDiffer {
		m.next(differ, at.state)
	}
}

func (m *machine) next(op int, s state) {
	m.todo = append(m.todo, step{op, s.clone()})
}

// set puts a value in a slot; what it held must not be the last trace of an
// open descriptor.
func (m *machine) set(at step, s prog.Slot, v value) {
	old, had := at.slots[s]
	delete(at.slots, s)
	if had && old.kind == descriptor && slices.Contains(at.open, old.n) && old != v {
		kept := false
		for _, other := range at.slots {
			kept = kept || other == old
		}
		if !kept {
			m.fault(at.op, "%v forgets the open descriptor of op %d", s, old.n)
		}
	}
	if s != prog.SlotScratch {
		at.slots[s] = v
	}
}

// call runs a system call that succeeds, and the errors that it forgives.
func (m *machine) call(at step, args [6]value) {
	o := &m.p.Ops[at.op]
	m.descriptors(at, args)
	if o.Pol != 0 {
		for _, e := range m.p.Policies[o.Pol] {
			if e == 0 {
				break
			}
			s := step{at.op, at.state.clone()}
			n := int(e)
			if n == prog.AnyErrno {
				n = 0
			}
			m.set(s, prog.Slot(o.Res), value{failure, n})
			if int(o.Nr) == kernel.SYS_DUP3 && e == byte(syscall.EINVAL) {
				s.files[args[1].n] = true // it had that number already
			}
			to := at.op + 1
			if o.Jmp != 0 {
				to = int(o.Jmp)
			}
			m.next(to, s.state)
		}
	}
	s := step{at.op, at.state.clone()}
	result := value{kind: unknown}
	switch int(o.Nr) {
	case kernel.SYS_OPENAT, kernel.SYS_OPENAT2, kernel.SYS_OPEN_TREE, kernel.SYS_FSOPEN, kernel.SYS_FSMOUNT, kernel.SYS_SOCKET:
		result = m.opened(&s)
	case kernel.SYS_IOCTL:
		if args[1].n == kernel.TIOCGPTPEER {
			result = m.opened(&s)
		}
	case kernel.SYS_DUP3:
		s.files[args[1].n] = true
	case kernel.SYS_CLOSE:
		m.closed(&s, args[0])
	case kernel.SYS_CLOSE_RANGE:
		if args[2].n == 0 {
			for fd := range s.files {
				if fd >= args[0].n {
					delete(s.files, fd)
				}
			}
		}
	case kernel.SYS_READ, kernel.SYS_FSTATFS:
		if int(o.Nr) == kernel.SYS_READ && args[0] == (value{number, m.c.FD(compile.FileFIFO)}) {
			m.waiting(s)
		}
		s.buffers[int32(args[1].n)] = int(o.Nr)
	case kernel.SYS_GETCWD:
		s.buffers[int32(args[0].n)] = int(o.Nr)
	case kernel.SYS_STATX:
		s.buffers[int32(args[4].n)] = int(o.Nr)
	case kernel.SYS_RECVMSG: // msg_control of msghdr, and the int in it
		hdr := args[1].n - prog.RWBase
		control := int32(binary.LittleEndian.Uint64(m.p.RW[hdr+32:]))
		s.open = append(s.open, s.op)
		s.mail[control+16] = value{descriptor, s.op}
	case kernel.SYS_EXECVE:
		m.waiting(s)
		return
	case kernel.SYS_EXECVEAT:
		for _, k := range []compile.FileKind{compile.FileSync, compile.FileFIFO, compile.FileEngine, compile.FileJob} {
			if !s.files[m.c.FD(k)] {
				m.fault(at.op, "the engine lacks descriptor %d", m.c.FD(k))
			}
		}
		if !s.files[m.c.ModuleFD] {
			m.fault(at.op, "the engine lacks the module, descriptor %d", m.c.ModuleFD)
		}
		return
	}
	m.set(s, prog.Slot(o.Res), result)
	m.next(at.op+1, s.state)
}

func (m *machine) opened(s *step) value {
	if m.p.Ops[s.op].Res == uint16(prog.SlotScratch) {
		m.fault(s.op, "forgets the descriptor that it makes")
	}
	s.open = append(s.open, s.op)
	return value{descriptor, s.op}
}

func (m *machine) closed(s *step, v value) {
	switch v.kind {
	case number:
		delete(s.files, v.n)
	case descriptor:
		s.open = slices.DeleteFunc(slices.Clone(s.open), func(op int) bool { return op == v.n })
		for slot, x := range s.slots {
			if x == v {
				delete(s.slots, slot)
			}
		}
		for a, x := range s.mail {
			if x == v {
				delete(s.mail, a)
			}
		}
	}
}

// waiting checks what a created container's init holds: its stdio, what is
// preserved for the workload, and the FIFO.
func (m *machine) waiting(s step) {
	for _, op := range s.open {
		m.fault(s.op, "the descriptor of op %d is still open", op)
	}
	for fd := range s.files {
		// An exec has no FIFO: its parent sees by the end of the sync socket,
		// which closes on exec, that the execve has happened.
		if fd >= m.c.FD(compile.FileSync) && fd != m.c.FD(compile.FileFIFO) && (m.c.FD(compile.FileFIFO) >= 0 || fd != m.c.FD(compile.FileSync)) {
			m.fault(s.op, "descriptor %d is still open", fd)
		}
	}
	for fd := range m.c.FD(compile.FileSync) {
		if !s.files[fd] {
			m.fault(s.op, "descriptor %d is the workload's, and is gone", fd)
		}
	}
}

// descriptors checks the arguments that must be one.
func (m *machine) descriptors(at step, args [6]value) {
	for _, k := range descriptorArgs(int(m.p.Ops[at.op].Nr)) {
		switch v := args[k]; v.kind {
		case descriptor: // that it is open is checked where it is read
		case number:
			if v.n != kernel.AT_FDCWD && !at.files[v.n] {
				m.fault(at.op, "descriptor %d is not open", v.n)
			}
		default:
			m.fault(at.op, "argument %d is no descriptor", k)
		}
	}
}

// descriptorArgs tells which arguments of a call are descriptors.
func descriptorArgs(nr int) []int {
	switch nr {
	case kernel.SYS_MOVE_MOUNT:
		return []int{0, 2}
	case kernel.SYS_SYMLINKAT:
		return []int{1}
	case kernel.SYS_CLOSE, kernel.SYS_DUP3, kernel.SYS_EXECVEAT, kernel.SYS_FACCESSAT2, kernel.SYS_FCHDIR, kernel.SYS_FCHMODAT,
		kernel.SYS_FCHOWN, kernel.SYS_FCHOWNAT, kernel.SYS_FCNTL, kernel.SYS_FSCONFIG, kernel.SYS_FSETXATTR, kernel.SYS_FSMOUNT, kernel.SYS_FSTATFS,
		kernel.SYS_IOCTL, kernel.SYS_MKDIRAT, kernel.SYS_MKNODAT, kernel.SYS_MOUNT_SETATTR, kernel.SYS_OPENAT, kernel.SYS_OPENAT2,
		kernel.SYS_OPEN_TREE, kernel.SYS_READ, kernel.SYS_RECVMSG, kernel.SYS_SENDMSG, kernel.SYS_SETNS, kernel.SYS_STATX, kernel.SYS_UNLINKAT, kernel.SYS_WRITE:
		return []int{0}
	}
	return nil
}
