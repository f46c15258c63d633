package wasi

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// DNS messages: RFC 1035, section 4; AAAA: RFC 3596.

const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
	classIN   = 1

	dnsHead   = 12
	maxName   = 255 // with the length bytes, RFC 1035 2.3.4
	maxLabel  = 63
	flagQR    = 1 << 15
	flagTC    = 1 << 9
	flagRD    = 1 << 8
	opcodes   = 0xf << 11
	rcodeMask = 0xf
)

// The rcodes of RFC 1035 4.1.1 that need telling apart.
const (
	rcodeSuccess  = 0
	rcodeServfail = 2
	rcodeNXDomain = 3
)

// appendQuestion appends a query for a name without a trailing dot. It is not ok
// if that is no name.
func appendQuestion(b []byte, id uint16, name string, kind uint16) (_ []byte, ok bool) {
	be := binary.BigEndian
	b = be.AppendUint16(b, id)
	b = be.AppendUint16(b, flagRD)
	b = append(b, 0, 1, 0, 0, 0, 0, 0, 0) // one question
	if len(name)+2 > maxName {
		return b, false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > maxLabel {
			return b, false
		}
		b = append(b, byte(len(label)))
		b = append(b, label...)
	}
	b = append(b, 0)
	b = be.AppendUint16(b, kind)
	return be.AppendUint16(b, classIN), true
}

// answer is what a response says.
type answer struct {
	rcode     int
	truncated bool
	addrs     []netip.Addr
	canon     string // the name that has the addresses
}

// parseAnswer reads a response to question, a message of appendQuestion. It is
// not ok if it is another's response, or none.
func parseAnswer(b, question []byte) (a answer, ok bool) {
	be := binary.BigEndian
	if len(b) < dnsHead || be.Uint16(b) != be.Uint16(question) {
		return a, false
	}
	flags := be.Uint16(b[2:])
	if flags&flagQR == 0 || flags&opcodes != 0 || be.Uint16(b[4:]) != 1 {
		return a, false
	}
	name, rest, ok := dnsName(b, dnsHead)
	asked, askedEnd, _ := dnsName(question, dnsHead)
	if !ok || !strings.EqualFold(name, asked) || len(b) < rest+4 || string(b[rest:rest+4]) != string(question[askedEnd:askedEnd+4]) {
		return a, false
	}
	a.rcode = int(flags & rcodeMask)
	a.truncated = flags&flagTC != 0
	if !a.truncated {
		a.canon = name
		a.records(b, rest+4, int(be.Uint16(b[6:])), be.Uint16(question[askedEnd:]))
	}
	return a, true
}

// records takes the addresses of kind out of n records at off. A chain of CNAMEs
// comes in order (RFC 1034, 3.6.2).
func (a *answer) records(b []byte, off, n int, kind uint16) {
	be := binary.BigEndian
	for range n {
		owner, next, ok := dnsName(b, off)
		if !ok || len(b) < next+10 {
			return
		}
		t, class, size := be.Uint16(b[next:]), be.Uint16(b[next+2:]), int(be.Uint16(b[next+8:]))
		data := next + 10
		off = data + size
		if len(b) < off {
			return
		}
		switch {
		case class != classIN || !strings.EqualFold(owner, a.canon):
		case t == typeCNAME:
			if target, _, ok := dnsName(b, data); ok {
				a.canon = target
			}
		case t == kind && (t == typeA && size == 4 || t == typeAAAA && size == 16):
			addr, _ := netip.AddrFromSlice(b[data:off])
			a.addrs = append(a.addrs, addr)
		}
	}
}

// dnsName reads the name at off, without a trailing dot, and gives where it
// ends. Every compression pointer must lead back, so that it ends.
func dnsName(b []byte, off int) (name string, end int, ok bool) {
	var text []byte
	limit := off
	for {
		if off >= len(b) {
			return "", 0, false
		}
		n := int(b[off])
		off++
		switch {
		case n == 0:
			if end == 0 {
				end = off
			}
			return string(text), end, true
		case n&0xc0 == 0xc0:
			if off >= len(b) {
				return "", 0, false
			}
			to := n&0x3f<<8 | int(b[off])
			if end == 0 {
				end = off + 1
			}
			if to >= limit {
				return "", 0, false
			}
			off, limit = to, to
		case n > maxLabel || off+n > len(b) || len(text)+n+1 > maxName:
			return "", 0, false
		default:
			if len(text) > 0 {
				text = append(text, '.')
			}
			text = append(text, b[off:off+n]...)
			off += n
		}
	}
}
