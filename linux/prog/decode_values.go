package prog

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// operand is an argument as far as it is known before the program runs.
type operand struct {
	v    uint64
	text string // "s3", "*(buf+8)": what it is loaded from, when v is not known
}

// operand takes argument i: an immediate, a constant of the image, or the name
// of the memory that it is loaded from.
func (d *decoder) operand(o *Op, i int) operand {
	a := uint64(int64(o.Args[i]))
	if o.Ind&(1<<i) == 0 {
		return operand{v: a}
	}
	if s, ok := slotAt(a); ok {
		return operand{text: s.String()}
	}
	if m, rw := d.p.memory(a, 8); m != nil && !rw {
		return operand{v: binary.LittleEndian.Uint64(m)}
	}
	return operand{text: "*(" + addrText(a) + ")"}
}

// known is the value of argument i, or all ones if only the run will tell.
func (d *decoder) known(o *Op, i int) (uint64, bool) {
	if x := d.operand(o, i); x.text == "" {
		return x.v, true
	}
	return ^uint64(0), false
}

// address is what the interpreter makes of an argument that is an address.
func address(a int32) uint64 { return uint64(int64(a)) }

// slotAt gives the slot that lies at an address.
func slotAt(a uint64) (Slot, bool) {
	if a < RWBase || a >= RWBase+8*MaxSlots || a%8 != 0 {
		return 0, false
	}
	return Slot((a - RWBase) / 8), true
}

// addrText names an address: &s3 a slot, buf+8 what lies behind the slots,
// ro+8 a constant.
func addrText(a uint64) string {
	const slotEnd, ro = RWBase + 8*MaxSlots, DataBase + HeaderSize
	switch s, ok := slotAt(a); {
	case a == 0:
		return "NULL"
	case ok:
		return "&" + s.String()
	case a >= slotEnd && a < slotEnd+maxSize:
		return "buf+" + strconv.FormatUint(a-slotEnd, 10)
	case a >= ro && a < RWBase:
		return "ro+" + strconv.FormatUint(a-ro, 10)
	case a == HandlerAddr:
		return "handler"
	}
	return "0x" + strconv.FormatUint(a, 16)
}

// memory gives n bytes of the image at an address, and whether the program can
// write there; nil if not all of them are in the image.
func (p *Program) memory(a uint64, n int) (m []byte, rw bool) {
	const ro = DataBase + HeaderSize
	switch {
	case n < 0:
	case a >= RWBase && a-RWBase <= uint64(len(p.RW)) && uint64(n) <= uint64(len(p.RW))-(a-RWBase):
		return p.RW[a-RWBase:][:n], true
	case a >= ro && a-ro <= uint64(len(p.RO)) && uint64(n) <= uint64(len(p.RO))-(a-ro):
		return p.RO[a-ro:][:n], false
	}
	return nil, false
}

// str gives the NUL-terminated string at an address.
func (p *Program) str(a uint64) (s []byte, rw, ok bool) {
	const ro = DataBase + HeaderSize
	switch {
	case a >= RWBase && a-RWBase < uint64(len(p.RW)):
		s, rw = p.RW[a-RWBase:], true
	case a >= ro && a-ro < uint64(len(p.RO)):
		s = p.RO[a-ro:]
	default:
		return nil, false, false
	}
	n := bytes.IndexByte(s, 0)
	if n < 0 {
		return nil, rw, false
	}
	return s[:n], rw, true
}

// value prints argument i as its kind asks for.
func (d *decoder) value(kind string, o *Op, i int) {
	x := d.operand(o, i)
	if x.text != "" {
		if !d.plain {
			d.b = append(d.b, x.text...)
		}
		return
	}
	v := x.v
	switch {
	case kind[0] == '|':
		d.flags(kind[1:], v)
		return
	case kind[0] == '=':
		d.name(kind[1:], v)
		return
	}
	switch kind {
	case "num":
		d.num(int64(v))
	case "uint":
		if uint32(v) == 1<<32-1 {
			d.b = append(d.b, "~0"...)
		} else {
			d.b = strconv.AppendUint(d.b, v&0xffffffff, 10)
		}
	case "word":
		d.word(v)
	case "hex":
		d.hex(v)
	case "oct":
		d.oct(v)
	case "fd":
		d.name("fd", v)
	case "id": // uid_t and gid_t: 32 bits; -1 leaves the id alone
		if uint32(v) == 1<<32-1 {
			d.b = append(d.b, "-1"...)
		} else {
			d.b = strconv.AppendUint(d.b, v&0xffffffff, 10)
		}
	case "errno": // of FAIL, which takes the absolute value
		if int64(v) < 0 {
			v = -v
		}
		d.b = append(d.b, errnoText(int64(v))...)
	case "clone":
		d.cloneFlags(v)
	case "mode":
		d.mode(v)
	case "dev":
		d.dev(v)
	case "str":
		d.str(v)
	case "data":
		n, _ := d.known(o, i+1)
		d.data(v, n)
	case "addr":
		d.b = append(d.b, addrText(v)...)
	case "argv":
		d.argv(v)
	case "envp":
		d.envp(v)
	case "groups":
		n, _ := d.known(o, i-1)
		d.groups(v, n)
	default:
		d.structure(kind, v)
	}
}

