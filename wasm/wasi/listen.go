package wasi

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// Sockets that the guest has from the start, for those who know preview 1 only:
// it has accept but no bind. Descriptors and environment are those of systemd's
// socket activation (sd_listen_fds(3)), from 3 on.

const (
	envListenFDs   = "LISTEN_FDS"
	envListenNames = "LISTEN_FDNAMES"
	envListenPID   = "LISTEN_PID"
)

// InheritSocket gives the guest a socket that others may hold too: its flags
// stay as they are. It must be a socket.
func (h *Host) InheritSocket(fd int) error {
	typ, e := getsockoptInt(fd, syscall.SO_TYPE)
	if e != 0 {
		return fmt.Errorf("file descriptor %d: getsockopt(SO_TYPE): %w", fd, e)
	}
	listens, e := getsockoptInt(fd, syscall.SO_ACCEPTCONN)
	if e != 0 {
		return fmt.Errorf("file descriptor %d: getsockopt(SO_ACCEPTCONN): %w", fd, e)
	}
	f := &FD{Kind: KindStream, Host: fd, Shared: true, Rights: sockRights, Sock: &sock{preopened: true}}
	switch {
	case listens != 0:
		f.Kind, f.Rights, f.Inheriting, f.Flags = KindListener, listenRights, sockRights, fdflagNonblock
	case typ == syscall.SOCK_DGRAM:
		f.Kind = KindDatagram
	}
	syscall.CloseOnExec(fd)
	_, errno := h.table.Open(f)
	return preopenError(errno)
}

// Bind gives the guest a TCP socket bound to an address. Listen makes it listen.
// Unless it is blocking, accept does not wait: Go never asks for that, and all
// its goroutines would wait too.
func (h *Host) Bind(addr netip.AddrPort, blocking bool) error {
	typ := uintptr(syscall.SOCK_STREAM | syscall.SOCK_CLOEXEC | syscall.SOCK_NONBLOCK)
	flags := uint16(fdflagNonblock)
	if blocking {
		typ &^= syscall.SOCK_NONBLOCK
		flags = 0
	}
	domain := uintptr(syscall.AF_INET6)
	var a sockAddr
	ip := addr.Addr()
	if ip.Is4() {
		domain = syscall.AF_INET
		a.setInet4(ip.AsSlice(), uint32(addr.Port()))
	} else {
		a.setInet6(ip.AsSlice(), uint32(addr.Port()))
	}
	r, _, e := syscall.Syscall(syscall.SYS_SOCKET, domain, typ, 0)
	if e != 0 {
		return fmt.Errorf("socket: %w", e)
	}
	fd := int(r)
	// A server that is started again must not wait for its old connections' ends;
	// [::] is to serve IPv4 as well, whatever net.ipv6.bindv6only says.
	err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil && ip.Is6() && ip.IsUnspecified() {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 0)
	}
	if err != nil {
		sysClose(fd)
		return fmt.Errorf("setsockopt: %w", err)
	}
	noDelay(fd)
	if _, _, e := syscall.Syscall(syscall.SYS_BIND, r, uintptr(a.pointer()), uintptr(a.size)); e != 0 {
		sysClose(fd)
		return fmt.Errorf("bind: %w", e)
	}
	f := &FD{Kind: KindListener, Host: fd, Flags: flags, Rights: listenRights, Inheriting: sockRights, Sock: &sock{preopened: true}}
	_, errno := h.table.Open(f)
	if errno == esuccess {
		h.net.bound = append(h.net.bound, bound{fd, addr})
		h.listens(f)
	}
	return preopenError(errno)
}

// bound is a socket of Bind.
type bound struct {
	fd   int
	addr netip.AddrPort
}

func preopenError(e Errno) error {
	if e != esuccess {
		return fmt.Errorf("errno %d: no descriptor is free", e)
	}
	return nil
}

// Listen lets the sockets of Bind take connections, before the guest runs. The
// error names the address: Linux lets two sockets be bound to one as long as
// neither listens (socket(7), SO_REUSEADDR).
func (h *Host) Listen() error {
	const backlog = 1<<31 - 1 // the kernel cuts it to net.core.somaxconn (listen(2))
	for _, b := range h.net.bound {
		if _, _, e := syscall.Syscall(syscall.SYS_LISTEN, uintptr(b.fd), backlog, 0); e != 0 {
			return fmt.Errorf("tcp:%v: listen: %w", b.addr, e)
		}
	}
	return nil
}

// ListenEnv tells the guest of its sockets in env: inherited ones, which env may
// have names for, then those of Bind, tcp-PORT each. Without any, env is left as
// it is.
func ListenEnv(env []string, inherited int, bound []netip.AddrPort) []string {
	n := inherited + len(bound)
	if n == 0 {
		return env
	}
	var names []string
	out := make([]string, 0, len(env)+2)
	for _, v := range env {
		switch name, value, _ := strings.Cut(v, "="); name {
		case envListenNames:
			names = strings.Split(value, ":")
		case envListenFDs, envListenPID: // a pid means nothing to a guest
		default:
			out = append(out, v)
		}
	}
	if len(names) != inherited {
		names = make([]string, inherited)
		for i := range names {
			names[i] = "unknown" // sd_listen_fds_with_names(3)
		}
	}
	for _, a := range bound {
		names = append(names, "tcp-"+strconv.Itoa(int(a.Port())))
	}
	return append(out, envListenFDs+"="+strconv.Itoa(n), envListenNames+"="+strings.Join(names, ":"))
}
