// Package prog is the init program as data: a flat list of system calls with
// the strings and structs they need, and nothing that runs them. docs/ops.md
// describes the instruction set and the image.
package prog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"wrun/linux/kernel"
)

// Addresses of the image. It sits below 2 GiB so that every address fits the
// signed 32 bits of an argument, and above 64 kB so that no vm.mmap_min_addr
// is in its way.
const (
	// TextBase is where the ELF file's first byte is mapped.
	TextBase = 0x10000000
	// CodeOff is the offset of the interpreter in the file: behind the ELF
	// header (64 bytes) and three program headers (56 bytes each), aligned.
	CodeOff = 240
	// HandlerAddr is the signal handler that ends a waiting init: the second
	// 16 bytes of the interpreter.
	HandlerAddr = TextBase + CodeOff + 16
	// DataOff is the offset of what Marshal writes; the code fits before it.
	DataOff = 0x1000
	// DataBase is the address of the program's header.
	DataBase = TextBase + DataOff
	// RWBase is where the slots are, and behind them what the program writes.
	RWBase = 0x10800000
	// MaxSlots is the number of 8-byte slots a program may use.
	MaxSlots = 64
	// HeaderSize is the size of the program's header in bytes.
	HeaderSize = 64
	// OpSize is the size of an encoded op in bytes.
	OpSize = 32
)

// The reserved slots.
const (
	// SlotScratch takes results nobody asked for.
	SlotScratch Slot = 0
	// SlotErrFD holds the descriptor that a failure report is written to.
	SlotErrFD Slot = 1
	firstSlot Slot = 2
)

// Pseudo-ops: what the interpreter does itself. Each is argued for in
// docs/ops.md.
const (
	JMP   = 0xF000 // go to Jmp
	JEQ   = 0xF001 // go to Jmp if a0 == a1
	JNE   = 0xF002 // go to Jmp if a0 != a1
	ST32  = 0xF003 // store 32 bits: *a0 = a1
	ST64  = 0xF004 // store 64 bits: *a0 = a1
	AND   = 0xF005 // Res = a0 & a1
	FAIL  = 0xF006 // report errno a0 (its absolute value) and exit
	nCall = 0xF007
)

// Retry, in Op.Ind: run the op again while it answers EAGAIN. openat2(2) with
// RESOLVE_IN_ROOT does when anything on the host is renamed or mounted while
// it walks a `..`.
const Retry = 1 << 6

// Op is one instruction, laid out as in the image: 32 bytes, little endian.
type Op struct {
	Nr   uint16   // system call number, or a pseudo-op
	Ind  uint8    // bit i: Args[i] is the address of the 64-bit value to pass; Retry
	Pol  uint8    // error policy: 0 fails, n accepts the errnos of Policies[n]
	Res  uint16   // slot of the result (of -errno, for an accepted error)
	Jmp  uint16   // target of jumps, and of an accepted error if not 0
	Args [6]int32 // sign-extended
}

// AnyErrno in a policy accepts every error.
const AnyErrno = 255

// Program is a compiled init program.
type Program struct {
	Ops      []Op
	Fields   []uint16  // per op: index into Names
	Names    []string  // config.json fields: "mounts[3] /dev/shm"
	Policies [][8]byte // accepted errnos; 0 ends the list
	RO       []byte    // strings and structs, at DataBase+HeaderSize
	RW       []byte    // slots and buffers, at RWBase
}

// Field is the config.json field that op i came from.
func (p *Program) Field(i int) string {
	if i < 0 || i >= len(p.Fields) || int(p.Fields[i]) >= len(p.Names) {
		return ""
	}
	return p.Names[p.Fields[i]]
}

const (
	magic   = "WRUNPROG"
	version = 1
	maxSize = 1 << 24
)

func align(n, to int) int { return (n + to - 1) &^ (to - 1) }

// Layout gives the offsets of Marshal's parts: of the policies, the ops, the
// end of what is mapped read-only, and of the writable part, which starts on
// a page of pageSize bytes of the file.
func (p *Program) Layout(pageSize int) (pols, ops, roEnd, rw int) {
	pols = HeaderSize + align(len(p.RO), 8)
	ops = align(pols+8*len(p.Policies), OpSize)
	roEnd = ops + OpSize*len(p.Ops)
	rw = align(DataOff+roEnd, pageSize) - DataOff
	return pols, ops, roEnd, rw
}

