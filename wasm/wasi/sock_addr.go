package wasi

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"unsafe"
)

// Addresses of WasmEdge: {u32 buf; u32 len}. A buffer of 4 or 16 bytes is an
// IPv4 or IPv6 address; one of 128 begins with the family, in 16 bits, and can
// hold a path too. Ports are apart, as numbers.

const (
	addrInet4 = 4
	addrInet6 = 16
	addrAny   = 128
	addrSize  = 8 // of the structure
)

// aligned checks that n bytes at p are the guest's, and that p is a multiple of
// to: WasmEdge answers 4 (ADDRNOTAVAIL) if not.
func (m memory) aligned(p, n, to uint32) Errno {
	if p%to != 0 {
		return eaddrnotavail
	}
	_, e := m.bytes(p, n)
	return e
}

// addrBuffer gives the buffer of the address structure at p.
func (m memory) addrBuffer(p uint32) ([]byte, Errno) {
	if e := m.aligned(p, addrSize, 4); e != esuccess {
		return nil, e
	}
	buf, _ := m.u32(p)
	n, _ := m.u32(p + 4)
	if n != addrInet4 && n != addrInet6 && n != addrAny {
		return nil, einval
	}
	return m.bytes(buf, n)
}

// sockAddr is an address as Linux has it.
type sockAddr struct {
	raw  syscall.RawSockaddrAny
	size uint32
}

// pointer is for a system call: uintptr(a.pointer()) among its arguments.
func (a *sockAddr) pointer() unsafe.Pointer { return unsafe.Pointer(&a.raw) }

// read reads the guest's address at p.
func (a *sockAddr) read(m memory, p, port uint32) Errno {
	b, e := m.addrBuffer(p)
	if e != esuccess {
		return e
	}
	if port > 1<<16-1 {
		return einval
	}
	switch len(b) {
	case addrInet4:
		a.setInet4(b, port)
		return esuccess
	case addrInet6:
		a.setInet6(b, port)
		return esuccess
	}
	family, b := binary.LittleEndian.Uint16(b), b[2:]
	switch family {
	case familyUnspec: // ends the association of a datagram socket (connect(2))
		a.raw = syscall.RawSockaddrAny{}
		a.size = syscall.SizeofSockaddrInet4
	case familyInet4:
		a.setInet4(b, port)
	case familyInet6:
		a.setInet6(b, port)
	case familyUnix:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			b = b[:i]
		}
		return a.setPath(b)
	default:
		return einval
	}
	return esuccess
}

func (a *sockAddr) setInet4(b []byte, port uint32) {
	in := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
	*in = syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: bigEndian(port)}
	copy(in.Addr[:], b)
	a.size = syscall.SizeofSockaddrInet4
}

func (a *sockAddr) setInet6(b []byte, port uint32) {
	in := (*syscall.RawSockaddrInet6)(unsafe.Pointer(&a.raw))
	*in = syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Port: bigEndian(port)}
	copy(in.Addr[:], b)
	a.size = syscall.SizeofSockaddrInet6
}

// setPath sets a UNIX address. There is none without a name: such a bind(2)
// would choose an abstract one.
func (a *sockAddr) setPath(path []byte) Errno {
	if len(path) == 0 {
		return einval
	}
	un := (*syscall.RawSockaddrUnix)(unsafe.Pointer(&a.raw))
	if len(path) >= len(un.Path) {
		return enametoolong
	}
	*un = syscall.RawSockaddrUnix{Family: syscall.AF_UNIX}
	for i, c := range path {
		un.Path[i] = int8(c)
	}
	a.size = uint32(2 + len(path) + 1)
	return esuccess
}

// bigEndian gives the number that lies in memory as port does on the wire; both
// architectures are little endian.
func bigEndian(port uint32) uint16 { return uint16(port)<<8 | uint16(port)>>8&0xff }

