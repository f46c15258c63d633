#include "textflag.h"

// The interpreter of the init program. It is never called in wrun: Image copies
// it from wrun's text segment into the ELF file that becomes the init. It uses
// no stack and no Go ABI, and knows three addresses, which layout_test.go holds
// against package prog:
#define HEADER	$0x10001000	// prog.DataBase: +8 ops, +16 policies
#define SLOTS	$0x10800000	// prog.RWBase: slot 0 scratch, slot 1 report fd
#define OPSIZE	$32
#define RETRY	$6		// bit of Ind

// R12 first op, R13 slots, R14 policies, R15 current op.
// System calls clobber RCX and R11 only.
TEXT ·image(SB), NOSPLIT|NOFRAME, $0
	JMP	start

	// The handler of TERM, INT and HUP while the container waits to be
	// started: a PID 1 ignores signals it has no handler for. DI holds the
	// signal. At prog.HandlerAddr.
	PCALIGN	$16
	ADDL	$128, DI
	MOVL	$231, AX		// exit_group(128+signal)
	SYSCALL

start:
	MOVQ	HEADER, AX
	MOVQ	8(AX), R12
	MOVQ	16(AX), R14
	MOVQ	SLOTS, R13
	MOVQ	R12, R15

loop:
	MOVWLZX	0(R15), AX		// system call number or pseudo-op
	MOVBLZX	2(R15), BX		// which arguments are loaded from memory
	MOVLQSX	8(R15), DI
	MOVLQSX	12(R15), SI
	MOVLQSX	16(R15), DX
	MOVLQSX	20(R15), R10
	MOVLQSX	24(R15), R8
	MOVLQSX	28(R15), R9
	TESTL	$0x3f, BX
	JEQ	loaded
	BTL	$0, BX
	JCC	load1
	MOVQ	(DI), DI
load1:
	BTL	$1, BX
	JCC	load2
	MOVQ	(SI), SI
load2:
	BTL	$2, BX
	JCC	load3
	MOVQ	(DX), DX
load3:
	BTL	$3, BX
	JCC	load4
	MOVQ	(R10), R10
load4:
	BTL	$4, BX
	JCC	load5
	MOVQ	(R8), R8
load5:
	BTL	$5, BX
	JCC	loaded
	MOVQ	(R9), R9
loaded:
	CMPL	AX, $0xf000
	JCC	pseudo
	SYSCALL
	CMPQ	AX, $0xfffffffffffff001	// -4095: an error above it
	JCC	failed
result:
	MOVWLZX	4(R15), CX
	MOVQ	AX, (R13)(CX*8)
next:
	ADDQ	OPSIZE, R15
	JMP	loop
jump:
	MOVWLZX	6(R15), CX
	SHLQ	$5, CX
	LEAQ	(R12)(CX*1), R15
	JMP	loop

failed:
	NEGQ	AX
	CMPL	AX, $11			// EAGAIN
	JNE	policy
	BTL	RETRY, BX
	JCS	loop
policy:
	MOVBLZX	3(R15), CX
	TESTL	CX, CX
	JEQ	report
	LEAQ	(R14)(CX*8), DX
	MOVL	$8, BX
accepts:
	MOVBLZX	(DX), CX
	CMPL	CX, AX
	JEQ	accepted
	CMPL	CX, $255		// prog.AnyErrno
	JEQ	accepted
	INCQ	DX
	DECL	BX
	JNE	accepts

report:					// AX = errno; send {op, errno} and end
	MOVQ	R15, CX
	SUBQ	R12, CX
	SHRQ	$5, CX
	SHLQ	$32, AX
	ORQ	CX, AX
	MOVQ	AX, (R13)
	MOVQ	8(R13), DI
	MOVQ	R13, SI
	MOVL	$8, DX
	MOVL	$1, AX			// write
	SYSCALL
	MOVL	$1, DI
	MOVL	$231, AX		// exit_group(1)
	SYSCALL
	UNDEF			// a seccomp filter has refused even that

accepted:
	MOVWLZX	4(R15), CX
	NEGQ	AX
	MOVQ	AX, (R13)(CX*8)
	MOVWLZX	6(R15), CX
	TESTL	CX, CX
	JEQ	next
	JMP	jump

pseudo:
	SUBL	$0xf000, AX
	JEQ	jump			// JMP
	DECL	AX
	JEQ	jeq
	DECL	AX
	JEQ	jne
	DECL	AX
	JEQ	st32
	DECL	AX
	JEQ	st64
	DECL	AX
	JEQ	and
	MOVQ	DI, AX			// FAIL: errno, or -errno as an op left it
	TESTQ	AX, AX
	JGE	report
	NEGQ	AX
	JMP	report
jeq:
	CMPQ	DI, SI
	JEQ	jump
	JMP	next
jne:
	CMPQ	DI, SI
	JNE	jump
	JMP	next
st32:
	MOVL	SI, (DI)
	JMP	next
st64:
	MOVQ	SI, (DI)
	JMP	next
and:
	MOVQ	DI, AX
	ANDQ	SI, AX
	JMP	result

TEXT ·imageEnd(SB), NOSPLIT|NOFRAME, $0
	INT	$3

// func imageBounds() (start, end unsafe.Pointer)
// A Go func value would give the address of an ABI wrapper.
TEXT ·imageBounds(SB), NOSPLIT, $0-16
	LEAQ	·image(SB), AX
	MOVQ	AX, start+0(FP)
	LEAQ	·imageEnd(SB), AX
	MOVQ	AX, end+8(FP)
	RET
