package wasi

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// nameserver answers DNS over UDP and TCP on loopback. The zone has, by
// "NAME TYPE", the addresses or "CNAME target", or one of the words below.
type nameserver struct {
	t    *testing.T
	port uint16
	zone map[string]string

	mu    sync.Mutex
	asked []string
}

// Words of a zone.
const (
	wordSilent   = "silent"   // no answer at all
	wordServfail = "servfail" // rcode 2
	wordEmpty    = "empty"    // no error, no records
	wordForged   = "forged"   // an answer with another id first, then the right one
	wordLong     = "long"     // truncated over UDP, many addresses over TCP
)

func startNameserver(t *testing.T, zone map[string]string) *nameserver {
	t.Helper()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { u.Close() })
	port := u.LocalAddr().(*net.UDPAddr).Port
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	check(t, err)
	t.Cleanup(func() { l.Close() })
	s := &nameserver{t: t, port: uint16(port), zone: zone}
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			for _, r := range s.answer(b[:n], false) {
				u.WriteTo(r, from)
			}
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 514)
			if _, err := io.ReadAtLeast(c, b, 2); err == nil {
				r := s.answer(b[2:2+binary.BigEndian.Uint16(b)], true)[0]
				r = append(binary.BigEndian.AppendUint16(nil, uint16(len(r))), r...)
				for i := range r { // in pieces
					c.Write(r[i : i+1])
				}
			}
			c.Close()
		}
	}()
	return s
}

func (s *nameserver) answer(q []byte, tcp bool) [][]byte {
	be := binary.BigEndian
	name, end, _ := dnsName(q, dnsHead)
	kind := be.Uint16(q[end:])
	key := fmt.Sprintf("%s %s", name, map[uint16]string{typeA: "A", typeAAAA: "AAAA"}[kind])
	s.mu.Lock()
	s.asked = append(s.asked, key)
	s.mu.Unlock()
	r := append([]byte{}, q[:end+4]...)
	r[2] |= 0x80
	what, ok := s.zone[key]
	count := 0
	record := func(name string, kind uint16, data []byte) {
		count++
		r = appendLabels(r, name)
		r = be.AppendUint16(r, kind)
		r = be.AppendUint16(r, classIN)
		r = be.AppendUint32(r, 60)
		r = be.AppendUint16(r, uint16(len(data)))
		r = append(r, data...)
	}
	var extra [][]byte
	switch {
	case !ok:
		r[3] |= rcodeNXDomain
	case what == wordSilent:
		return nil
	case what == wordServfail:
		r[3] |= rcodeServfail
	case what == wordEmpty:
	case what == wordLong && !tcp:
		r[2] |= flagTC >> 8
	case what == wordLong:
		for i := range 100 {
			record(name, typeA, []byte{10, 0, 0, byte(i)})
		}
	default:
		if rest, ok := strings.CutPrefix(what, wordForged+" "); ok {
			what = rest
			forged := append([]byte{}, r...)
			forged[0]++
			extra = append(extra, forged)
		}
		owner := name
		for word := range strings.FieldsSeq(what) {
			if target, ok := strings.CutPrefix(word, "CNAME="); ok {
				record(owner, typeCNAME, appendLabels(nil, target))
				owner = target
				continue
			}
			record(owner, kind, netip.MustParseAddr(word).AsSlice())
		}
	}
	be.PutUint16(r[6:], uint16(count))
	return append(extra, r)
}

