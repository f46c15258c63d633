#include "textflag.h"

#define SYS_exit_group 94
#define SYS_setitimer 103
#define SYS_shutdown 210

// Of wasi.Drain.
#define State 0
#define Accepted 4
#define Listeners 8
#define Timer 264
#define listeners 64

// func drainPCs() (drain, alarm uintptr)
TEXT ·drainPCs(SB), NOSPLIT, $0-16
	MOVD $·onDrain(SB), R0
	MOVD R0, drain+0(FP)
	MOVD $·onAlarm(SB), R0
	MOVD R0, alarm+8(FP)
	RET

// onDrain handles SIGTERM. Registers are the interrupted code's again after the
// return, which is to the kernel's trampoline; the barrier is between State and
// Accepted, as the host's addition to that is.
TEXT ·onDrain(SB), NOSPLIT|NOFRAME, $0-0
	MOVD $·draining(SB), R9
	MOVD $1, R10
again:
	LDAXRW (R9), R11
	STLXRW R10, (R9), R12
	CBNZW R12, again
	DMB  $0xb // inner shareable
	CBNZW R11, end
	MOVW Accepted(R9), R11
	CMPW $0, R11
	BLE  end
	ADD  $Listeners, R9, R13
	MOVD $listeners, R14
next:
	MOVW.P 4(R13), R0
	CBZW R0, skip
	SUBW $1, R0, R0
	MOVD $0, R1 // SHUT_RD
	MOVD $SYS_shutdown, R8
	SVC
skip:
	SUB  $1, R14, R14
	CBNZ R14, next
	MOVD $0, R0 // ITIMER_REAL
	ADD  $Timer, R9, R1
	MOVD $0, R2
	MOVD $SYS_setitimer, R8
	SVC
	RET
end:
	MOVD $143, R0
	MOVD $SYS_exit_group, R8
	SVC
	BRK

// onAlarm handles SIGALRM: the timer's, or one that was sent.
TEXT ·onAlarm(SB), NOSPLIT|NOFRAME, $0-0
	MOVD $·draining(SB), R9
	MOVW State(R9), R11
	MOVD $142, R0
	CBZW R11, now
	MOVD $143, R0
now:
	MOVD $SYS_exit_group, R8
	SVC
	BRK
