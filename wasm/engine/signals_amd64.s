#include "textflag.h"

#define SYS_exit_group 231

// func handlerPCs() (end, fault uintptr)
TEXT ·handlerPCs(SB), NOSPLIT, $0-16
	LEAQ ·onEnd(SB), AX
	MOVQ AX, end+0(FP)
	LEAQ ·onFault(SB), AX
	MOVQ AX, fault+8(FP)
	RET

// The kernel calls a handler as a C function: the signal in DI, its siginfo_t
// in SI, the ucontext_t in DX.

// onEnd ends the process with 128+signal.
TEXT ·onEnd(SB), NOSPLIT|NOFRAME, $0-0
	ADDL $128, DI
	MOVL $SYS_exit_group, AX
	SYSCALL
	INT  $3

// onFault does the same if the signal was sent (si_code <= 0, sigaction(2));
// a real fault is the Go runtime's affair.
TEXT ·onFault(SB), NOSPLIT|NOFRAME, $0-0
	CMPL 8(SI), $0
	JLE  sent
	MOVQ ·goFaultHandler(SB), AX
	JMP  AX
sent:
	JMP  ·onEnd(SB)
