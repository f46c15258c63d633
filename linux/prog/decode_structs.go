package prog

import (
	"encoding/binary"
	"strconv"

	"wrun/linux/kernel"
)

// Messages to the parent, {u32 tag, u32 value}: a tag from firstTag on tells
// them from other data. docs/ops.md lists the tags.
const (
	messageSize = 8
	firstTag    = 1 << 31
)

func isMessage(m []byte) bool {
	return len(m) == messageSize && binary.LittleEndian.Uint32(m) >= firstTag
}

func (d *decoder) message(m []byte) {
	le := binary.LittleEndian
	d.b = append(d.b, "{tag="...)
	d.hex(uint64(le.Uint32(m)))
	d.b = append(d.b, ", value="...)
	d.num(int64(le.Uint32(m[4:])))
	d.b = append(d.b, '}')
}

// structure prints the struct at an address. One in writable memory is printed
// behind its address, as it is at the start.
func (d *decoder) structure(kind string, a uint64) {
	size := 0
	switch kind {
	case "u32":
		size = 4
	case "sigset", "winsize", "caphdr":
		size = 8
	case "rlimit", "fprog":
		size = 16
	case "ifreq":
		size = 18 // as far as SIOCSIFFLAGS reads
	case "how", "capdata":
		size = 24
	case "attr", "sigaction":
		size = 32
	case "schedattr":
		size = 48
	case "msghdr":
		size = 56
	}
	m, rw := d.p.memory(a, size)
	if size == 0 || m == nil {
		if !d.plain {
			d.b = append(d.b, addrText(a)...)
		}
		return
	}
	if rw && !d.plain {
		d.add(addrText(a), " ")
	}
	le := binary.LittleEndian
	switch kind {
	case "u32":
		d.add("[", strconv.FormatUint(uint64(le.Uint32(m)), 10), "]")
	case "sigset":
		d.sigset(le.Uint64(m))
	case "winsize": // ioctl_tty(2)
		d.add("{ws_row=", strconv.Itoa(int(le.Uint16(m))), ", ws_col=", strconv.Itoa(int(le.Uint16(m[2:]))), "}")
	case "fprog": // seccomp(2); its instructions are many
		d.add("{len=", strconv.Itoa(int(le.Uint16(m))), "}")
	case "rlimit": // prlimit(2)
		d.b = append(d.b, "{cur="...)
		d.rlim(le.Uint64(m))
		d.b = append(d.b, ", max="...)
		d.rlim(le.Uint64(m[8:]))
		d.b = append(d.b, '}')
	case "schedattr": // sched_setattr(2)
		d.schedAttr(m)
	case "ifreq":
		d.ifreq(m)
	case "how":
		d.how(m)
	case "caphdr", "capdata":
		d.caps(kind, m)
	case "attr":
		d.attr(m)
	case "sigaction":
		d.sigaction(m)
	case "msghdr":
		d.msghdr(m)
	}
}

func (d *decoder) rlim(v uint64) {
	if v == 1<<64-1 {
		d.b = append(d.b, "RLIM64_INFINITY"...)
		return
	}
	d.b = strconv.AppendUint(d.b, v, 10)
}

// ifreq is netdevice(7)'s: a name of 16 bytes and, here, flags.
func (d *decoder) ifreq(m []byte) {
	name := m[:16]
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	if d.plain {
		d.text(name)
		return
	}
	d.b = append(d.b, "{ifr_name="...)
	d.text(name)
	d.b = append(d.b, ", ifr_flags="...)
	d.flags("iff", uint64(binary.LittleEndian.Uint16(m[16:])))
	d.b = append(d.b, '}')
}

// how is openat2(2)'s struct open_how; what is 0 is left out.
func (d *decoder) how(m []byte) {
	le := binary.LittleEndian
	d.b = append(d.b, "{flags="...)
	d.flags("open", le.Uint64(m))
	if mode := le.Uint64(m[8:]); mode != 0 {
		d.b = append(d.b, ", mode="...)
		d.oct(mode)
	}
	if r := le.Uint64(m[16:]); r != 0 {
		d.b = append(d.b, ", resolve="...)
		d.flags("resolve", r)
	}
	d.b = append(d.b, '}')
}

// attr is mount_setattr(2)'s struct mount_attr; what is 0 is left out.
func (d *decoder) attr(m []byte) {
	le := binary.LittleEndian
	set, clr, prop, userns := le.Uint64(m), le.Uint64(m[8:]), le.Uint64(m[16:]), le.Uint64(m[24:])
	sep, open, end := "", "{", "}"
	word := func(s, short string) {
		if d.plain {
			s = short
		}
		d.add(sep, s)
		sep = ", "
	}
	if d.plain {
		open, end = "", ""
	}
	d.b = append(d.b, open...)
	if set != 0 {
		word("attr_set=", "")
		d.flags("attr", set)
	}
	if clr != 0 {
		word("attr_clr=", "clear ")
		d.flags("attr", clr)
	}
	if prop != 0 {
		word("propagation=", "")
		d.flags("mount", prop)
	}
	if userns != 0 {
		word("userns_fd=", "userns_fd ")
		d.b = strconv.AppendUint(d.b, userns, 10)
	}
	d.b = append(d.b, end...)
}

// sigaction is the kernel's struct: handler, flags, restorer, mask
// (asm-generic/signal.h, and amd64's, which is the same).
func (d *decoder) sigaction(m []byte) {
	le := binary.LittleEndian
	d.b = append(d.b, "{sa_handler="...)
	switch h := le.Uint64(m); h {
	case 0:
		d.b = append(d.b, "SIG_DFL"...)
	case 1:
		d.b = append(d.b, "SIG_IGN"...)
	default:
		d.b = append(d.b, addrText(h)...)
	}
	d.b = append(d.b, ", sa_flags="...)
	d.flags("sa", le.Uint64(m[8:]))
	if mask := le.Uint64(m[24:]); mask != 0 {
		d.b = append(d.b, ", sa_mask="...)
		d.sigset(mask)
	}
	d.b = append(d.b, '}')
}

