package main

import (
	"fmt"
	"os/signal"
	"syscall"
	"unsafe"
)

// sigaction is struct sigaction of the kernel on amd64 and arm64
// (rt_sigaction(2)).
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// goFaultHandler is the Go runtime's own handler; onFault jumps to it. Signal
// handlers get no context of their own, so it has to be a variable.
var goFaultHandler uintptr

// onEnd and onFault are signal handlers in assembly, called by the kernel with
// its own conventions. handlerPCs gives their addresses: a func value would
// yield Go's wrapper.
func onEnd()
func onFault()
func handlerPCs() (end, fault uintptr)

// endingSignals are those whose default action is to end the process, but for
// SIGKILL and SIGPIPE (signal(7)); faults are those of them that the Go runtime
// needs when they are real.
const (
	endingSignals = 1<<syscall.SIGHUP | 1<<syscall.SIGINT | 1<<syscall.SIGQUIT | 1<<syscall.SIGABRT | 1<<syscall.SIGUSR1 |
		1<<syscall.SIGUSR2 | 1<<syscall.SIGALRM | 1<<syscall.SIGTERM | 1<<syscall.SIGSTKFLT | 1<<syscall.SIGXCPU | 1<<syscall.SIGXFSZ |
		1<<syscall.SIGVTALRM | 1<<syscall.SIGPROF | 1<<syscall.SIGIO | 1<<syscall.SIGPWR | 1<<syscall.SIGSYS
	faults        = 1<<syscall.SIGILL | 1<<syscall.SIGTRAP | 1<<syscall.SIGBUS | 1<<syscall.SIGFPE | 1<<syscall.SIGSEGV
	firstRealtime = 32
	// perThread is what the Go runtime makes all threads do a system call with
	// (runtime/os_linux.go, sigPerThreadSyscall).
	perThread  = 33
	lastSignal = 64
)

// installSignals makes every ending signal end the process at once with
// 128+n, whatever the guest does. A goroutine that waits for signals is not
// enough: while wasm code spins it never runs on one CPU, nor on several once a
// garbage collection is pending. And PID 1 of a pid namespace gets no signal at
// all without a handler (pid_namespaces(7)).
//
// SIGPIPE is ignored so that the guest sees EPIPE, SIGCHLD so that orphans
// which PID 1 inherits leave no zombies (sigaction(2)).
func installSignals() error {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGCHLD)
	// The Go runtime's action has all that a handler needs in flags, mask and
	// restorer: its own signal stack, and all signals blocked.
	var action sigaction
	if err := rtSigaction(syscall.SIGSEGV, nil, &action); err != nil {
		return err
	}
	goFaultHandler = action.handler
	end, fault := handlerPCs()
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		switch {
		case sig == perThread: // of claimPerThread
			continue
		case sig >= firstRealtime, endingSignals>>sig&1 == 1:
			action.handler = end
		case faults>>sig&1 == 1:
			action.handler = fault
		default:
			continue
		}
		if err := rtSigaction(sig, &action, nil); err != nil {
			return err
		}
	}
	return nil
}

// claimPerThread makes perThread an ending signal like the others, once harden
// is done with it.
func claimPerThread() error {
	var action sigaction
	if err := rtSigaction(firstRealtime, nil, &action); err != nil {
		return err
	}
	return rtSigaction(perThread, &action, nil)
}

func rtSigaction(sig syscall.Signal, set, old *sigaction) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if e != 0 {
		return fmt.Errorf("rt_sigaction(%d): %w", int(sig), e)
	}
	return nil
}