// num prints small numbers and negative ones in decimal, others in hex; what
// the negative of an errno is, -1 apart, by its name.
func (d *decoder) num(v int64) {
	if v < -1 && v > -134 {
		d.add("-", errnoText(-v))
	} else if v >= -1<<16 && v < 1<<16 {
		d.b = strconv.AppendInt(d.b, v, 10)
	} else {
		d.hex(uint64(v))
	}
}

func (d *decoder) hex(v uint64) {
	if v > 9 {
		d.b = append(d.b, "0x"...)
	}
	d.b = strconv.AppendUint(d.b, v, 16)
}

func (d *decoder) oct(v uint64) {
	if v != 0 {
		d.b = append(d.b, '0')
	}
	d.b = strconv.AppendUint(d.b, v, 8)
}

// word prints what can be a number or an address; of a constant, a message or
// a string by what it says.
func (d *decoder) word(v uint64) {
	m, rw := d.p.memory(v, 1)
	if m == nil {
		d.num(int64(v))
		return
	}
	if m, _ = d.p.memory(v, messageSize); !rw && isMessage(m) {
		d.b = append(d.b, '&')
		d.message(m)
		return
	}
	if s, _, ok := d.p.str(v); !rw && ok && len(s) > 0 && printable(s) {
		d.text(s)
		return
	}
	d.b = append(d.b, addrText(v)...)
}

func printable(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// escape prints text without quotes, on one line whatever is in it.
func (d *decoder) escape(s string) {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			d.add(`\x`, strconv.FormatUint(uint64(s[0])>>4, 16), strconv.FormatUint(uint64(s[0])&15, 16))
		case strconv.IsPrint(r):
			d.b = append(d.b, s[:n]...)
		default:
			q := strconv.QuoteRune(r)
			d.b = append(d.b, q[1:len(q)-1]...)
		}
		s = s[n:]
	}
}

// text prints a string: quoted, or bare in Describe. An op's strings are cut
// when together they become too long.
func (d *decoder) text(s []byte) {
	more := ""
	if len(s) > d.left {
		s, more = s[:d.left], "..."
	}
	d.left -= len(s)
	if d.plain {
		d.escape(string(s))
	} else {
		d.b = strconv.AppendQuote(d.b, string(s))
	}
	d.b = append(d.b, more...)
}

// str prints the string at an address: where it is, and what it holds at the
// start, if the program can change it.
func (d *decoder) str(a uint64) {
	s, rw, ok := d.p.str(a)
	if d.plain {
		if ok {
			d.text(s)
		}
		return
	}
	if !ok || rw {
		d.b = append(d.b, addrText(a)...)
		if len(s) == 0 {
			return
		}
		d.b = append(d.b, ' ')
	}
	d.text(s)
}

// data prints n bytes at an address, as they are at the start.
func (d *decoder) data(a, n uint64) {
	_, slot := slotAt(a)
	if n > maxText || slot {
		n = 0
	}
	m, rw := d.p.memory(a, int(n))
	if rw && len(m) > messageSize && isMessage(m[:messageSize]) {
		d.add(addrText(a), " ")
		d.message(m[:messageSize])
		d.add("+", strconv.Itoa(len(m)-messageSize)) // what the program puts behind it
		return
	}
	if len(m) == 0 || rw && !isMessage(m) {
		if !d.plain {
			d.b = append(d.b, addrText(a)...)
		}
		return
	}
	if rw {
		d.add(addrText(a), " ")
	}
	if isMessage(m) {
		d.message(m)
	} else {
		d.text(m)
	}
}

// argv prints a vector of strings.
func (d *decoder) argv(a uint64) {
	n, rw := d.vector(a)
	if n < 0 || rw {
		d.b = append(d.b, addrText(a)...)
	}
	if n < 0 {
		return
	}
	if rw {
		d.b = append(d.b, ' ')
	}
	d.b = append(d.b, '[')
	for i := range n {
		if i > 0 {
			d.b = append(d.b, ", "...)
		}
		if d.left <= 0 {
			d.b = append(d.b, "..."...)
			break
		}
		m, _ := d.p.memory(a+8*uint64(i), 8)
		d.str(binary.LittleEndian.Uint64(m))
		d.left -= 8 // an empty string takes room too
	}
	d.b = append(d.b, ']')
}

// envp prints only how many variables there are: their values can be secrets.
func (d *decoder) envp(a uint64) {
	n, _ := d.vector(a)
	switch {
	case n < 0:
		d.b = append(d.b, addrText(a)...)
	case n == 1:
		d.b = append(d.b, "/* 1 var */"...)
	default:
		d.add("/* ", strconv.Itoa(n), " vars */")
	}
}

// vector counts the pointers at an address before the NULL; -1 if there is no
// vector that ends.
func (d *decoder) vector(a uint64) (n int, rw bool) {
	for {
		m, w := d.p.memory(a+8*uint64(n), 8)
		if m == nil {
			return -1, false
		}
		if binary.LittleEndian.Uint64(m) == 0 {
			return n, w
		}
		n++
	}
}
