package cli

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// The realtime signals of signal(7): the C library keeps the kernel's first two,
// and everybody counts from what is left.
const (
	sigRTMin = 34
	sigRTMax = 64
)

// parseSignal takes a number from 0 (which only asks whether the process is
// there) to 64, or a name of signal(7) in any case, with or without SIG:
// KILL, sigusr1, RTMIN+3, RTMAX-1.
func parseSignal(s string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(s); err == nil {
		if n < 0 || n > sigRTMax {
			return 0, fmt.Errorf("unknown signal %q: numbers go from 0 to %d", s, sigRTMax)
		}
		return syscall.Signal(n), nil
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if sig := namedSignal(name); sig != 0 {
		return sig, nil
	}
	if sig, ok := realtimeSignal(name); ok {
		return sig, nil
	}
	return 0, fmt.Errorf("unknown signal %q", s)
}

// realtimeSignal knows RTMIN, RTMIN+N, RTMAX and RTMAX-N.
func realtimeSignal(name string) (syscall.Signal, bool) {
	base, sign := 0, byte(0)
	switch {
	case strings.HasPrefix(name, "RTMIN"):
		base, sign = sigRTMin, '+'
	case strings.HasPrefix(name, "RTMAX"):
		base, sign = sigRTMax, '-'
	default:
		return 0, false
	}
	rest := name[len("RTMIN"):]
	if rest == "" {
		return syscall.Signal(base), true
	}
	n, err := strconv.ParseUint(rest[1:], 10, 8)
	if rest[0] != sign || err != nil || n > sigRTMax-sigRTMin {
		return 0, false
	}
	if sign == '-' {
		return syscall.Signal(base - int(n)), true
	}
	return syscall.Signal(base + int(n)), true
}

// namedSignal returns 0 for a name it does not know.
func namedSignal(name string) syscall.Signal {
	switch name {
	case "HUP":
		return syscall.SIGHUP
	case "INT":
		return syscall.SIGINT
	case "QUIT":
		return syscall.SIGQUIT
	case "ILL":
		return syscall.SIGILL
	case "TRAP":
		return syscall.SIGTRAP
	case "ABRT", "IOT":
		return syscall.SIGABRT
	case "BUS":
		return syscall.SIGBUS
	case "FPE":
		return syscall.SIGFPE
	case "KILL":
		return syscall.SIGKILL
	case "USR1":
		return syscall.SIGUSR1
	case "SEGV":
		return syscall.SIGSEGV
	case "USR2":
		return syscall.SIGUSR2
	case "PIPE":
		return syscall.SIGPIPE
	case "ALRM":
		return syscall.SIGALRM
	case "TERM":
		return syscall.SIGTERM
	case "STKFLT":
		return syscall.SIGSTKFLT
	case "CHLD", "CLD":
		return syscall.SIGCHLD
	case "CONT":
		return syscall.SIGCONT
	case "STOP":
		return syscall.SIGSTOP
	case "TSTP":
		return syscall.SIGTSTP
	case "TTIN":
		return syscall.SIGTTIN
	case "TTOU":
		return syscall.SIGTTOU
	case "URG":
		return syscall.SIGURG
	case "XCPU":
		return syscall.SIGXCPU
	case "XFSZ":
		return syscall.SIGXFSZ
	case "VTALRM":
		return syscall.SIGVTALRM
	case "PROF":
		return syscall.SIGPROF
	case "WINCH":
		return syscall.SIGWINCH
	case "IO", "POLL":
		return syscall.SIGIO
	case "PWR":
		return syscall.SIGPWR
	case "SYS", "UNUSED":
		return syscall.SIGSYS
	}
	return 0
}
