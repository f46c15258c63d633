package main

import (
	"fmt"
	"syscall"
)

// ownStdio opens stdin, stdout and stderr anew where they are terminals or
// pipes. Go guests make their stdio non-blocking; that is a property of the open
// file, which the engine shares with the shell it was started from and with
// whatever else is in the pipeline.
//
// What cannot be opened again (a socket, no /proc, no permission) stays shared.
func ownStdio() error {
	for fd := range 3 {
		var st syscall.Stat_t
		if err := syscall.Fstat(fd, &st); err != nil {
			return fmt.Errorf("file descriptor %d: fstat: %w", fd, err)
		}
		if kind := st.Mode & syscall.S_IFMT; kind != syscall.S_IFCHR && kind != syscall.S_IFIFO {
			continue
		}
		flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0)
		if e != 0 {
			return fmt.Errorf("file descriptor %d: fcntl(F_GETFL): %w", fd, e)
		}
		// Without O_NONBLOCK the open would wait for a pipe's other end.
		mode := int(flags)&syscall.O_ACCMODE | syscall.O_NONBLOCK | syscall.O_NOCTTY | syscall.O_CLOEXEC
		own, err := syscall.Open(fmt.Sprintf("/proc/self/fd/%d", fd), mode, 0)
		if err != nil {
			continue
		}
		err = syscall.SetNonblock(own, false)
		if err == nil {
			err = syscall.Dup3(own, fd, 0)
		}
		if e := syscall.Close(own); err == nil {
			err = e
		}
		if err != nil {
			return fmt.Errorf("file descriptor %d: %w", fd, err)
		}
	}
	return nil
}