// Size is how many bytes Marshal gives for this page size.
func (p *Program) Size(pageSize int) int {
	_, _, _, rw := p.Layout(pageSize)
	n := rw + align(len(p.RW), 8) + 2*len(p.Ops)
	for _, s := range p.Names {
		n += 2 + len(s)
	}
	return n
}

// Marshal encodes the program as it lies in the image from DataOff on, and
// appends that to dst. The names of the fields come last, behind what is
// mapped. pageSize is the largest page size of the architecture, in bytes.
func (p *Program) Marshal(dst []byte, pageSize int) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, p.Size(pageSize))...)
	b := dst[at:]
	pols, ops, roEnd, rw := p.Layout(pageSize)
	meta := rw + align(len(p.RW), 8)
	le := binary.LittleEndian
	copy(b, magic)
	le.PutUint64(b[8:], uint64(DataBase+ops))
	le.PutUint64(b[16:], uint64(DataBase+pols))
	le.PutUint32(b[24:], version)
	le.PutUint32(b[28:], uint32(len(p.Ops)))
	le.PutUint32(b[32:], uint32(len(p.Policies)))
	le.PutUint32(b[36:], uint32(len(p.RO)))
	le.PutUint32(b[40:], uint32(len(p.RW)))
	le.PutUint32(b[44:], uint32(pageSize))
	le.PutUint32(b[48:], uint32(len(p.Names)))
	le.PutUint32(b[52:], uint32(roEnd))
	copy(b[HeaderSize:], p.RO)
	for i := range p.Policies {
		copy(b[pols+8*i:], p.Policies[i][:])
	}
	for i := range p.Ops {
		putOp(b[ops+OpSize*i:], &p.Ops[i])
	}
	copy(b[rw:], p.RW)
	w := meta
	for _, f := range p.Fields {
		le.PutUint16(b[w:], f)
		w += 2
	}
	for _, s := range p.Names {
		le.PutUint16(b[w:], uint16(len(s)))
		w += 2 + copy(b[w+2:], s)
	}
	return dst
}

func putOp(b []byte, o *Op) {
	le := binary.LittleEndian
	le.PutUint16(b, o.Nr)
	b[2], b[3] = o.Ind, o.Pol
	le.PutUint16(b[4:], o.Res)
	le.PutUint16(b[6:], o.Jmp)
	for i, a := range o.Args {
		le.PutUint32(b[8+4*i:], uint32(a))
	}
}

func getOp(b []byte) (o Op) {
	le := binary.LittleEndian
	o.Nr, o.Ind, o.Pol = le.Uint16(b), b[2], b[3]
	o.Res, o.Jmp = le.Uint16(b[4:]), le.Uint16(b[6:])
	for i := range o.Args {
		o.Args[i] = int32(le.Uint32(b[8+4*i:]))
	}
	return o
}

var errShort = errors.New("init program: truncated")

