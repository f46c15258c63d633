package wasi

import "syscall"

// withPath makes a call on the address in the scratch. The path of a UNIX one is
// the container's, as a native program's is.
func (h *Host) withPath(create bool, call func() Errno) Errno {
	if h.net.addr.raw.Addr.Family != syscall.AF_UNIX {
		return call()
	}
	return call()
}
