package kernel

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ResetAffinity lets a process run on every CPU that its cpuset has
// (sched_setaffinity(2)): it is no matter of the container's where the caller
// was bound to. A kernel that refuses leaves things as they are, as with runc.
func ResetAffinity(pid int) error {
	var all unix.CPUSet
	for i := range all {
		all[i] = ^all[i]
	}
	switch err := unix.SchedSetaffinity(pid, &all); err {
	case nil, syscall.EINVAL, syscall.EPERM, syscall.ENODEV, syscall.ESRCH:
		return nil
	default:
		return os.NewSyscallError("sched_setaffinity", err)
	}
}
