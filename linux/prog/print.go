package prog

import (
	"fmt"
	"io"
	"strconv"

	"wrun/linux/kernel"
)

// Print writes the program as strace(1) would print it: one op a line behind
// its index, and a line `# mounts[3] /dev/shm` where the config.json field
// changes. It gives the error of w. docs/ops.md, "How it prints", has the rest.
//
//	# mounts[3] /dev/shm
//	  12  openat2(s2, "/dev/shm", {flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}, 24) = s3  EAGAIN: retry, ENOENT: goto 20
//
// The values of environment variables are never printed, only their number.
// Any Program can be printed, also one that Unmarshal would refuse.
func (p *Program) Print(w io.Writer) error {
	const flush = 1 << 15
	d := decoder{p: p}
	field := ""
	for i := range p.Ops {
		if f := p.Field(i); f != field {
			field = f
			d.b = append(d.b, '#')
			if f != "" {
				d.b = append(d.b, ' ')
				d.escape(f)
			}
			d.b = append(d.b, '\n')
		}
		d.b = fmt.Appendf(d.b, "%4d  ", i)
		d.op(i)
		d.b = append(d.b, '\n')
		if len(d.b) >= flush {
			if _, err := w.Write(d.b); err != nil {
				return err
			}
			d.b = d.b[:0]
		}
	}
	_, err := w.Write(d.b)
	return err
}

// decoder turns ops into text, appended to b.
type decoder struct {
	p *Program
	b []byte
	// plain is Describe's way: strings without quotes, short.
	plain bool
	// left is how many bytes of strings the current op may still print.
	left int
}

// maxText bounds the strings of one printed op, in bytes. Arguments longer
// than a page are rare, and a damaged program must not print without end.
const maxText = 16 << 10

// op prints op i: the call, where its result goes, what errors do.
func (d *decoder) op(i int) {
	o := &d.p.Ops[i]
	d.left = maxText
	switch o.Nr {
	case JMP:
		d.add("goto ", strconv.Itoa(int(o.Jmp)))
	case JEQ, JNE:
		cmp := " == "
		if o.Nr == JNE {
			cmp = " != "
		}
		d.b = append(d.b, "if "...)
		d.value("num", o, 0)
		d.b = append(d.b, cmp...)
		d.value(d.compared(i), o, 1)
		d.add(" goto ", strconv.Itoa(int(o.Jmp)))
	case ST32, ST64:
		d.store(o)
	case AND:
		d.add(Slot(o.Res).String(), " = ")
		d.value("num", o, 0)
		d.b = append(d.b, " & "...)
		d.value("|mask", o, 1)
	case FAIL:
		d.b = append(d.b, "fail "...)
		d.value("errno", o, 0)
	default:
		d.call(o)
		d.outcome(o)
	}
}

// compared is the kind of what op i, JEQ or JNE, compares with: a file type
// behind the AND that took it out of a mode, a magic number of statfs(2) when
// memory is looked at.
func (d *decoder) compared(i int) string {
	o := &d.p.Ops[i]
	if i > 0 {
		and := &d.p.Ops[i-1]
		if mask, _ := d.known(and, 1); and.Nr == AND && mask == kernel.S_IFMT && o.Args[0] == Slot(and.Res).addr() {
			return "=filetype"
		}
	}
	if x := d.operand(o, 0); x.text != "" && x.text[0] == '*' {
		return "=magic"
	}
	return "num"
}

// store prints ST32 and ST64.
func (d *decoder) store(o *Op) {
	to := d.operand(o, 0)
	if s, ok := slotAt(to.v); o.Nr == ST64 && to.text == "" && ok {
		d.add(s.String(), " = ")
	} else {
		typ := "*(u64*)"
		if o.Nr == ST32 {
			typ = "*(u32*)"
		}
		d.b = append(d.b, typ...)
		switch {
		case to.text != "":
			d.b = append(d.b, to.text...)
		case ok:
			d.b = append(d.b, addrText(to.v)...)
		default:
			d.add("(", addrText(to.v), ")")
		}
		d.b = append(d.b, " = "...)
	}
	d.value("word", o, 1)
}

// call prints a system call and its arguments.
func (d *decoder) call(o *Op) {
	sig := d.signature(o)
	if sig == "" {
		d.add("syscall(", strconv.Itoa(int(o.Nr)))
		for i := range o.Args {
			d.b = append(d.b, ", "...)
			d.value("word", o, i)
		}
		d.b = append(d.b, ')')
		return
	}
	name, rest := cut(sig)
	d.add(name, "(")
	for i := 0; rest != ""; i++ {
		var kind string
		if kind, rest = cut(rest); i > 0 {
			d.b = append(d.b, ", "...)
		}
		d.value(trimMark(kind), o, i)
	}
	d.b = append(d.b, ')')
}

// outcome prints the result slot and the error policy.
func (d *decoder) outcome(o *Op) {
	if Slot(o.Res) != SlotScratch {
		d.add(" = ", Slot(o.Res).String())
	}
	sep := "  "
	if o.Ind&Retry != 0 {
		d.add(sep, "EAGAIN: retry")
		sep = ", "
	}
	if o.Pol == 0 {
		return
	}
	d.b = append(d.b, sep...)
	d.policy(o.Pol)
	if o.Jmp != 0 {
		d.add(": goto ", strconv.Itoa(int(o.Jmp)))
	} else {
		d.b = append(d.b, ": go on"...)
	}
}

// policy prints a list of accepted errnos, "ENOENT|ENOTDIR".
func (d *decoder) policy(n uint8) {
	if int(n) >= len(d.p.Policies) {
		d.add("policy ", strconv.Itoa(int(n)), "?")
		return
	}
	sep := ""
	for _, e := range d.p.Policies[n] {
		if e == 0 {
			break
		}
		if e == AnyErrno {
			d.add(sep, "any error")
		} else {
			d.add(sep, errnoText(int64(e)))
		}
		sep = "|"
	}
	if sep == "" {
		d.b = append(d.b, "no error"...)
	}
}

// String is the slot's name in a printed program, "s3".
func (s Slot) String() string { return "s" + strconv.Itoa(int(s)) }

// errnoText is an errno's name, or its number where it has none.
func errnoText(e int64) string {
	if e > 0 && e < 4096 {
		if s := kernel.ErrnoName(int(e)); s != "" {
			return s
		}
	}
	return strconv.FormatInt(e, 10)
}

func (d *decoder) add(s ...string) {
	for _, x := range s {
		d.b = append(d.b, x...)
	}
}

// cut takes the first word off s.
func cut(s string) (word, rest string) {
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func trimMark(kind string) string {
	if n := len(kind) - 1; n >= 0 && kind[n] == '!' {
		return kind[:n]
	}
	return kind
}