func appendLabels(b []byte, name string) []byte {
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// newResolver has files of its own.
func newResolver(t *testing.T, files map[string]string) *resolver {
	t.Helper()
	r := &resolver{root: t.TempDir()}
	check(t, os.Mkdir(filepath.Join(r.root, "etc"), 0o700))
	for name, text := range files {
		check(t, os.WriteFile(filepath.Join(r.root, "etc", name), []byte(text), 0o600))
	}
	return r
}

func TestLookup(t *testing.T) {
	zone := map[string]string{
		"web.example A": "10.0.0.1 10.0.0.2", "web.example AAAA": wordEmpty,
		"six.example AAAA": "2001:db8::1", "six.example A": wordEmpty,
		"alias.example A": "CNAME=a.example CNAME=web.example 10.0.0.3", "alias.example AAAA": wordEmpty,
		"svc.ns.cluster A": "10.1.0.1", "svc.ns.cluster AAAA": wordEmpty,
		"a.b A": "10.2.0.1", "a.b.ns.cluster A": "10.2.0.2",
		"empty.example A": wordEmpty, "empty.example AAAA": wordEmpty,
		"bad.example A": wordServfail, "bad.example AAAA": wordServfail,
		"forged.example A": "forged 10.3.0.1", "forged.example AAAA": wordEmpty,
		"long.example A": wordLong, "long.example AAAA": wordEmpty,
		"silent.example A": "10.4.0.1", "silent.example AAAA": wordSilent,
	}
	s := startNameserver(t, zone)
	const hosts = "127.0.0.1 localhost\n10.9.9.9 official.example Alias\t# note\n# 1.1.1.1 no\n2001:db8::9 official.example\nbad line\n"
	const conf = "nameserver 127.0.0.1\nsearch ns.cluster cluster.\noptions ndots:1 timeout:1 attempts:1\n"
	for _, tt := range []struct {
		name, conf string
		kinds      []uint16
		want       string
		canon      string
		e          Errno
		asked      string
	}{
		{name: "web.example", want: "10.0.0.1 10.0.0.2", canon: "web.example", asked: "web.example A web.example AAAA"},
		{name: "WEB.example.", want: "", e: aiNoname, asked: "WEB.example A WEB.example AAAA"}, // the zone is case sensitive
		{name: "six.example", want: "2001:db8::1", canon: "six.example"},
		{name: "six.example", kinds: []uint16{typeA}, e: aiNodata},
		{name: "alias.example", want: "10.0.0.3", canon: "web.example"},
		{name: "svc", want: "10.1.0.1", canon: "svc.ns.cluster", asked: "svc.ns.cluster A svc.ns.cluster AAAA"},
		{name: "svc.", e: aiNoname, asked: "svc A svc AAAA"},
		{name: "a.b", kinds: []uint16{typeA}, want: "10.2.0.1", canon: "a.b"},
		{name: "a.b", kinds: []uint16{typeA}, conf: "nameserver 127.0.0.1\nsearch ns.cluster\noptions ndots:5\n", want: "10.2.0.2", canon: "a.b.ns.cluster"},
		{name: "none", e: aiNoname, asked: "none.ns.cluster A none.ns.cluster AAAA none.cluster A none.cluster AAAA none A none AAAA"},
		{name: "empty.example", e: aiNodata},
		{name: "bad.example", e: aiAgain},
		{name: "bad.example", conf: "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions attempts:2\n", e: aiAgain},
		{name: "web.example", conf: "nameserver 127.0.0.2\nnameserver 127.0.0.1\n", want: "10.0.0.1 10.0.0.2", canon: "web.example"}, // the first refuses
		{name: "forged.example", want: "10.3.0.1", canon: "forged.example"},
		{name: "silent.example", e: aiAgain},
		{name: "silent.example", kinds: []uint16{typeA}, want: "10.4.0.1", canon: "silent.example"},
		{name: "official.example", want: "10.9.9.9 2001:db8::9", canon: "official.example", asked: " "},
		{name: "alias", want: "10.9.9.9", canon: "official.example"},
		{name: "localhost", want: "127.0.0.1", canon: "localhost", asked: " "},
		{name: "a.localhost.", kinds: []uint16{typeA}, want: "127.0.0.1", canon: "a.localhost.", asked: " "},
		{name: strings.Repeat("x", 64), e: aiNoname, asked: " "},
		{name: "a..b", e: aiNoname, asked: " "},
		{name: strings.Repeat("xxxxxxx.", 33), e: aiNoname},
	} {
		r := newResolver(t, map[string]string{"hosts": hosts, "resolv.conf": conf})
		if tt.conf != "" {
			check(t, os.WriteFile(r.path("/etc/resolv.conf"), []byte(tt.conf), 0o600))
		}
		r.port53 = s.port
		s.asked = nil
		kinds := tt.kinds
		if kinds == nil {
			kinds = []uint16{typeA, typeAAAA}
		}
		addrs, canon, e := r.lookup(tt.name, kinds)
		got := strings.Trim(fmt.Sprint(addrs), "[]")
		if e != tt.e || got != tt.want || e == esuccess && canon != tt.canon {
			t.Errorf("%s: %s (%s), errno %d; want %s (%s), errno %d", tt.name, got, canon, e, tt.want, tt.canon, tt.e)
		}
		s.mu.Lock()
		if asked := strings.Join(s.asked, " "); tt.asked != "" && asked != strings.TrimSpace(tt.asked) {
			t.Errorf("%s: asked %s, want %s", tt.name, asked, tt.asked)
		}
		s.mu.Unlock()
	}
	r := newResolver(t, map[string]string{"resolv.conf": conf})
	r.port53 = s.port
	if addrs, _, e := r.lookup("long.example", []uint16{typeA}); e != esuccess || len(addrs) != 100 {
		t.Errorf("over TCP: %d addresses, errno %d", len(addrs), e)
	}
}

func TestResolvConf(t *testing.T) {
	c := parseResolvConf("# x\n;y\nnameserver 1.1.1.1\nnameserver x\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n" +
		"domain first\nsearch a b\noptions ndots:99 timeout:99 attempts:0 rotate nonsense ndots:x ndots:-1\n")
	if got := fmt.Sprint(c.servers, c.search, c.ndots, c.timeout, c.attempts, c.rotate); got != "[1.1.1.1 2.2.2.2 3.3.3.3] [a b] 15 30s 1 true" {
		t.Error(got)
	}
	if c := parseResolvConf(""); fmt.Sprint(c.servers, c.search, c.ndots, c.timeout, c.attempts, c.rotate) != "[127.0.0.1] [] 1 5s 2 false" {
		t.Error(c)
	}
}

func TestServices(t *testing.T) {
	const text = "http 80/tcp www # web\ndomain 53/udp\nodd\nhttp 8080/udp\n"
	for _, tt := range []struct {
		name, protocol string
		port           uint16
		ok             bool
	}{{"http", "tcp", 80, true}, {"www", "tcp", 80, true}, {"http", "udp", 8080, true}, {"domain", "tcp", 0, false}, {"80/tcp", "tcp", 0, false}} {
		if port, ok := lookupService(text, tt.name, tt.protocol); port != tt.port || ok != tt.ok {
			t.Errorf("%s/%s: %d %v", tt.name, tt.protocol, port, ok)
		}
	}
}

// Addresses as sock_getaddrinfo orders and filters them.
func TestAddresses(t *testing.T) {
	r := newResolver(t, map[string]string{"hosts": "127.0.0.1 both\n::1 both\n127.0.0.1 four\n", "services": "http 80/tcp\ndns 53/udp\n", "resolv.conf": "options attempts:1"})
	for _, tt := range []struct {
		node, service string
		hint          hints
		want          string // without order
		e             Errno
	}{
		{"127.0.0.1", "80", hints{socktype: sockStream}, "127.0.0.1:80/2", 0},
		{"127.0.0.1", "80", hints{}, "127.0.0.1:80/1 127.0.0.1:80/2", 0},
		{"::1", "http", hints{}, "[::1]:80/2", 0},
		{"::1", "dns", hints{}, "[::1]:53/1", 0},
		{"::1", "dns", hints{flags: aiNumericserv}, "", aiService},
		{"::1", "nothing", hints{}, "", aiService},
		{"::1", "65536", hints{}, "", aiService},
		{"", "80", hints{flags: aiPassive, socktype: sockStream}, "0.0.0.0:80/2 [::]:80/2", 0},
		{"", "80", hints{socktype: sockDgram, family: familyInet4}, "127.0.0.1:80/1", 0},
		{"", "", hints{}, "", aiNoname},
		{"x", "", hints{flags: aiNumerichost}, "", aiNoname},
		{"127.0.0.1", "", hints{family: familyInet6}, "", aiAddrfamily},
		{"127.0.0.1", "", hints{family: familyInet6, flags: aiV4mapped, protocol: protocolTCP}, "[::ffff:127.0.0.1]:0/2", 0},
		{"four", "", hints{family: familyInet6, flags: aiV4mapped, protocol: protocolUDP}, "[::ffff:127.0.0.1]:0/1", 0},
		{"both", "1", hints{family: familyInet6, flags: aiV4mapped | aiAll, socktype: sockStream}, "[::1]:1/2 [::ffff:127.0.0.1]:1/2", 0},
		{"both", "1", hints{socktype: sockStream, flags: aiAddrconfig}, "127.0.0.1:1/2 [::1]:1/2", 0},
		{"four", "", hints{family: familyUnix}, "", aiFamily},
		{"four", "", hints{socktype: 3}, "", aiSocktype},
		{"four", "", hints{socktype: sockStream, protocol: protocolUDP}, "", aiSocktype},
		{"four", "", hints{protocol: 3}, "", aiSocktype},
		{"four", "", hints{flags: 128}, "", aiBadflag},
		{"", "1", hints{flags: aiCanonname}, "", aiBadflag},
	} {
		found, _, e := getaddrinfo(r, tt.node, tt.service, tt.hint)
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%v/%d", f.addr, f.socktype))
		}
		want := strings.Fields(tt.want)
		if e != tt.e || len(got) != len(want) {
			t.Errorf("%q %q %+v: %v, errno %d; want %v, errno %d", tt.node, tt.service, tt.hint, got, e, want, tt.e)
			continue
		}
		for _, w := range want {
			if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+w+" ") {
				t.Errorf("%q %q %+v: %v, want %v", tt.node, tt.service, tt.hint, got, want)
			}
		}
	}
}