// Unmarshal reads what Marshal wrote. Everything is checked: a program that it
// returns can be printed and marshalled without a fault.
func Unmarshal(b []byte) (*Program, error) {
	if len(b) < HeaderSize {
		return nil, errShort
	}
	if string(b[:8]) != magic {
		return nil, errors.New("init program: bad magic")
	}
	le := binary.LittleEndian
	if v := le.Uint32(b[24:]); v != version {
		return nil, fmt.Errorf("init program: version %d, this wrun reads version %d", v, version)
	}
	var n [7]int
	for i := range n {
		v := le.Uint32(b[28+4*i:])
		if v > maxSize {
			return nil, fmt.Errorf("init program: header word %d is %d, at most %d", i, v, maxSize)
		}
		n[i] = int(v)
	}
	p := &Program{}
	nops, npol, ro, rwLen, page, names := n[0], n[1], n[2], n[3], n[4], n[5]
	if page == 0 || page&(page-1) != 0 || nops > 0xffff || npol > 256 || names > 0xffff {
		return nil, errors.New("init program: header out of range")
	}
	p.Ops, p.Policies = make([]Op, nops), make([][8]byte, npol)
	pols := HeaderSize + align(ro, 8)
	ops := align(pols+8*npol, OpSize)
	rw := align(DataOff+ops+OpSize*nops, page) - DataOff
	meta := rw + align(rwLen, 8)
	if meta+2*nops > len(b) {
		return nil, errShort
	}
	if le.Uint64(b[8:]) != uint64(DataBase+ops) || le.Uint64(b[16:]) != uint64(DataBase+pols) {
		return nil, errors.New("init program: addresses and sizes of the header disagree")
	}
	p.RO = append([]byte(nil), b[HeaderSize:HeaderSize+ro]...)
	p.RW = append([]byte(nil), b[rw:rw+rwLen]...)
	for i := range p.Policies {
		copy(p.Policies[i][:], b[pols+8*i:])
	}
	for i := range p.Ops {
		p.Ops[i] = getOp(b[ops+OpSize*i:])
	}
	w := meta
	for range p.Ops {
		p.Fields = append(p.Fields, le.Uint16(b[w:]))
		w += 2
	}
	for range names {
		if w+2 > len(b) {
			return nil, errShort
		}
		l := int(le.Uint16(b[w:]))
		if w += 2; w+l > len(b) {
			return nil, errShort
		}
		p.Names = append(p.Names, string(b[w:w+l]))
		w += l
	}
	return p, p.check()
}

// check refuses what the interpreter could not run: it trusts its program.
func (p *Program) check() error {
	if len(p.RW) < 8*int(firstSlot) {
		return errors.New("init program: no room for the slots")
	}
	if n := len(p.Ops); n == 0 || !p.Ops[n-1].ends() {
		return errors.New("init program: it runs off its end: the last op must be a jump, FAIL, exit_group or an execve that reports every error")
	}
	for i := range p.Ops {
		o := &p.Ops[i]
		switch {
		case o.Nr >= nCall:
			return fmt.Errorf("init program: op %d: no pseudo-op %#x", i, o.Nr)
		case int(o.Jmp) >= len(p.Ops):
			return fmt.Errorf("init program: op %d jumps to %d of %d", i, o.Jmp, len(p.Ops))
		case o.Pol > 0 && int(o.Pol) >= len(p.Policies):
			return fmt.Errorf("init program: op %d: no policy %d", i, o.Pol)
		case o.Res >= MaxSlots || 8*(int(o.Res)+1) > len(p.RW):
			return fmt.Errorf("init program: op %d: no slot %d", i, o.Res)
		case int(p.Fields[i]) >= len(p.Names):
			return fmt.Errorf("init program: op %d: no field %d", i, p.Fields[i])
		case o.Ind&^(Retry|(1<<len(o.Args)-1)) != 0:
			return fmt.Errorf("init program: op %d: unknown bits in Ind %#x", i, o.Ind)
		case o.Nr < JMP && o.Jmp != 0 && o.Pol == 0:
			return fmt.Errorf("init program: op %d jumps on errors but accepts none", i)
		}
		for k, a := range o.Args {
			if o.Ind&(1<<k) != 0 && !p.mapped(a, 8) {
				return fmt.Errorf("init program: op %d: argument %d reads outside the image", i, k)
			}
		}
		size := 0
		switch o.Nr {
		case ST32:
			size = 4
		case ST64:
			size = 8
		}
		if size > 0 && o.Ind&1 == 0 && !p.writable(o.Args[0], size) {
			return fmt.Errorf("init program: op %d stores outside the image", i)
		}
	}
	return nil
}

// ends tells that nothing behind the op is run.
func (o *Op) ends() bool {
	switch int(o.Nr) {
	case JMP, FAIL, kernel.SYS_EXIT_GROUP:
		return true
	case kernel.SYS_EXECVE, kernel.SYS_EXECVEAT:
		return o.Pol == 0
	}
	return false
}

func (p *Program) writable(a int32, n int) bool {
	return a >= RWBase && int(a)-RWBase+n <= len(p.RW)
}

func (p *Program) mapped(a int32, n int) bool {
	const ro = DataBase + HeaderSize
	return p.writable(a, n) || a >= ro && int(a)-ro+n <= len(p.RO)
}
