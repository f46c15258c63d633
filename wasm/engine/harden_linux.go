package main

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"
)

// Operations of prctl(2), capset(2) and seccomp(2).
const (
	prSetDumpable   = 4
	prSetNoNewPrivs = 38

	capabilityVersion3 = 0x20080522

	seccompModeFilter = 1
	seccompTsync      = 1
)

// guestCaps are the capabilities that a guest can make use of through the
// functions it has: those about files, and low ports.
const guestCaps = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<10 // DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID NET_BIND_SERVICE

// harden takes from the process, in all its threads, what no guest can need, so
// that one that broke out of the engine would gain little: capabilities,
// further privileges, being traced, and system calls. The module must be
// compiled, because no memory can be made executable afterwards.
//
// A part that the container's own profile does not allow is left out; the
// answer tells, one line, "" for none.
func harden() (missing string) {
	var failed []string
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"capabilities", dropCaps},
		{"not dumpable", func() error { return oneThread(syscall.SYS_PRCTL, prSetDumpable, 0, 0) }},
		{"seccomp", filterSyscalls},
	} {
		if err := step.do(); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", step.name, err))
		}
	}
	if failed == nil {
		return ""
	}
	return "the engine could not harden itself: " + strings.Join(failed, ", ")
}

// allThreads makes a system call on each thread that there is.
func allThreads(number, a, b, c uintptr) error {
	if _, _, e := syscall.AllThreadsSyscall(number, a, b, c); e != 0 {
		return e
	}
	return nil
}

// oneThread makes a system call whose effect is the process's.
func oneThread(number, a, b, c uintptr) error {
	if _, _, e := syscall.RawSyscall(number, a, b, c); e != 0 {
		return e
	}
	return nil
}

// dropCaps leaves guestCaps of the permitted and effective sets. What is not
// permitted any more is not ambient either (capabilities(7)).
func dropCaps() error {
	type header struct {
		version uint32
		pid     int32
	}
	type data struct{ effective, permitted, inheritable uint32 }
	head := header{version: capabilityVersion3}
	var sets [2]data
	if err := oneThread(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&sets[0])), 0); err != nil {
		return err
	}
	if sets[1] == (data{}) && (sets[0].permitted|sets[0].inheritable)&^guestCaps == 0 {
		return nil
	}
	sets[0].effective &= guestCaps
	sets[0].permitted &= guestCaps
	sets[0].inheritable = 0
	sets[1] = data{}
	return allThreads(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&sets[0])), 0)
}

// instruction is struct sock_filter (linux/filter.h).
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// Codes of classic BPF.
const (
	bpfLoad    = 0x20 // ld [k]
	bpfJeq     = 0x15
	bpfJge     = 0x35
	bpfJset    = 0x45
	bpfRet     = 0x06
	retAllow   = 0x7fff0000
	retErrno   = 0x00050000
	retKill    = 0x80000000
	offNumber  = 0 // of struct seccomp_data
	offArch    = 4
	offArg0    = 16 // low word first: both architectures are little endian
	offArg2    = offArg0 + 2*8
	protExec   = 4
	cloneFlagT = 0x10000 // CLONE_THREAD
)

// filter is the program for seccomp: what no guest can need fails with EPERM,
// everything else is allowed. clone3 fails with ENOSYS, because its flags are
// out of a filter's sight and callers try clone then.
func filter() []instruction {
	deny := instruction{bpfRet, 0, 0, retErrno | uint32(syscall.EPERM)}
	f := []instruction{
		{bpfLoad, 0, 0, offArch},
		{bpfJeq, 1, 0, auditArch},
		{bpfRet, 0, 0, retKill},
		{bpfLoad, 0, 0, offNumber},
		{bpfJge, 0, 1, 0x40000000}, // the x32 ABI of amd64
		deny,
		{bpfJeq, 0, 1, sysClone3},
		{bpfRet, 0, 0, retErrno | uint32(syscall.ENOSYS)},
	}
	for _, number := range []uint32{syscall.SYS_MMAP, syscall.SYS_MPROTECT} {
		f = append(f,
			instruction{bpfJeq, 0, 4, number},
			instruction{bpfLoad, 0, 0, offArg2},
			instruction{bpfJset, 0, 1, protExec},
			deny,
			instruction{bpfRet, 0, 0, retAllow})
	}
	f = append(f,
		instruction{bpfJeq, 0, 4, syscall.SYS_CLONE},
		instruction{bpfLoad, 0, 0, offArg0},
		instruction{bpfJset, 1, 0, cloneFlagT},
		deny,
		instruction{bpfRet, 0, 0, retAllow})
	for _, number := range deniedSyscalls() {
		f = append(f, instruction{bpfJeq, 0, 1, number}, deny)
	}
	return append(f, instruction{bpfRet, 0, 0, retAllow})
}

// filterSyscalls sets no_new_privs, which the filter takes, and installs the
// filter, both on all threads at once (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC).
// The caller is locked to its thread.
func filterSyscalls() error {
	if err := oneThread(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	err := tsync()
	if err != nil {
		// At least those, then.
		if e := allThreads(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0); e != nil {
			err = fmt.Errorf("%w, no_new_privs: %w", err, e)
		}
	}
	return err
}

func tsync() error {
	f := filter()
	program := struct {
		size uint16
		code *instruction
	}{uint16(len(f)), &f[0]}
	r, _, e := syscall.RawSyscall(sysSeccomp, seccompModeFilter, seccompTsync, uintptr(unsafe.Pointer(&program)))
	switch {
	case e != 0:
		return e
	case r != 0:
		return fmt.Errorf("thread %d has another filter", r)
	}
	return nil
}
