package seccomp

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Instructions of classic BPF (linux/bpf_common.h).
const (
	opLoad = 0x20 // BPF_LD | BPF_W | BPF_ABS
	opAnd  = 0x54 // BPF_ALU | BPF_AND | BPF_K
	opJump = 0x05 // BPF_JMP | BPF_JA
	opJEQ  = 0x15
	opJGT  = 0x25
	opJGE  = 0x35
	opRet  = 0x06 // BPF_RET | BPF_K
)

// Offsets in struct seccomp_data (linux/seccomp.h).
const (
	dataNr   = 0
	dataArch = 4
	dataArgs = 16
)

type insn struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// emitter writes a program from its end to its beginning: jumps only go
// forward, so their distances are known when they are written.
type emitter struct {
	out []insn
}

// place is an instruction that is written already; jumps go there.
type place int

// here is what was written last, the next instruction for what comes before.
func (e *emitter) here() place { return place(len(e.out) - 1) }

func (e *emitter) op(code uint16, k uint32) { e.out = append(e.out, insn{code: code, k: k}) }

// jump goes to yes or no, which are at most 255 instructions away.
func (e *emitter) jump(code uint16, k uint32, yes, no place) {
	at := len(e.out)
	e.out = append(e.out, insn{code, uint8(at - int(yes) - 1), uint8(at - int(no) - 1), k})
}

// branch goes on with the next instruction if the comparison gives whether,
// else to far, which may be any number of instructions away.
func (e *emitter) branch(code uint16, k uint32, whether bool, far place) {
	next := e.here()
	if len(e.out)-int(far)-1 > 255 {
		e.op(opJump, uint32(len(e.out)-int(far)-1))
		far = e.here()
	}
	if whether {
		e.jump(code, k, next, far)
	} else {
		e.jump(code, k, far, next)
	}
}

// filter writes the whole program. The native architecture is looked for
// first.
func (e *emitter) filter(p *profile, native specs.Arch, listed func(specs.Arch) bool) ([]byte, error) {
	e.out = make([]insn, 0, 1024)
	e.op(opRet, retKillThread) // libseccomp's SCMP_FLTATR_ACT_BADARCH
	all := arches()
	order := all[:]
	slices.SortStableFunc(order, func(a, b arch) int { // the native one last
		switch {
		case a.name == native && b.name != native:
			return 1
		case b.name == native && a.name != native:
			return -1
		}
		return 0
	})
	for _, a := range order {
		if !listed(a.name) || a.name == specs.ArchX32 && listed(specs.ArchX86_64) {
			continue
		}
		other := e.here()
		var s spans
		switch a.name {
		case specs.ArchX86_64:
			s = p.spans(s, a)
			if listed(specs.ArchX32) {
				s = p.spans(s, arches()[colX32])
			} else {
				s.add(x32Bit, retKillThread, nil)
				s.add(1<<32-1, p.def, nil) // -1: a tracer has skipped the call
			}
		case specs.ArchX32:
			s.add(0, retKillThread, nil)
			s = p.spans(s, a)
		default:
			s = p.spans(s, a)
		}
		e.tree(s, a)
		e.op(opLoad, dataNr)
		e.branch(opJEQ, a.audit, true, other)
	}
	e.op(opLoad, dataArch)
	if len(e.out) > MaxInsns {
		return nil, fmt.Errorf("linux.seccomp: the filter has %d instructions, the kernel takes at most %d: use fewer rules with arguments", len(e.out), MaxInsns)
	}
	b := make([]byte, 0, 8*len(e.out))
	for _, x := range slices.Backward(e.out) {
		b = binary.LittleEndian.AppendUint16(b, x.code)
		b = append(b, x.jt, x.jf)
		b = binary.LittleEndian.AppendUint32(b, x.k)
	}
	return b, nil
}

// tree writes a balanced search for the span of the number.
func (e *emitter) tree(s spans, a arch) {
	if len(s) == 1 {
		e.verdict(s[0], a)
		return
	}
	mid := len(s) / 2
	e.tree(s[mid:], a)
	right := e.here()
	e.tree(s[:mid], a)
	e.branch(opJGE, s[mid].from, false, right)
}

// verdict writes what a span answers.
func (e *emitter) verdict(s span, a arch) {
	e.op(opRet, s.ret)
	narrow := a.narrow || s.from >= x32Bit
	for _, r := range slices.Backward(s.rules) {
		other := e.here()
		e.op(opRet, r.ret)
		for _, c := range slices.Backward(r.args) {
			e.compare(c, narrow, other)
		}
	}
}

// compare goes on with the next instruction if the condition holds, else to
// other.
func (e *emitter) compare(c cond, narrow bool, other place) {
	yes, no := e.here(), other
	code := uint16(opJEQ)
	switch c.op {
	case specs.OpNotEqual:
		yes, no = no, yes
	case specs.OpGreaterThan:
		code = opJGT
	case specs.OpLessEqual:
		code, yes, no = opJGT, no, yes
	case specs.OpGreaterEqual:
		code = opJGE
	case specs.OpLessThan:
		code, yes, no = opJGE, no, yes
	}
	low := uint32(dataArgs + 8*c.arg)
	e.jump(code, uint32(c.value), yes, no)
	e.mask(uint32(c.mask))
	e.op(opLoad, low)
	if narrow {
		return
	}
	// The high halves decide unless they are equal.
	same := e.here()
	e.jump(opJEQ, uint32(c.value>>32), same, no)
	if code != opJEQ {
		e.jump(opJGT, uint32(c.value>>32), yes, e.here())
	}
	e.mask(uint32(c.mask >> 32))
	e.op(opLoad, low+4)
}

func (e *emitter) mask(m uint32) {
	if m != 1<<32-1 {
		e.op(opAnd, m)
	}
}
