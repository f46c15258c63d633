package prog

import (
	"encoding/binary"
	"fmt"
)

// Slot is an 8-byte register of the program, in memory.
type Slot uint16

// Arg is an argument of an op: an immediate, an address, or a slot's value.
type Arg struct {
	v   int32
	ind bool
}

// Int is an immediate argument; it is sign-extended to 64 bits.
func Int(n int) Arg { return Arg{v: int32(n)} }

// Val is the value of the slot when the op runs.
func (s Slot) Val() Arg { return Arg{v: s.addr(), ind: true} }

// Addr is the address of the slot.
func (s Slot) Addr() Arg { return Arg{v: s.addr()} }

func (s Slot) addr() int32 { return int32(RWBase) + 8*int32(s) }

// Load is the 64-bit value found off bytes behind the address a.
func (a Arg) Load(off int) Arg { return Arg{v: a.v + int32(off), ind: true} }

// Plus is the address off bytes behind a.
func (a Arg) Plus(off int) Arg { return Arg{v: a.v + int32(off)} }

// Address gives a as a number, for structs that hold addresses.
func (a Arg) Address() uint64 { return uint64(uint32(a.v)) }

// Label is a place in a program that jumps go to.
type Label int

// Builder makes a Program op by op.
type Builder struct {
	ops    []Op
	fields []uint16
	names  []string
	ro, rw []byte
	pols   [][8]byte
	strs   map[string]int32
	labels []int
	field  uint16
	free   Slot
}

// NewBuilder starts a program whose failure reports go to errFD.
func NewBuilder(errFD int) *Builder {
	b := &Builder{
		ops: make([]Op, 0, 1024), fields: make([]uint16, 0, 1024), names: make([]string, 1, 192),
		ro: make([]byte, 0, 32<<10), rw: make([]byte, 8*MaxSlots, 8192), pols: make([][8]byte, 1, 16),
		strs: make(map[string]int32, 128), free: firstSlot,
	}
	binary.LittleEndian.PutUint64(b.rw[8*SlotErrFD:], uint64(errFD))
	return b
}

// Slot takes a slot. What an earlier use has left is still in it.
func (b *Builder) Slot() Slot {
	if b.free == MaxSlots {
		panic("prog: a program uses more slots than there are; release what is done with")
	}
	b.free++
	return b.free - 1
}

// Mark and Release give slots back: all taken since the mark.
func (b *Builder) Mark() Slot { return b.free }

// Release frees every slot taken since Mark returned m.
func (b *Builder) Release(m Slot) { b.free = m }

// Field names the config.json field the next ops come from.
func (b *Builder) Field(name string) {
	if b.names[b.field] == name {
		return
	}
	b.names = append(b.names, name)
	b.field = uint16(len(b.names) - 1)
}

// Len is the index of the next op.
func (b *Builder) Len() int { return len(b.ops) }

// Str is the address of a NUL-terminated string; equal strings are one.
func (b *Builder) Str(s string) Arg {
	a, ok := b.strs[s]
	if !ok {
		a = b.roAddr()
		b.ro = append(append(b.ro, s...), 0)
		b.strs[s] = a
	}
	return Arg{v: a}
}

func (b *Builder) roAddr() int32 { return int32(DataBase + HeaderSize + len(b.ro)) }

// Data is the address of constant bytes, aligned to 8.
func (b *Builder) Data(d []byte) Arg {
	for len(b.ro)%8 != 0 {
		b.ro = append(b.ro, 0)
	}
	a := b.roAddr()
	b.ro = append(b.ro, d...)
	return Arg{v: a}
}

// Words is the address of constant 64-bit words.
func (b *Builder) Words(w ...uint64) Arg {
	var buf [64]byte
	d := buf[:0]
	for _, x := range w {
		d = binary.LittleEndian.AppendUint64(d, x)
	}
	key := "\x00w" + string(d) // no C string starts with a NUL: no clash with Str
	if a, ok := b.strs[key]; ok {
		return Arg{v: a}
	}
	a := b.Data(d)
	b.strs[key] = a.v
	return a
}

// Buf is the address of n writable, zeroed bytes, aligned to 8.
func (b *Builder) Buf(n int) Arg { return b.Var(make([]byte, n)) }

