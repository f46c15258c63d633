package wasi

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// sock_getaddrinfo of WasmEdge. Its addrinfo has 28 bytes: 0 flags u16, 2 family
// u8, 3 socktype u8, 4 protocol u8, 8 addrlen u32, 12 addr*, 16 canonname*,
// 20 canonname_len u32, 24 next*. Its sockaddr has 12: 0 family u8,
// 4 sa_data_len u32, 8 sa_data*.

// Errors of getaddrinfo, beside preview 1's.
const (
	aiAddrfamily Errno = 77
	aiAgain      Errno = 78
	aiBadflag    Errno = 79
	aiFail       Errno = 80
	aiFamily     Errno = 81
	aiMemory     Errno = 82
	aiNodata     Errno = 83
	aiNoname     Errno = 84
	aiService    Errno = 85
	aiSocktype   Errno = 86
	aiSystem     Errno = 87
)

// aiflags.
const (
	aiPassive     = 1
	aiCanonname   = 2
	aiNumerichost = 4
	aiNumericserv = 8
	aiV4mapped    = 16
	aiAll         = 32
	aiAddrconfig  = 64
	aiFlags       = aiAddrconfig<<1 - 1
)

// Protocols of WasmEdge.
const (
	protocolIP  = 0
	protocolTCP = 1
	protocolUDP = 2
)

const (
	addrinfoSize = 28
	sockaddrSize = 12
	saDataInet4  = 14 // a sockaddr_in without its family
	saDataInet6  = 26
	maxHostname  = 1025 // NI_MAXHOST
)

// hints are what the caller wants, from its addrinfo.
type hints struct {
	flags    uint16
	family   uint8
	socktype uint8
	protocol uint8
}

// endpoint is one result.
type endpoint struct {
	addr     netip.AddrPort
	socktype uint8
	protocol uint8
}

// sockGetaddrinfo is sock_getaddrinfo(*node, nodelen, *service, servicelen,
// *hints, **res, maxres, *nres). The guest has made a list of maxres nodes, with
// room for the addresses; the first are filled.
func (h *Host) sockGetaddrinfo(m memory, p []uint64) Errno {
	node, e := m.text(uint32(p[0]), uint32(p[1]))
	if e != esuccess {
		return e
	}
	service, e := m.text(uint32(p[2]), uint32(p[3]))
	if e != esuccess {
		return e
	}
	res, most, count := uint32(p[5]), uint32(p[6]), uint32(p[7])
	if e := m.aligned(count, 4, 4); e != esuccess {
		return e
	}
	if e := m.aligned(res, 4, 4); e != esuccess {
		return e
	}
	hint, e := m.hints(uint32(p[4]))
	if e != esuccess {
		return e
	}
	m.putU32(count, 0)
	if most == 0 {
		return aiMemory
	}
	found, canon, e := getaddrinfo(&h.net.resolver, node, service, hint)
	if e != esuccess {
		return e
	}
	at, _ := m.u32(res)
	n := uint32(0)
	for ; n < most && int(n) < len(found) && at != 0; n++ {
		if n > 0 || hint.flags&aiCanonname == 0 {
			canon = ""
		}
		if at, e = m.putEndpoint(at, hint.flags, found[n], canon); e != esuccess {
			return e
		}
	}
	return m.putU32(count, n)
}

// text reads a name, which may have a NUL behind it that is counted.
func (m memory) text(p, n uint32) (string, Errno) {
	b, e := m.bytes(p, n)
	if e != esuccess {
		return "", e
	}
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	if len(b) > maxHostname {
		return "", aiNoname
	}
	return string(b), esuccess
}

// hints reads the caller's addrinfo, if there is one.
func (m memory) hints(p uint32) (hints, Errno) {
	if p == 0 {
		return hints{}, esuccess
	}
	if e := m.aligned(p, addrinfoSize, 4); e != esuccess {
		return hints{}, e
	}
	b, e := m.bytes(p, addrinfoSize)
	if e != esuccess {
		return hints{}, e
	}
	return hints{flags: binary.LittleEndian.Uint16(b), family: b[2], socktype: b[3], protocol: b[4]}, esuccess
}

