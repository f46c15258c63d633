// The Go runtime is not to look at the cgroup's CPU quota, which means parsing
// the container's mountinfo, nor to name its memory mappings.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0
//go:debug decoratemappings=0

// Command wrun-engine runs a WebAssembly module as the process of a container.
// wrun's init becomes it as its last step, so that namespaces, cgroup, ids,
// capabilities and limits are those a native program would have got. It loads
// and compiles the module, reports that to wrun, waits for `start`, and runs
// the guest.
//
// It is a program of its own because linking a WebAssembly compiler would make
// every wrun command slower.
package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"unsafe"

	"wrun/wasm"
)

// version is set by the linker: -X main.version=V. wrun's must be the same.
var version = "unknown"

func main() {
	hearLastWords()
	err := installSignals()
	// The process's name is that of its first thread.
	runtime.LockOSThread()
	env, ok := os.LookupEnv(wasm.EnvJob)
	switch {
	case err != nil:
		fail(err)
	case ok:
		os.Exit(engine(env))
	case len(os.Args) == 2 && os.Args[1] == "--version":
		fmt.Printf("wrun-engine version %s\n", version)
	default:
		fail(fmt.Errorf("no job (%s): this program is started by wrun for WebAssembly containers", wasm.EnvJob))
	}
}

// engine does what the job behind the descriptor says and gives the exit code.
func engine(env string) (exit int) {
	defer func() {
		if r := recover(); r != nil {
			exit = report(fmt.Errorf("panic: %v", r))
		}
	}()
	setName("wrun:[engine]")
	// A collection while the module is compiled would only walk what is needed
	// anyway.
	debug.SetGCPercent(-1)
	job, err := readJob(env)
	if err != nil {
		return report(err)
	}
	if job.MemoryLimit > 0 {
		// Unless memory is short: three quarters, for there is more than Go's heap.
		debug.SetMemoryLimit(int64(min(job.MemoryLimit, 1<<62) / 4 * 3))
	}
	g, err := load(job)
	if err != nil {
		return report(err)
	}
	if job.MemoryLimit > 0 {
		debug.SetMemoryLimit(1<<63 - 1)
	}
	debug.SetGCPercent(100)
	note := ""
	if !job.Soft {
		note = harden()
	}
	if err := claimPerThread(); err != nil {
		return report(err)
	}
	if err := awaitStart(job, note); err != nil {
		return report(err)
	}
	if err := g.host.Listen(); err != nil {
		return report(err)
	}
	setName(path.Base(job.Args[0]))
	runtime.UnlockOSThread()
	return exitCode(g.run())
}

// blamed is an error that says itself whose fault it is.
type blamed struct{ error }

// report tells wrun, while it waits for the engine, or else stderr, that the
// engine could not do its job.
func report(err error) int {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	if !errors.As(err, new(blamed)) {
		text = "wrun-engine: " + text
	}
	if said.sync < 0 || send(said.sync, wasm.Message(wasm.TagEngineFailed, text)) != nil {
		writeError(text + "\n")
	}
	return wasm.ExitFailure
}

func fail(err error) { os.Exit(report(err)) }

// writeError writes to stderr, in one write(2) if it is taken whole. There is
// nobody to tell when it is not.
func writeError(s string) {
	b := []byte(s)
	for len(b) > 0 {
		n, err := syscall.Write(2, b)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// setName names the process for ps and the like, as execve would have:
// prctl(PR_SET_NAME), at most 15 bytes. The caller is on the first thread.
func setName(name string) {
	b := append([]byte(name), 0)
	const prSetName = 15
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetName, uintptr(unsafe.Pointer(&b[0])), 0)
}