// write gives the guest an address: in b, its buffer, and as a port. family is
// WASI's. An address that does not fit b is EINVAL.
func (a *sockAddr) write(b []byte) (family, port uint32, e Errno) {
	var addr []byte
	switch {
	case a.size < 2: // a connected stream does not say who sent
	case a.raw.Addr.Family == syscall.AF_INET:
		in := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
		family, port, addr = familyInet4, uint32(bigEndian(uint32(in.Port))), in.Addr[:]
	case a.raw.Addr.Family == syscall.AF_INET6:
		in := (*syscall.RawSockaddrInet6)(unsafe.Pointer(&a.raw))
		family, port, addr = familyInet6, uint32(bigEndian(uint32(in.Port))), in.Addr[:]
	case a.raw.Addr.Family == syscall.AF_UNIX:
		family, addr = familyUnix, a.path()
	}
	switch {
	case len(b) == addrAny:
		clear(b)
		binary.LittleEndian.PutUint16(b, uint16(family))
		copy(b[2:addrAny-1], addr)
	case len(addr) > len(b) || family == familyUnix:
		return 0, 0, einval
	default:
		clear(b)
		copy(b, addr)
	}
	return family, port, esuccess
}

// path gives a UNIX address's path, none for an abstract one, which the guest
// has no form for.
func (a *sockAddr) path() []byte {
	un := (*syscall.RawSockaddrUnix)(unsafe.Pointer(&a.raw))
	path := unsafe.Slice((*byte)(unsafe.Pointer(&un.Path[0])), min(int(a.size)-2, len(un.Path)))
	if i := bytes.IndexByte(path, 0); i >= 0 {
		path = path[:i]
	}
	return path
}

// sockGetlocaladdr is sock_getlocaladdr(fd, *addr, *port).
func (h *Host) sockGetlocaladdr(m memory, p []uint64) Errno {
	_, e := h.nameOf(m, syscall.SYS_GETSOCKNAME, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	return e
}

// sockGetpeeraddr is sock_getpeeraddr(fd, *addr, *port).
func (h *Host) sockGetpeeraddr(m memory, p []uint64) Errno {
	_, e := h.nameOf(m, syscall.SYS_GETPEERNAME, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	return e
}

// sockGetlocaladdrV1 is sock_getlocaladdr(fd, *addr, *type, *port).
func (h *Host) sockGetlocaladdrV1(m memory, p []uint64) Errno {
	return h.nameOfV1(m, syscall.SYS_GETSOCKNAME, p)
}

// sockGetpeeraddrV1 is sock_getpeeraddr(fd, *addr, *type, *port).
func (h *Host) sockGetpeeraddrV1(m memory, p []uint64) Errno {
	return h.nameOfV1(m, syscall.SYS_GETPEERNAME, p)
}

func (h *Host) nameOfV1(m memory, call uintptr, p []uint64) Errno {
	typ := uint32(p[2])
	if e := m.aligned(typ, 4, 4); e != esuccess {
		return e
	}
	family, e := h.nameOf(m, call, uint32(p[0]), uint32(p[1]), uint32(p[3]))
	if e != esuccess {
		return e
	}
	switch family { // the type is that of IP's version
	case familyInet4:
		return m.putU32(typ, 4)
	case familyInet6:
		return m.putU32(typ, 6)
	}
	return m.putU32(typ, familyUnix)
}

func (h *Host) nameOf(m memory, call uintptr, n, addr, port uint32) (family uint32, e Errno) {
	b, e := m.addrBuffer(addr)
	if e != esuccess {
		return 0, e
	}
	if e := m.aligned(port, 4, 4); e != esuccess {
		return 0, e
	}
	f, e := h.socket(n)
	if e != esuccess {
		return 0, e
	}
	a := &h.net.addr
	a.size = syscall.SizeofSockaddrAny
	if _, _, e := syscall.Syscall(call, uintptr(f.Host), uintptr(a.pointer()), uintptr(unsafe.Pointer(&a.size))); e != 0 {
		return 0, errnoOf(e)
	}
	family, number, e := a.write(b)
	if e != esuccess {
		return 0, e
	}
	return family, m.putU32(port, number)
}