// The guest's list is filled in place.
func TestGetaddrinfo(t *testing.T) {
	const (
		atNode, atService, atHints = 0x200, 0x300, 0x400
		atRes, atList              = 0x500, 0x1000
	)
	g := newGuest(t)
	g.h.net.resolver = *newResolver(t, map[string]string{"hosts": "127.0.0.1 many\n127.0.0.2 many\n127.0.0.3 many\n::1 six\n"})
	prepare := func(nodes int) {
		clear(g.m[atList:])
		g.m.putU32(atRes, atList)
		for i := range uint32(nodes) {
			n, sa, data, canon := atList+i*0x100, atList+i*0x100+0x20, atList+i*0x100+0x40, atList+i*0x100+0x80
			g.m.putU32(n+12, sa)
			g.m.putU32(n+16, canon)
			g.m.putU32(n+20, 30)
			g.m.putU32(sa+4, saDataInet4)
			g.m.putU32(sa+8, data)
			if int(i) < nodes-1 {
				g.m.putU32(n+24, n+0x100)
			}
		}
	}
	ask := func(node, service string, hint []byte, most uint64) Errno {
		copy(g.m[atNode:], node+"\x00")
		copy(g.m[atService:], service+"\x00")
		clear(g.m[atHints : atHints+addrinfoSize])
		copy(g.m[atHints:], hint)
		return g.call("sock_getaddrinfo", atNode, uint64(len(node)+1), atService, uint64(len(service)+1), atHints, atRes, most, atN)
	}
	prepare(2)
	if e := ask("many", "8080", []byte{aiCanonname, 0, familyInet4, sockStream, 0}, 2); e != esuccess {
		t.Fatalf("errno %d", e)
	}
	if n := g.u32(atN); n != 2 {
		t.Errorf("%d results", n)
	}
	for i := range uint32(2) {
		n := uint32(atList) + i*0x100
		want := fmt.Sprintf("%x", []byte{aiCanonname, 0, familyInet4, sockStream, protocolTCP, 0, 0, 0, 16, 0, 0, 0})
		if got := fmt.Sprintf("%x", []byte(g.m[n:n+12])); got != want {
			t.Errorf("node %d: %s, want %s", i, got, want)
		}
		sa := fmt.Sprintf("%x", []byte(g.m[n+0x20:n+0x28]))
		data := fmt.Sprintf("%x", []byte(g.m[n+0x40:n+0x40+14]))
		if sa != "010000000e000000" || data != fmt.Sprintf("1f907f00000%d0000000000000000", i+1) {
			t.Errorf("node %d: sockaddr %s %s", i, sa, data)
		}
	}
	if canon := string(g.m[atList+0x80 : atList+0x85]); canon != "many\x00" || g.u32(atList+20) != 4 || g.u32(atList+0x100+20) != 0 {
		t.Errorf("canonname %q, lengths %d %d", canon, g.u32(atList+20), g.u32(atList+0x100+20))
	}
	prepare(5)
	if e := ask("many", "1", nil, 4); e != esuccess || g.u32(atN) != 4 {
		t.Errorf("all kinds: errno %d, %d results", e, g.u32(atN))
	}
	prepare(1)
	if e := ask("six", "258", []byte{0, 0, 0, sockStream}, 9); e != esuccess || g.u32(atN) != 1 {
		t.Errorf("six: errno %d, %d results", e, g.u32(atN))
	}
	if got := fmt.Sprintf("%x", []byte(g.m[atList+0x40:atList+0x40+26])); got != "010200000000"+strings.Repeat("00", 15)+"01"+"00000000" {
		t.Errorf("six: %s", got)
	}
	for what, c := range map[string]struct {
		args []uint64
		want Errno
	}{
		"no names":   {[]uint64{0, 0, 0, 0, atHints, atRes, 1, atN}, aiNoname},
		"no room":    {[]uint64{atNode, 4, 0, 0, atHints, atRes, 0, atN}, aiMemory},
		"node":       {[]uint64{1 << 16, 4, 0, 0, atHints, atRes, 1, atN}, efault},
		"service":    {[]uint64{atNode, 4, 1 << 16, 1, atHints, atRes, 1, atN}, efault},
		"hints":      {[]uint64{atNode, 4, 0, 0, 1<<16 - 8, atRes, 1, atN}, efault},
		"hints off":  {[]uint64{atNode, 4, 0, 0, atHints + 1, atRes, 1, atN}, eaddrnotavail},
		"res":        {[]uint64{atNode, 4, 0, 0, atHints, 1 << 16, 1, atN}, efault},
		"count":      {[]uint64{atNode, 4, 0, 0, atHints, atRes, 1, 1<<16 - 2}, eaddrnotavail},
		"long":       {[]uint64{0x2000, 2000, 0, 0, atHints, atRes, 1, atN}, aiNoname},
		"list wrong": {[]uint64{atNode, 4, 0, 0, 0, 0x600, 1, atN}, efault},
	} {
		copy(g.m[atNode:], "six\x00")
		for i := range 2000 {
			g.m[0x2000+i] = 'x'
		}
		g.m.putU32(0x600, 1<<16-4)
		if e := g.call("sock_getaddrinfo", c.args...); e != c.want {
			t.Errorf("%s: errno %d, want %d", what, e, c.want)
		}
	}
}

