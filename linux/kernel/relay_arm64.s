#include "textflag.h"

// The signal handler of Relay; relay_amd64.s explains it. The kernel's own
// trampoline returns from it (arm64 needs no SA_RESTORER).
TEXT ·relay(SB), NOSPLIT|NOFRAME, $0
	SUB	$16, RSP, RSP
	MOVB	R0, (RSP)
	MOVD	RSP, R1
	MOVD	$63, R0		// write(relayFD, RSP, 1)
	MOVD	$1, R2
	MOVD	$64, R8
	SVC
	ADD	$16, RSP, RSP
	RET

// func relayAddresses() (handler, restorer uintptr)
TEXT ·relayAddresses(SB), NOSPLIT, $0-16
	MOVD	$·relay(SB), R0
	MOVD	R0, handler+0(FP)
	MOVD	ZR, restorer+8(FP)
	RET