// Var is the address of writable bytes, aligned to 8, that start as d.
func (b *Builder) Var(d []byte) Arg {
	a := int32(RWBase + len(b.rw))
	b.rw = append(b.rw, d...)
	for len(b.rw)%8 != 0 {
		b.rw = append(b.rw, 0)
	}
	return Arg{v: a}
}

// Strv is the address of a NULL-terminated vector of strings, as execve(2)
// takes them; extra addresses follow the strings.
func (b *Builder) Strv(v []string, extra ...Arg) Arg {
	w := make([]byte, 0, 8*(len(v)+len(extra)+1))
	for _, s := range v {
		w = binary.LittleEndian.AppendUint64(w, b.Str(s).Address())
	}
	for _, x := range extra {
		w = binary.LittleEndian.AppendUint64(w, x.Address())
	}
	return b.Data(binary.LittleEndian.AppendUint64(w, 0))
}

// Ref is an op just added, to say more about it.
type Ref struct {
	b *Builder
	i int
}

// Do adds an op: a system call number or a pseudo-op and its arguments.
func (b *Builder) Do(nr int, args ...Arg) Ref {
	o := Op{Nr: uint16(nr)}
	for i, a := range args {
		o.Args[i] = a.v
		if a.ind {
			o.Ind |= 1 << i
		}
	}
	b.ops = append(b.ops, o)
	b.fields = append(b.fields, b.field)
	return Ref{b, len(b.ops) - 1}
}

// Into keeps the result in a slot.
func (r Ref) Into(s Slot) Ref { r.b.ops[r.i].Res = uint16(s); return r }

// Retry runs the op again while it answers EAGAIN.
func (r Ref) Retry() Ref { r.b.ops[r.i].Ind |= Retry; return r }

// Accept goes on in spite of these errnos; the slot gets -errno.
func (r Ref) Accept(errnos ...int) Ref {
	var p [8]byte
	for i, e := range errnos {
		p[i] = byte(e)
	}
	for i := 1; i < len(r.b.pols); i++ {
		if r.b.pols[i] == p {
			r.b.ops[r.i].Pol = uint8(i)
			return r
		}
	}
	r.b.pols = append(r.b.pols, p)
	r.b.ops[r.i].Pol = uint8(len(r.b.pols) - 1)
	return r
}

// Else goes to a label after an accepted error.
func (r Ref) Else(l Label) Ref { r.b.ops[r.i].Jmp = uint16(l) + 1; return r }

// Label makes a label, to be bound later.
func (b *Builder) Label() Label {
	b.labels = append(b.labels, -1)
	return Label(len(b.labels) - 1)
}

// Bind puts a label at the next op.
func (b *Builder) Bind(l Label) { b.labels[l] = len(b.ops) }

// Jump goes to a label.
func (b *Builder) Jump(l Label) { b.Do(JMP).Else(l) }

// IfEq goes to a label when x and y are equal as 64-bit values.
func (b *Builder) IfEq(x, y Arg, l Label) { b.Do(JEQ, x, y).Else(l) }

// IfNe goes to a label when x and y differ as 64-bit values.
func (b *Builder) IfNe(x, y Arg, l Label) { b.Do(JNE, x, y).Else(l) }

// Set stores a value in a slot.
func (b *Builder) Set(s Slot, v Arg) { b.Do(ST64, s.Addr(), v) }

// Program ends the building. An unbound label is a fault of the compiler.
func (b *Builder) Program() (*Program, error) {
	for i := range b.ops {
		if j := b.ops[i].Jmp; j != 0 {
			at := b.labels[j-1]
			if at < 0 || at >= len(b.ops) {
				return nil, fmt.Errorf("init program: op %d jumps to a label that is not bound", i)
			}
			if at == 0 && b.ops[i].Nr < JMP {
				return nil, fmt.Errorf("init program: op %d jumps to op 0 on an error, which would be read as: go on", i)
			}
			b.ops[i].Jmp = uint16(at)
		}
	}
	if len(b.ops) > 0xffff || len(b.names) > 0xffff || len(b.pols) > 256 {
		return nil, fmt.Errorf("init program: %d ops, %d fields, %d error policies: at most 65535, 65535 and 256", len(b.ops), len(b.names), len(b.pols))
	}
	p := &Program{Ops: b.ops, Fields: b.fields, Names: b.names, Policies: b.pols, RO: b.ro, RW: b.rw}
	return p, p.check()
}
