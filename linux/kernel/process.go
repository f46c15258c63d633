package kernel

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PidfdOpen is pidfd_open(2), Linux 5.3, with O_NONBLOCK if asked for (5.10).
func PidfdOpen(pid int, nonblock bool) (int, error) {
	flags := 0
	if nonblock {
		flags = unix.PIDFD_NONBLOCK
	}
	fd, err := unix.PidfdOpen(pid, flags)
	return fd, os.NewSyscallError("pidfd_open", err)
}

// PidfdSignal is pidfd_send_signal(2).
func PidfdSignal(fd int, sig syscall.Signal) error {
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(fd, sig, nil, 0))
}

// PollIn and the rest are poll(2)'s events.
const (
	PollIn  = unix.POLLIN
	PollErr = unix.POLLERR
	PollHup = unix.POLLHUP
)

// Poll waits until one of events, an error or a hang-up holds on fd, at most
// ms milliseconds (-1: for ever); it gives what holds, 0 after the time.
func Poll(fd int, events int16, ms int) (int16, error) {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: events}}
	err := retry(func() error { _, e := unix.Poll(p[:], ms); return e })
	return p[0].Revents, os.NewSyscallError("poll", err)
}

// SetSubreaper makes orphaned descendants the caller's children
// (PR_SET_CHILD_SUBREAPER, prctl(2)).
func SetSubreaper() error {
	return os.NewSyscallError("prctl(PR_SET_CHILD_SUBREAPER)", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

// IgnoredSignals is the set of signals that are ignored, bit n-1 for signal n:
// an ignored signal stays ignored over execve(2), and a workload must start
// with default dispositions.
func IgnoredSignals() (set uint64) {
	var sa [4]uint64 // handler, flags, restorer, mask
	for n := 1; n <= 64; n++ {
		_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), 0, uintptr(unsafe.Pointer(&sa)), 8, 0, 0)
		if e == 0 && sa[0] == 1 { // SIG_IGN
			set |= 1 << (n - 1)
		}
	}
	return set
}

// Rlimit0 tells the caller's hard limit of RLIMIT number n.
func Rlimit0(n int) (hard uint64, err error) {
	var r unix.Rlimit
	err = unix.Getrlimit(n, &r)
	return r.Max, os.NewSyscallError("getrlimit", err)
}

// ForeignNamespaces gives the CLONE_NEW… flags of the namespaces in which a
// process differs from the caller (namespaces(7)).
func ForeignNamespaces(pid int) (flags int, err error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/ns/"
	for _, ns := range [...]struct {
		name string
		flag int
	}{{"user", unix.CLONE_NEWUSER}, {"mnt", unix.CLONE_NEWNS}, {"pid", unix.CLONE_NEWPID}, {"net", unix.CLONE_NEWNET},
		{"ipc", unix.CLONE_NEWIPC}, {"uts", unix.CLONE_NEWUTS}, {"cgroup", unix.CLONE_NEWCGROUP}, {"time", unix.CLONE_NEWTIME}} {
		theirs, err := os.Readlink(dir + ns.name)
		if errors.Is(err, os.ErrNotExist) && ns.name == "time" {
			continue // a kernel without time namespaces
		}
		if err != nil {
			return 0, err
		}
		ours, err := os.Readlink("/proc/self/ns/" + ns.name)
		if err != nil {
			return 0, err
		}
		if ours != theirs {
			flags |= ns.flag
		}
	}
	return flags, nil
}
