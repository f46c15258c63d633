package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"wrun/wasm"
)

// run runs the guest to its end: the exit code, or how it came to grief.
func (g *guest) run() (code uint32, err error) {
	if g.instance == nil {
		if err := g.instantiate(); err != nil {
			return 0, err
		}
	}
	for _, name := range g.entry {
		result, err := g.instance.ExportedFunction(name).Call(g.ctx)
		if err != nil {
			return 0, err
		}
		code = 0
		if len(result) > 0 {
			code = uint32(result[0])
		}
	}
	return code, nil
}

// guestFault is a trap that the engine's own functions cause.
type guestFault struct{ text string }

func (f *guestFault) Error() string { return f.text }

// trapPrefix is what wazero puts before a trap.
const trapPrefix = "wasm error: "

// exitCode turns the end of a guest into the process's exit code, and says on
// stderr what needs saying.
func exitCode(code uint32, err error) int {
	// A trap of the start function is wrapped.
	for next := err; next != nil; next = errors.Unwrap(next) {
		if strings.HasPrefix(next.Error(), trapPrefix) {
			err = next
			break
		}
	}
	var fault *guestFault
	var inner runtime.Error
	switch {
	case err == nil:
	case errors.As(err, &fault):
		writeError(strings.Replace(err.Error(), " (recovered by wazero)", "", 1) + "\n")
		return wasm.ExitTrap
	case errors.As(err, &inner): // a mistake in the engine
		return report(fmt.Errorf("%w", inner))
	case strings.HasPrefix(err.Error(), trapPrefix):
		writeError(err.Error() + "\n")
		return wasm.ExitTrap
	case err.Error() == "stack overflow": // wazero gives no stack then, it is too deep
		writeError(trapPrefix + "stack overflow\n")
		return wasm.ExitTrap
	default:
		return report(err)
	}
	return int(code & 0xff)
}
