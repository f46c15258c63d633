package wasi

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// resolver finds addresses as the container's own files say: hosts(5),
// resolv.conf(5), services(5), DNS over UDP and, for long answers, TCP. The zero
// value is ready. It works on the calling thread alone.
type resolver struct {
	root   string // before the files' paths; "" but in tests
	port53 uint16 // another port than 53, for tests
	turn   int    // of "options rotate"
}

func (r *resolver) path(file string) string { return r.root + file }

// addresses gives the addresses of a node, best first, and its official name.
func (r *resolver) addresses(node string, hint hints) (addrs []netip.Addr, canon string, e Errno) {
	wants := func(a netip.Addr) bool {
		return hint.family == familyUnspec || a.Is4() == (hint.family == familyInet4)
	}
	if node == "" {
		return keep(hostless(hint.flags&aiPassive != 0), wants), "", esuccess
	}
	mapped := hint.flags&aiV4mapped != 0 && hint.family == familyInet6
	if a, err := netip.ParseAddr(node); err == nil {
		a = a.WithZone("")
		if mapped && a.Is4() {
			a = netip.AddrFrom16(a.As16())
		}
		if !wants(a) {
			return nil, "", aiAddrfamily
		}
		return []netip.Addr{a}, node, esuccess
	}
	if hint.flags&aiNumerichost != 0 {
		return nil, "", aiNoname
	}
	kinds := []uint16{typeA, typeAAAA}
	switch {
	case hint.family == familyInet4:
		kinds = kinds[:1]
	case hint.family == familyInet6 && !mapped:
		kinds = kinds[1:]
	}
	addrs, canon, e = r.lookup(node, kinds)
	if e != esuccess {
		return nil, "", e
	}
	if mapped {
		addrs = mapV4(addrs, hint.flags&aiAll != 0)
	}
	if hint.flags&aiAddrconfig != 0 {
		addrs = keep(addrs, func(a netip.Addr) bool { return a.IsLoopback() || reachable(a) })
	}
	if addrs = keep(addrs, wants); len(addrs) == 0 {
		return nil, "", aiNodata
	}
	return rank(addrs), canon, esuccess
}

// hostless gives the addresses of no node: for bind, or this host.
func hostless(passive bool) []netip.Addr {
	if passive {
		return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
}

func keep(addrs []netip.Addr, wanted func(netip.Addr) bool) []netip.Addr {
	return slices.DeleteFunc(addrs, func(a netip.Addr) bool { return !wanted(a) })
}

// mapV4 turns IPv4 addresses into IPv6 ones: all, or only if there are no others
// (getaddrinfo(3), AI_V4MAPPED, AI_ALL).
func mapV4(addrs []netip.Addr, all bool) []netip.Addr {
	if !all && slices.ContainsFunc(addrs, netip.Addr.Is6) {
		return addrs
	}
	for i, a := range addrs {
		addrs[i] = netip.AddrFrom16(a.As16())
	}
	return addrs
}

// rank puts first what there is a route to, and IPv6 before IPv4 then (RFC 6724,
// rules 1 and 6).
func rank(addrs []netip.Addr) []netip.Addr {
	class := func(a netip.Addr) int {
		n := 0
		if len(addrs) > 1 && !reachable(a) {
			n = 2
		}
		if a.Is4() || a.Is4In6() {
			n++
		}
		return n
	}
	classes := map[netip.Addr]int{}
	for _, a := range addrs {
		if _, ok := classes[a]; !ok {
			classes[a] = class(a)
		}
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return cmp.Compare(classes[a], classes[b]) })
	return addrs
}

// reachable tells whether there is a route: connecting a datagram socket sends
// nothing.
func reachable(a netip.Addr) bool {
	fd, e := dial(netip.AddrPortFrom(a, 53), syscall.SOCK_DGRAM)
	if e != 0 {
		return false
	}
	sysClose(fd)
	return true
}

// lookup asks hosts(5), then DNS.
func (r *resolver) lookup(name string, kinds []uint16) (addrs []netip.Addr, canon string, e Errno) {
	addrs, canon = lookupHosts(readConf(r.path("/etc/hosts")), name)
	if len(addrs) == 0 && local(name) { // RFC 6761 6.3: no server is asked
		addrs, canon = hostless(false), name
	}
	addrs = keep(addrs, func(a netip.Addr) bool {
		return slices.Contains(kinds, typeA) && a.Is4() || slices.Contains(kinds, typeAAAA) && a.Is6()
	})
	if len(addrs) > 0 {
		return addrs, canon, esuccess
	}
	conf := parseResolvConf(readConf(r.path("/etc/resolv.conf")))
	result := aiNoname
	for _, full := range conf.candidates(name) {
		addrs, canon, e := r.ask(&conf, full, kinds)
		switch e {
		case esuccess:
			return addrs, canon, esuccess
		case aiNoname:
		case aiNodata: // the name is there; another domain may have addresses
			if result == aiNoname {
				result = aiNodata
			}
		default:
			return nil, "", e
		}
	}
	return nil, "", result
}

func local(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// ask asks the servers in turn for one full name: AIAGAIN if none has an answer.
func (r *resolver) ask(conf *resolverConf, name string, kinds []uint16) (addrs []netip.Addr, canon string, _ Errno) {
	var ids [4]byte
	if _, err := rand.Read(ids[:]); err != nil {
		return nil, "", aiSystem
	}
	questions := make([][]byte, len(kinds))
	for i, kind := range kinds {
		q, ok := appendQuestion(nil, binary.BigEndian.Uint16(ids[i*2:]), name, kind)
		if !ok {
			return nil, "", aiNoname
		}
		questions[i] = q
	}
	first := 0
	if conf.rotate {
		first = r.turn
		r.turn++
	}
	port := uint16(53)
	if r.port53 != 0 {
		port = r.port53
	}
	for range conf.attempts {
		for i := range conf.servers {
			server := netip.AddrPortFrom(conf.servers[(first+i)%len(conf.servers)], port)
			answers, ok := exchange(server, questions, conf.timeout)
			if ok {
				return collect(answers)
			}
		}
	}
	return nil, "", aiAgain
}

// collect puts the answers for A and AAAA together.
func collect(answers []answer) (addrs []netip.Addr, canon string, _ Errno) {
	result := aiNoname
	for _, a := range answers {
		addrs = append(addrs, a.addrs...)
		if len(a.addrs) > 0 && canon == "" {
			canon = a.canon
		}
		if a.rcode == rcodeSuccess {
			result = aiNodata
		}
	}
	if len(addrs) > 0 {
		return addrs, canon, esuccess
	}
	return nil, "", result
}
