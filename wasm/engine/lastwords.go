package main

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"wrun/wasm"
)

// The Go runtime ends a program that it cannot go on with (no memory, no
// thread, a fault) by printing a report of many lines and exiting with 2, a
// code that Go guests use themselves. lastWords takes what it prints and makes
// one line and exit code 125 of it.

// overrideWrite is called by the Go runtime in place of write(2) for its own
// reports (runtime/time_nofake.go, which promises to keep it: go.dev/issue/67401).
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

// said gathers the report. The runtime may call from anywhere, on any stack and
// with no memory left, so this is a fixed variable.
var said struct {
	sync int // where it is told, or -1 once the guest runs
	n    int // used bytes of text
	line int // where the current line begins
	text [1024]byte
}

const saidPrefix = "wrun-engine: the Go runtime gave up: "

// hearLastWords sets up lastWords.
func hearLastWords() {
	said.sync = -1
	binary.LittleEndian.PutUint32(said.text[:], wasm.TagEngineFailed)
	said.n = messageHead + copy(said.text[messageHead:], saidPrefix)
	said.line = said.n
	overrideWrite = lastWords
}

// messageHead is the size of a message's tag and value.
const messageHead = 8

// lastWords must do without the stack growing, without memory and without
// anything that waits.
//
//go:nosplit
func lastWords(fd uintptr, p unsafe.Pointer, n int32) int32 {
	if fd != 2 {
		r, _, _ := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(p), uintptr(n))
		return int32(r)
	}
	for i := int32(0); i < n; i++ {
		c := *(*byte)(unsafe.Add(p, i))
		if c == '\n' {
			if fatalLine() {
				leave()
			}
			c = ' '
			said.line = said.n + 1
		}
		if uint(said.n) < uint(len(said.text)-1) {
			said.text[said.n] = c
			said.n++
		}
	}
	return n
}

// fatalLine tells whether the line just ended is one after which the runtime
// only prints stacks. Lines before it, such as what it could not allocate, are
// kept.
//
//go:nosplit
func fatalLine() bool {
	if said.line < 0 || said.line+5 > said.n || said.n > len(said.text) {
		return false
	}
	b := (*[5]byte)(unsafe.Pointer(&said.text[said.line]))
	return b[0] == 'f' && b[1] == 'a' && b[2] == 't' && b[3] == 'a' && b[4] == 'l' ||
		b[0] == 'p' && b[1] == 'a' && b[2] == 'n' && b[3] == 'i' && b[4] == 'c' ||
		b[0] == 'S' && b[1] == 'I' && b[2] == 'G'
}

// leave tells the runtime that waits for the engine, or else stderr, and exits.
//
//go:nosplit
func leave() {
	if said.sync >= 0 {
		if _, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(said.sync), uintptr(unsafe.Pointer(&said.text)), uintptr(said.n)); e == 0 {
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, wasm.ExitFailure, 0, 0)
		}
	}
	if uint(said.n) < uint(len(said.text)) {
		said.text[said.n] = '\n'
		said.n++
	}
	syscall.RawSyscall(syscall.SYS_WRITE, 2, uintptr(unsafe.Pointer(&said.text))+messageHead, uintptr(said.n-messageHead))
	syscall.RawSyscall(syscall.SYS_EXIT_GROUP, wasm.ExitFailure, 0, 0)
}
