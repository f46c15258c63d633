package main

import (
	"syscall"
	"time"

	"wrun/wasm/wasi"
)

// draining is what the handlers below work on. Signal handlers get no context
// of their own, so it has to be a variable.
var draining wasi.Drain

// onDrain and onAlarm are signal handlers in assembly, as onEnd is.
func onDrain()
func onAlarm()
func drainPCs() (drain, alarm uintptr)

// armDrain makes the first SIGTERM close the listening side only, and end the
// guest with 143 once its last connection is closed, or after patience. A second
// one ends it at once.
func armDrain(h *wasi.Host, patience time.Duration) error {
	h.DrainBy(&draining, patience)
	drain, alarm := drainPCs()
	var action sigaction
	if err := rtSigaction(syscall.SIGTERM, nil, &action); err != nil {
		return err
	}
	action.handler = drain
	if err := rtSigaction(syscall.SIGTERM, &action, nil); err != nil {
		return err
	}
	action.handler = alarm
	return rtSigaction(syscall.SIGALRM, &action, nil)
}