// sigset prints as strace does: [TERM INT], and ~[] for all signals.
func (d *decoder) sigset(set uint64) {
	if n := ^set; n == 0 || n&(n-1) == 0 {
		d.b = append(d.b, '~')
		set = n
	}
	sep := ""
	d.b = append(d.b, '[')
	for i := range 64 {
		if set&(1<<i) != 0 {
			d.b = append(d.b, sep...)
			d.name("sigshort", uint64(i+1))
			sep = " "
		}
	}
	d.b = append(d.b, ']')
}

// caps prints capset(2)'s header, or its data of version 3: two times three
// words, the low halves first.
func (d *decoder) caps(kind string, m []byte) {
	le := binary.LittleEndian
	if kind == "caphdr" {
		d.b = append(d.b, "{version="...)
		d.name("capversion", uint64(le.Uint32(m)))
		d.add(", pid=", strconv.Itoa(int(int32(le.Uint32(m[4:])))), "}")
		return
	}
	set := func(i int) uint64 { return uint64(le.Uint32(m[4*i:])) | uint64(le.Uint32(m[12+4*i:]))<<32 }
	eff, per, inh := set(0), set(1), set(2)
	d.b = append(d.b, "{effective="...)
	if eff == per {
		d.b = append(d.b, "permitted="...)
	} else {
		d.capset(eff)
		d.b = append(d.b, ", permitted="...)
	}
	d.capset(per)
	d.b = append(d.b, ", inheritable="...)
	if inh == per && inh != 0 {
		d.b = append(d.b, "permitted"...)
	} else {
		d.capset(inh)
	}
	d.b = append(d.b, '}')
}

// capset prints a set of capabilities; the full one by its ends.
func (d *decoder) capset(set uint64) {
	const many = 32
	if set>>many != 0 && set&(set+1) == 0 {
		last := 0
		for set>>last > 1 {
			last++
		}
		d.name("cap", 0)
		d.b = append(d.b, ".."...)
		d.name("cap", uint64(last))
		return
	}
	sep := ""
	for i := range 64 {
		if set&(1<<i) != 0 {
			d.b = append(d.b, sep...)
			d.name("cap", uint64(i))
			sep = "|"
		}
	}
	if sep == "" {
		d.b = append(d.b, '0')
	}
}

// msghdr is sendmsg(2)'s: what is sent, and the descriptor that goes with it.
func (d *decoder) msghdr(m []byte) {
	le := binary.LittleEndian
	d.b = append(d.b, "{iov=["...)
	iov, n := le.Uint64(m[16:]), le.Uint64(m[24:])
	for i := range min(n, 8) {
		if i > 0 {
			d.b = append(d.b, ", "...)
		}
		at := iov + 16*i
		v, rw := d.p.memory(at, 16)
		switch {
		case v == nil:
			d.b = append(d.b, addrText(at)...)
		case rw && le.Uint64(v) == 0: // set before each use
			d.add("*(", addrText(at), ")")
		default:
			d.data(le.Uint64(v), le.Uint64(v[8:]))
		}
	}
	d.b = append(d.b, ']')
	if control := le.Uint64(m[32:]); control != 0 {
		d.b = append(d.b, ", control="...)
		c, _ := d.p.memory(control, 16)
		if c != nil && le.Uint32(c[8:]) == kernel.SOL_SOCKET && le.Uint32(c[12:]) == kernel.SCM_RIGHTS {
			d.add("[SCM_RIGHTS *(", addrText(control+16), ")]")
		} else {
			d.b = append(d.b, addrText(control)...)
		}
	}
	d.b = append(d.b, '}')
}

// groups prints setgroups(2)'s list of n group ids.
func (d *decoder) groups(a, n uint64) {
	if n > 1<<16 { // NGROUPS_MAX
		n = 1 << 16
	}
	m, rw := d.p.memory(a, int(4*n))
	if a == 0 || m == nil || rw {
		if !d.plain {
			d.b = append(d.b, addrText(a)...)
		}
		return
	}
	d.b = append(d.b, '[')
	for i := range int(n) {
		if i > 0 {
			d.b = append(d.b, ", "...)
		}
		if d.left <= 0 {
			d.b = append(d.b, "..."...)
			break
		}
		before := len(d.b)
		d.b = strconv.AppendUint(d.b, uint64(binary.LittleEndian.Uint32(m[4*i:])), 10)
		d.left -= len(d.b) - before
	}
	d.b = append(d.b, ']')
}

// schedAttr prints what is set in a struct sched_attr.
func (d *decoder) schedAttr(m []byte) {
	le := binary.LittleEndian
	d.add("{sched_policy=", strconv.Itoa(int(le.Uint32(m[4:]))))
	if f := le.Uint64(m[8:]); f != 0 {
		d.b = append(d.b, ", sched_flags="...)
		d.hex(f)
	}
	for _, x := range [...]struct {
		name string
		v    int64
	}{
		{"nice", int64(int32(le.Uint32(m[16:])))}, {"priority", int64(le.Uint32(m[20:]))},
		{"runtime", int64(le.Uint64(m[24:]))}, {"deadline", int64(le.Uint64(m[32:]))}, {"period", int64(le.Uint64(m[40:]))},
	} {
		if x.v != 0 {
			d.add(", sched_", x.name, "=", strconv.FormatInt(x.v, 10))
		}
	}
	d.b = append(d.b, '}')
}
