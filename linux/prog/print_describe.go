package prog

import (
	"encoding/binary"
	"strconv"
	"strings"

	"wrun/linux/kernel"
)

// maxDescribed bounds the strings in Describe's line, in bytes.
const maxDescribed = 256

// Describe names op i for an error line: the call and only those arguments
// that tell a person what it was about, `fsconfig(mode=1777)`. Pseudo-ops, and
// an index that the program does not have, give "": there the config field
// says enough.
func (p *Program) Describe(i int) string {
	if i < 0 || i >= len(p.Ops) || p.Ops[i].Nr >= JMP {
		return ""
	}
	o := &p.Ops[i]
	d := decoder{p: p, plain: true, left: maxDescribed}
	sig := d.signature(o)
	if sig == "" {
		return "syscall(" + strconv.Itoa(int(o.Nr)) + ")"
	}
	name, rest := cut(sig)
	var shown []string
	for k := 0; rest != ""; k++ {
		var kind string
		if kind, rest = cut(rest); !strings.HasSuffix(kind, "!") {
			continue
		}
		d.b = d.b[:0]
		if kind == "fd!" {
			d.opened(i, k)
		} else {
			d.value(trimMark(kind), o, k)
		}
		if len(d.b) > 0 {
			shown = append(shown, string(d.b))
		}
	}
	switch int(o.Nr) {
	case kernel.SYS_FSCONFIG:
		shown = d.describeFsconfig(i, shown)
	case kernel.SYS_EXECVE:
		if len(shown) == 0 { // the path was looked up: argv[0] says what for
			shown = d.first(o, 1)
		}
	case kernel.SYS_MOUNT_SETATTR:
		for k := range shown {
			shown[k] = strings.ReplaceAll(shown[k], "MOUNT_ATTR_", "")
		}
	}
	if len(shown) == 0 {
		return name
	}
	return name + "(" + strings.Join(shown, ", ") + ")"
}

// first gives the first string of the vector that is argument k.
func (d *decoder) first(o *Op, k int) []string {
	a, _ := d.known(o, k)
	m, _ := d.p.memory(a, 8)
	if m == nil {
		return nil
	}
	d.b = d.b[:0]
	d.str(binary.LittleEndian.Uint64(m))
	if len(d.b) == 0 {
		return nil
	}
	return []string{string(d.b)}
}

// describeFsconfig makes of command, key and value what a person wrote in the
// options: "mode=1777", "newinstance"; and "create tmpfs" for the end.
func (d *decoder) describeFsconfig(i int, shown []string) []string {
	o := &d.p.Ops[i]
	cmd, _ := d.known(o, 1)
	switch {
	case cmd == kernel.FSCONFIG_CMD_CREATE:
		d.b = d.b[:0]
		d.opened(i, 0)
		if len(d.b) > 0 {
			return []string{"create " + string(d.b)}
		}
		return []string{"create"}
	case len(shown) > 2: // command, key, value
		return []string{strings.Join(shown[1:], "=")}
	case len(shown) > 1:
		return shown[1:]
	}
	return shown
}

// opened prints what argument k of op i, a descriptor in a slot, was opened
// from, as far as that can be seen: the last op before i that put its result
// there, if it shows anything itself.
func (d *decoder) opened(i, k int) {
	o := &d.p.Ops[i]
	if o.Ind&(1<<k) == 0 {
		return
	}
	s, ok := slotAt(address(o.Args[k]))
	if !ok || s == SlotScratch {
		return
	}
	for i--; i >= 0; i-- {
		q := &d.p.Ops[i]
		if q.Nr == ST64 && q.Ind&1 == 0 && address(q.Args[0]) == address(s.addr()) {
			return // a descriptor that came from elsewhere
		}
		if q.Nr == AND && Slot(q.Res) == s {
			return
		}
		if q.Nr >= JMP || Slot(q.Res) != s {
			continue
		}
		_, kinds := cut(d.signature(q))
		for n := 0; kinds != ""; n++ {
			var kind string
			if kind, kinds = cut(kinds); kind == "str!" {
				d.value("str", q, n)
				return
			}
		}
		return
	}
}
