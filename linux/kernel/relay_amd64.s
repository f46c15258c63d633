#include "textflag.h"

// The signal handler of Relay: it writes the signal's number, one byte, to
// relayFD. It runs on the thread's signal stack, on any thread, and touches
// nothing of Go's.
TEXT ·relay(SB), NOSPLIT|NOFRAME, $0
	PUSHQ	DI			// the number; its lowest byte comes first
	MOVL	$1, AX			// write(relayFD, SP, 1)
	MOVL	$63, DI
	MOVQ	SP, SI
	MOVL	$1, DX
	SYSCALL
	POPQ	DI
	RET

// What the handler returns to (SA_RESTORER, sigreturn(2)).
TEXT ·relayReturn(SB), NOSPLIT|NOFRAME, $0
	MOVL	$15, AX			// rt_sigreturn
	SYSCALL
	INT	$3

// func relayAddresses() (handler, restorer uintptr)
TEXT ·relayAddresses(SB), NOSPLIT, $0-16
	LEAQ	·relay(SB), AX
	MOVQ	AX, handler+0(FP)
	LEAQ	·relayReturn(SB), AX
	MOVQ	AX, restorer+8(FP)
	RET
