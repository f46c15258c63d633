package prog

import (
	"encoding/binary"
	"strings"
	"testing"

	"wrun/linux/kernel"
)

func TestBuilderKeepsEqualConstantsOnce(t *testing.T) {
	b := NewBuilder(3)
	if b.Str("a") != b.Str("a") || b.Str("a") == b.Str("b") {
		t.Error("strings")
	}
	if b.Words(1, 2) != b.Words(1, 2) || b.Words(1, 2) == b.Words(1, 3) {
		t.Error("words")
	}
	if b.Str("") != b.Str("") || b.Words(0) != b.Words(0) || b.Str("") == b.Words(0) {
		t.Error("empty ones")
	}
	for _, a := range []Arg{b.Words(7), b.Data([]byte{1}), b.Buf(3), b.Buf(1), b.Strv([]string{"x"})} {
		if a.v%8 != 0 {
			t.Errorf("%#x is not aligned to 8", a.v)
		}
	}
}

func TestBuilderLaysMemoryOut(t *testing.T) {
	b := NewBuilder(9)
	v := b.Var([]byte("var"))
	buf := b.Buf(16)
	argv := b.Strv([]string{"x", "y"}, buf)
	b.Do(kernel.SYS_EXECVE, b.Str("/x"), argv, b.Strv(nil))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if fd := le.Uint64(p.RW[8*SlotErrFD:]); fd != 9 {
		t.Errorf("reports go to descriptor %d", fd)
	}
	if m, rw := p.memory(v.Address(), 3); string(m) != "var" || !rw {
		t.Errorf("Var: %q", m)
	}
	if m, rw := p.memory(buf.Address(), 16); m == nil || !rw {
		t.Error("Buf is not writable")
	}
	m, _ := p.memory(argv.Address(), 32)
	for i, want := range []string{"x", "y"} {
		if s, _, ok := p.str(le.Uint64(m[8*i:])); !ok || string(s) != want {
			t.Errorf("argv[%d] = %q", i, s)
		}
	}
	if le.Uint64(m[16:]) != buf.Address() || le.Uint64(m[24:]) != 0 {
		t.Error("argv does not end with the extra address and NULL")
	}
}

func TestBuilderLabels(t *testing.T) {
	b := NewBuilder(3)
	back, on, end := b.Label(), b.Label(), b.Label()
	b.Bind(back)
	b.Jump(on)
	b.IfEq(Int(1), Int(2), back)
	b.Bind(on)
	b.IfNe(Int(1), Int(2), end)
	b.Do(kernel.SYS_GETPID).Else(on).Accept(2)
	b.Bind(end)
	b.Do(FAIL, Int(1))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint16{2, 0, 4, 2, 0} {
		if p.Ops[i].Jmp != want {
			t.Errorf("op %d jumps to %d, want %d", i, p.Ops[i].Jmp, want)
		}
	}
}

func TestBuilderPolicies(t *testing.T) {
	b := NewBuilder(3)
	for range 3 {
		b.Do(kernel.SYS_GETPID).Accept(1, 2)
	}
	b.Do(kernel.SYS_GETPID).Accept(2, 1)
	b.Do(kernel.SYS_GETPID)
	b.Do(FAIL, Int(1))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Policies) != 3 || p.Ops[0].Pol != 1 || p.Ops[2].Pol != 1 || p.Ops[3].Pol != 2 || p.Ops[4].Pol != 0 {
		t.Errorf("policies %v, ops %+v", p.Policies, p.Ops)
	}
}

func TestBuilderFields(t *testing.T) {
	b := NewBuilder(3)
	for _, f := range []string{"", "a", "a", "b"} {
		b.Field(f)
		b.Do(FAIL, Int(1))
	}
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Names) != 3 || p.Field(0) != "" || p.Field(1) != "a" || p.Field(2) != "a" || p.Field(3) != "b" || p.Field(4) != "" || p.Field(-1) != "" {
		t.Errorf("%v %v", p.Names, p.Fields)
	}
}

func TestBuilderSlots(t *testing.T) {
	b := NewBuilder(3)
	if s := b.Slot(); s != firstSlot {
		t.Errorf("the first slot is %d", s)
	}
	m := b.Mark()
	for b.Mark() < MaxSlots {
		b.Slot()
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a slot too many was given")
			}
		}()
		b.Slot()
	}()
	b.Release(m)
	if s := b.Slot(); s != m {
		t.Errorf("after a release: slot %d, want %d", s, m)
	}
}

func TestBuilderRefuses(t *testing.T) {
	for _, c := range []struct {
		want string
		f    func(b *Builder)
	}{
		{"op 0 jumps to a label that is not bound", func(b *Builder) { b.Jump(b.Label()) }},
		{"op 0 jumps to a label that is not bound", func(b *Builder) { l := b.Label(); b.Jump(l); b.Bind(l) }},
		{"op 1 jumps to op 0 on an error", func(b *Builder) {
			l := b.Label()
			b.Bind(l)
			b.Do(kernel.SYS_GETPID)
			b.Do(kernel.SYS_GETPID).Accept(1).Else(l)
			b.Do(FAIL)
		}},
		{"jumps on errors but accepts none", func(b *Builder) {
			l := b.Label()
			b.Do(kernel.SYS_GETPID).Else(l)
			b.Bind(l)
			b.Do(FAIL)
		}},
		{"runs off its end", func(b *Builder) { b.Do(kernel.SYS_GETPID) }},
		{"stores outside", func(b *Builder) { b.Do(ST32, b.Str("text"), Int(1)); b.Do(FAIL) }},
		{"65536 ops", func(b *Builder) {
			for range 1 << 16 {
				b.Do(FAIL)
			}
		}},
		{"257 error policies", func(b *Builder) {
			for i := range 256 {
				b.Do(kernel.SYS_GETPID).Accept(i%16+1, i/16+1)
			}
			b.Do(FAIL)
		}},
	} {
		b := NewBuilder(3)
		c.f(b)
		if _, err := b.Program(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
