#include "textflag.h"

// The interpreter of the init program for arm64; interp_amd64.s explains it.
#define HEADER	$0x10001000	// prog.DataBase: +8 ops, +16 policies
#define SLOTS	$0x10800000	// prog.RWBase: slot 0 scratch, slot 1 report fd

// R19 first op, R20 slots, R21 policies, R22 current op, R23 Ind.
// System calls take R8 and R0-R5, and clobber R0 only.
TEXT ·image(SB), NOSPLIT|NOFRAME, $0
	B	start

	PCALIGN	$16
	ADD	$128, R0, R0
	MOVD	$94, R8			// exit_group(128+signal)
	SVC

start:
	MOVD	HEADER, R9
	MOVD	8(R9), R19
	MOVD	16(R9), R21
	MOVD	SLOTS, R20
	MOVD	R19, R22

loop:
	MOVHU	0(R22), R8
	MOVBU	2(R22), R23
	MOVW	8(R22), R0
	MOVW	12(R22), R1
	MOVW	16(R22), R2
	MOVW	20(R22), R3
	MOVW	24(R22), R4
	MOVW	28(R22), R5
	TBZ	$0, R23, load1
	MOVD	(R0), R0
load1:
	TBZ	$1, R23, load2
	MOVD	(R1), R1
load2:
	TBZ	$2, R23, load3
	MOVD	(R2), R2
load3:
	TBZ	$3, R23, load4
	MOVD	(R3), R3
load4:
	TBZ	$4, R23, load5
	MOVD	(R4), R4
load5:
	TBZ	$5, R23, loaded
	MOVD	(R5), R5
loaded:
	MOVD	$0xf000, R9
	CMP	R9, R8
	BHS	pseudo
	SVC
	CMN	$4095, R0		// -4095: an error above it
	BHS	failed
result:
	MOVHU	4(R22), R9
	MOVD	R0, (R20)(R9<<3)
next:
	ADD	$32, R22, R22
	B	loop
jump:
	MOVHU	6(R22), R9
	ADD	R9<<5, R19, R22
	B	loop

failed:
	NEG	R0, R0
	CMP	$11, R0			// EAGAIN
	BNE	policy
	TBNZ	$6, R23, loop
policy:
	MOVBU	3(R22), R9
	CBZ	R9, report
	ADD	R9<<3, R21, R9
	MOVD	$8, R10
accepts:
	MOVBU	(R9), R11
	CMP	R0, R11
	BEQ	accepted
	CMP	$255, R11		// prog.AnyErrno
	BEQ	accepted
	ADD	$1, R9, R9
	SUBS	$1, R10, R10
	BNE	accepts

report:					// R0 = errno; send {op, errno} and end
	SUB	R19, R22, R9
	LSR	$5, R9, R9
	ORR	R0<<32, R9, R9
	MOVD	R9, (R20)
	MOVD	8(R20), R0
	MOVD	R20, R1
	MOVD	$8, R2
	MOVD	$64, R8			// write
	SVC
	MOVD	$1, R0
	MOVD	$94, R8			// exit_group(1)
	SVC
	BRK	$0			// a seccomp filter has refused even that

accepted:
	MOVHU	4(R22), R9
	NEG	R0, R0
	MOVD	R0, (R20)(R9<<3)
	MOVHU	6(R22), R9
	CBZ	R9, next
	B	jump

pseudo:
	SUBS	R9, R8, R8
	BEQ	jump			// JMP
	SUBS	$1, R8, R8
	BEQ	jeq
	SUBS	$1, R8, R8
	BEQ	jne
	SUBS	$1, R8, R8
	BEQ	st32
	SUBS	$1, R8, R8
	BEQ	st64
	SUBS	$1, R8, R8
	BEQ	and
	CMP	$0, R0			// FAIL: errno, or -errno as an op left it
	BGE	report
	NEG	R0, R0
	B	report
jeq:
	CMP	R1, R0
	BEQ	jump
	B	next
jne:
	CMP	R1, R0
	BNE	jump
	B	next
st32:
	MOVW	R1, (R0)
	B	next
st64:
	MOVD	R1, (R0)
	B	next
and:
	AND	R1, R0, R0
	B	result

TEXT ·imageEnd(SB), NOSPLIT|NOFRAME, $0
	BRK

// func imageBounds() (start, end unsafe.Pointer)
TEXT ·imageBounds(SB), NOSPLIT, $0-16
	MOVD	$·image(SB), R0
	MOVD	R0, start+0(FP)
	MOVD	$·imageEnd(SB), R0
	MOVD	R0, end+8(FP)
	RET