// A server that sends nothing costs what resolv.conf says, and no CPU.
func TestNameserverTimeout(t *testing.T) {
	s := startNameserver(t, map[string]string{"x A": wordSilent, "x AAAA": wordSilent})
	r := newResolver(t, map[string]string{"resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1"})
	r.port53 = s.port
	start := time.Now()
	if _, _, e := r.lookup("x", []uint16{typeA, typeAAAA}); e != aiAgain {
		t.Errorf("errno %d", e)
	}
	if took := time.Since(start); took < 900*time.Millisecond || took > 5*time.Second {
		t.Errorf("%v", took)
	}
}

// Messages of servers are anything.
func FuzzAnswer(f *testing.F) {
	q, _ := appendQuestion(nil, 7, "a.example", typeA)
	ok := append([]byte{}, q...)
	ok[2] |= 0x80
	f.Add(ok)
	f.Add(append(append([]byte{}, ok[:6]...), 0, 1, 0, 0, 0, 0))
	loop := append(append([]byte{}, ok...), 0xc0, byte(len(ok)))
	loop[7] = 1
	f.Add(loop)
	s := &nameserver{zone: map[string]string{"a.example A": "CNAME=b.example 10.0.0.1"}}
	f.Add(s.answer(q, false)[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := parseAnswer(b, q)
		if !ok && len(a.addrs) > 0 {
			t.Error("addresses of no answer")
		}
		for _, addr := range a.addrs {
			if !addr.Is4() {
				t.Errorf("%v is no A", addr)
			}
		}
	})
}
