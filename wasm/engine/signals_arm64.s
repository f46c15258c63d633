#include "textflag.h"

#define SYS_exit_group 94

// func handlerPCs() (end, fault uintptr)
TEXT ·handlerPCs(SB), NOSPLIT, $0-16
	MOVD $·onEnd(SB), R0
	MOVD R0, end+0(FP)
	MOVD $·onFault(SB), R0
	MOVD R0, fault+8(FP)
	RET

// The kernel calls a handler as a C function: the signal in R0, its siginfo_t
// in R1, the ucontext_t in R2.

// onEnd ends the process with 128+signal.
TEXT ·onEnd(SB), NOSPLIT|NOFRAME, $0-0
	ADD  $128, R0
	MOVD $SYS_exit_group, R8
	SVC
	BRK

// onFault does the same if the signal was sent (si_code <= 0, sigaction(2));
// a real fault is the Go runtime's affair.
TEXT ·onFault(SB), NOSPLIT|NOFRAME, $0-0
	MOVW 8(R1), R3
	CMPW $0, R3
	BLE  sent
	MOVD ·goFaultHandler(SB), R3
	B    (R3)
sent:
	B    ·onEnd(SB)