// putEndpoint fills the node at p, and gives the next.
func (m memory) putEndpoint(p uint32, flags uint16, e endpoint, canon string) (next uint32, _ Errno) {
	le := binary.LittleEndian
	if e := m.aligned(p, addrinfoSize, 4); e != esuccess {
		return 0, e
	}
	node, _ := m.bytes(p, addrinfoSize)
	sockaddr := le.Uint32(node[12:])
	if e := m.aligned(sockaddr, sockaddrSize, 4); e != esuccess {
		return 0, e
	}
	sa, _ := m.bytes(sockaddr, sockaddrSize)
	data := e.data()
	// The length that is there says nothing: Rust's crate has 14 for buffers of 26.
	to, err := m.bytes(le.Uint32(sa[8:]), uint32(len(data)))
	if err != esuccess {
		return 0, err
	}
	family := uint8(familyInet6)
	if e.addr.Addr().Is4() {
		family = familyInet4
	}
	copy(to, data)
	sa[0] = family
	le.PutUint32(sa[4:], uint32(len(data)))
	le.PutUint16(node, flags)
	node[2], node[3], node[4] = family, e.socktype, e.protocol
	le.PutUint32(node[8:], uint32(len(data)+2))
	if err := m.putCanonname(node, canon); err != esuccess {
		return 0, err
	}
	return le.Uint32(node[24:]), esuccess
}

// putCanonname gives the official name as far as the guest has room for it,
// with a NUL behind it.
func (m memory) putCanonname(node []byte, canon string) Errno {
	le := binary.LittleEndian
	room := le.Uint32(node[20:])
	n := 0
	if canon != "" && room > 0 {
		b, e := m.bytes(le.Uint32(node[16:]), room)
		if e != esuccess {
			return e
		}
		n = copy(b[:len(b)-1], canon)
		b[n] = 0
	}
	le.PutUint32(node[20:], uint32(n))
	return esuccess
}

// data gives sa_data as Linux lays it out: the port, then for IPv4 the address
// and 8 zeroes, for IPv6 flow, address and scope.
func (e endpoint) data() []byte {
	b := make([]byte, saDataInet6)
	binary.BigEndian.PutUint16(b, e.addr.Port())
	a := e.addr.Addr().AsSlice()
	if len(a) == addrInet4 {
		copy(b[2:], a)
		return b[:saDataInet4]
	}
	copy(b[6:], a)
	return b
}

// getaddrinfo does what getaddrinfo(3) does, with r for the names.
func getaddrinfo(r *resolver, node, service string, hint hints) (found []endpoint, canon string, _ Errno) {
	if node == "" && service == "" {
		return nil, "", aiNoname
	}
	if hint.flags&^aiFlags != 0 || hint.flags&aiCanonname != 0 && node == "" {
		return nil, "", aiBadflag
	}
	if hint.family > familyInet6 {
		return nil, "", aiFamily
	}
	kinds, e := sockKinds(hint)
	if e != esuccess {
		return nil, "", e
	}
	ports := make([]uint16, len(kinds))
	known := false
	for i, k := range kinds {
		port, ok := r.port(service, k.protocol, hint.flags&aiNumericserv != 0)
		if !ok {
			kinds[i].socktype = sockAny // it has no such service
			continue
		}
		ports[i], known = port, true
	}
	if !known {
		return nil, "", aiService
	}
	addrs, canon, e := r.addresses(node, hint)
	if e != esuccess {
		return nil, "", e
	}
	for _, a := range addrs {
		for i, k := range kinds {
			if k.socktype != sockAny {
				found = append(found, endpoint{netip.AddrPortFrom(a, ports[i]), k.socktype, k.protocol})
			}
		}
	}
	return found, canon, esuccess
}

// sockKinds gives the types of socket that are wanted.
func sockKinds(hint hints) ([]hints, Errno) {
	if hint.socktype > sockStream {
		return nil, aiSocktype
	}
	if hint.protocol > protocolUDP {
		return nil, aiSocktype
	}
	var kinds []hints
	for _, k := range []hints{{socktype: sockStream, protocol: protocolTCP}, {socktype: sockDgram, protocol: protocolUDP}} {
		if (hint.socktype == sockAny || hint.socktype == k.socktype) && (hint.protocol == protocolIP || hint.protocol == k.protocol) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return nil, aiSocktype
	}
	return kinds, esuccess
}

// port finds a service's port: a number, or a name of services(5).
func (r *resolver) port(service string, protocol uint8, numeric bool) (uint16, bool) {
	if service == "" {
		return 0, true
	}
	if n, err := strconv.ParseUint(service, 10, 16); err == nil {
		return uint16(n), true
	}
	if numeric {
		return 0, false
	}
	name := "tcp"
	if protocol == protocolUDP {
		name = "udp"
	}
	return lookupService(readConf(r.path("/etc/services")), service, name)
}
