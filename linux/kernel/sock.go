package kernel

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SyncPair is the socket pair between wrun and an init: SOCK_SEQPACKET, so that
// every message stays one, and a read of 0 bytes says that the other end died.
func SyncPair() (ours, theirs int, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	return p[0], p[1], os.NewSyscallError("socketpair", err)
}

// RecvFD reads one message and at most one descriptor sent with it
// (SCM_RIGHTS, unix(7)); fd is -1 without one. block=false makes it answer
// EAGAIN instead of waiting.
func RecvFD(sock int, b []byte, block bool) (n, fd int, err error) {
	var oob [64]byte
	flags := unix.MSG_CMSG_CLOEXEC
	if !block {
		flags |= unix.MSG_DONTWAIT
	}
	var on int
	err = retry(func() (e error) { n, on, _, _, e = unix.Recvmsg(sock, b, oob[:], flags); return e })
	if err != nil {
		return 0, -1, os.NewSyscallError("recvmsg", err)
	}
	fd = -1
	if on > 0 {
		msgs, err := unix.ParseSocketControlMessage(oob[:on])
		if err != nil {
			return 0, -1, os.NewSyscallError("recvmsg", err)
		}
		for i := range msgs {
			fds, err := unix.ParseUnixRights(&msgs[i])
			if err != nil {
				continue // another kind of control message
			}
			for _, f := range fds {
				if fd < 0 {
					fd = f
				} else {
					Close(f)
				}
			}
		}
	}
	return n, fd, nil
}

// Send sends one message without raising SIGPIPE.
func Send(sock int, b []byte) error {
	err := retry(func() error { return unix.Sendto(sock, b, unix.MSG_NOSIGNAL, nil) })
	if err == nil {
		return nil
	}
	return os.NewSyscallError("send", err)
}

// SendFD connects to the unix socket at path and sends it a descriptor with a
// name: the console socket protocol.
func SendFD(path, name string, fd int) error {
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer Close(s)
	if err := retry(func() error { return unix.Connect(s, &unix.SockaddrUnix{Name: path}) }); err != nil {
		return pathError("connect", path, err)
	}
	err = retry(func() error { return unix.Sendmsg(s, []byte(name), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL) })
	return pathError("sendmsg", path, err)
}

// Errno takes the errno out of an error, 0 when there is none.
func Errno(err error) syscall.Errno {
	for err != nil {
		switch e := err.(type) {
		case syscall.Errno:
			return e
		case *os.SyscallError:
			err = e.Err
		case *os.PathError:
			err = e.Err
		default:
			return 0
		}
	}
	return 0
}
