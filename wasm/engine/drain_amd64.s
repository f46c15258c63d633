#include "textflag.h"

#define SYS_setitimer 38
#define SYS_shutdown 48
#define SYS_exit_group 231

// Of wasi.Drain.
#define State 0
#define Accepted 4
#define Listeners 8
#define Timer 264
#define listeners 64

// func drainPCs() (drain, alarm uintptr)
TEXT ·drainPCs(SB), NOSPLIT, $0-16
	LEAQ ·onDrain(SB), AX
	MOVQ AX, drain+0(FP)
	LEAQ ·onAlarm(SB), AX
	MOVQ AX, alarm+8(FP)
	RET

// onDrain handles SIGTERM. Registers are the interrupted code's again after the
// return, which is to the kernel's restorer; the exchange is a full barrier
// between State and Accepted, as the host's addition to that is.
TEXT ·onDrain(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·draining(SB), R12
	MOVL $1, AX
	XCHGL AX, State(R12)
	TESTL AX, AX
	JNZ  end
	CMPL Accepted(R12), $0
	JLE  end
	XORL BX, BX
next:
	MOVL Listeners(R12)(BX*4), DI
	TESTL DI, DI
	JZ   skip
	DECL DI
	XORL SI, SI // SHUT_RD
	MOVL $SYS_shutdown, AX
	SYSCALL
skip:
	INCL BX
	CMPL BX, $listeners
	JLT  next
	XORL DI, DI // ITIMER_REAL
	LEAQ Timer(R12), SI
	XORL DX, DX
	MOVL $SYS_setitimer, AX
	SYSCALL
	RET
end:
	MOVL $143, DI
	MOVL $SYS_exit_group, AX
	SYSCALL
	INT  $3

// onAlarm handles SIGALRM: the timer's, or one that was sent.
TEXT ·onAlarm(SB), NOSPLIT|NOFRAME, $0-0
	MOVL $142, DI
	CMPL ·draining+State(SB), $0
	JEQ  now
	MOVL $143, DI
now:
	MOVL $SYS_exit_group, AX
	SYSCALL
	INT  $3
