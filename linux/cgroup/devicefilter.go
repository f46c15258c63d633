package cgroup

import "wrun/linux/kernel"

// The eBPF operations that a device filter uses: class, source and operation
// as in linux/bpf.h and the kernel's Documentation/bpf/standardization. The
// 32-bit jumps, which compare the low halves, came with Linux 5.1.
const (
	opLoadWord = 0x61 // dst = *(u32 *)(src + off)
	opMov      = 0xb7 // dst = imm
	opMovReg   = 0xbf // dst = src
	opAnd32    = 0x54 // (u32)dst &= imm
	opRsh32    = 0x74 // (u32)dst >>= imm
	opJeq32    = 0x16 // if (u32)dst == imm, pc += off
	opJne32    = 0x56 // if (u32)dst != imm, pc += off
	opExit     = 0x95
)

// The registers of a device filter: the verdict, the context, what is asked
// for, and one to compute in.
const (
	regVerdict = 0
	regContext = 1
	regKind    = 2
	regAccess  = 3
	regScratch = 4
)

// Offsets in struct bpf_cgroup_dev_ctx, linux/bpf.h: u32 access_type (the kind
// of device in the low half, the access in the high half), major, minor.
const (
	offAccessType = 0
	offMajor      = 4
	offMinor      = 8
)

// Kinds of devices there, BPF_DEVCG_DEV_*.
const (
	kindBlock = 1
	kindChar  = 2
)

// filter compiles a policy to a BPF_PROG_TYPE_CGROUP_DEVICE program: 1 allows,
// 0 denies (EPERM).
//
// Since the last rule decides, the rules are asked from the last to the first;
// regAccess holds the kinds of access not decided yet. A rule that denies one
// of them denies the whole; one that allows some takes them out, and the access
// is allowed when none is left. Major and minor are loaded anew for each rule:
// so the verifier has only regKind and regAccess to keep apart between rules,
// and its work grows with the number of rules, not with its square.
func (p *devicePolicy) filter() []kernel.BPFInsn {
	if len(p.rules) == 0 {
		return []kernel.BPFInsn{verdict(p.allow), exit()}
	}
	code := make([]kernel.BPFInsn, 0, 8+12*len(p.rules))
	code = append(code,
		load(regKind, offAccessType),
		insn(opMovReg, regAccess, regKind, 0, 0),
		insn(opAnd32, regKind, 0, 0, 0xffff),
		insn(opRsh32, regAccess, 0, 0, 16),
	)
	for i := len(p.rules) - 1; i >= 0; i-- {
		code = appendRule(code, &p.rules[i])
	}
	return append(code, verdict(p.allow), exit())
}

// appendRule appends the code of one rule. Its jumps to the next rule are set
// when its length is known.
func appendRule(code []kernel.BPFInsn, r *deviceRule) []kernel.BPFInsn {
	start := len(code)
	kind := int32(kindChar)
	if r.kind == 'b' {
		kind = kindBlock
	}
	code = append(code, unless(regKind, kind))
	if r.major != anyNumber {
		code = append(code, load(regScratch, offMajor), unless(regScratch, int32(uint32(r.major))))
	}
	if r.minor != anyNumber {
		code = append(code, load(regScratch, offMinor), unless(regScratch, int32(uint32(r.minor))))
	}
	switch {
	case r.access == accessAll:
	case r.allow:
		code = append(code, insn(opAnd32, regAccess, 0, 0, int32(accessAll&^r.access)), unless(regAccess, 0))
	default:
		code = append(code,
			insn(opMovReg, regScratch, regAccess, 0, 0),
			insn(opAnd32, regScratch, 0, 0, int32(r.access)),
			insn(opJeq32, regScratch, 0, toNext, 0))
	}
	code = append(code, verdict(r.allow), exit())
	for i := start; i < len(code); i++ {
		if code[i].Off == toNext {
			code[i].Off = int16(len(code) - i - 1)
		}
	}
	return code
}

// toNext marks a jump to the next rule until its distance is known.
const toNext = -1

// unless goes to the next rule if the register is not the number.
func unless(reg uint8, imm int32) kernel.BPFInsn { return insn(opJne32, reg, 0, toNext, imm) }

func load(reg uint8, off int16) kernel.BPFInsn {
	return insn(opLoadWord, reg, regContext, off, 0)
}

func verdict(allow bool) kernel.BPFInsn {
	if allow {
		return insn(opMov, regVerdict, 0, 0, 1)
	}
	return insn(opMov, regVerdict, 0, 0, 0)
}

func exit() kernel.BPFInsn { return insn(opExit, 0, 0, 0, 0) }

func insn(op, dst, src uint8, off int16, imm int32) kernel.BPFInsn {
	return kernel.BPFInsn{Op: op, Regs: dst | src<<4, Off: off, Imm: imm}
}
