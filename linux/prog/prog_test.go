package prog

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"wrun/linux/kernel"
)

// sample is a program with some of everything.
func sample(t testing.TB) *Program {
	t.Helper()
	b := NewBuilder(3)
	b.Field("root.path")
	fd, l, gone := b.Slot(), b.Label(), b.Label()
	b.Do(kernel.SYS_OPENAT2, fd.Val(), b.Str("/etc"), b.Words(kernel.O_PATH, 0, kernel.RESOLVE_IN_ROOT), Int(24)).Into(fd).Retry().Accept(2, 20).Else(l)
	b.Do(kernel.SYS_CLOSE, fd.Val()).Accept(AnyErrno)
	b.Bind(l)
	b.Field("process")
	buf := b.Buf(100)
	b.Do(kernel.SYS_READ, Int(3), buf, Int(100)).Into(fd)
	b.IfEq(fd.Val(), Int(0), gone)
	b.Do(AND, buf.Load(8), Int(-1)).Into(fd)
	b.Do(ST32, buf.Plus(96), fd.Val())
	b.Do(kernel.SYS_EXECVE, b.Str("/bin/sh"), b.Strv([]string{"sh"}), b.Strv([]string{"A=1"}, buf))
	b.Bind(gone)
	b.Do(FAIL, Int(125))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	p := sample(t)
	for _, page := range []int{4 << 10, 16 << 10, 64 << 10} {
		b := p.Marshal(nil, page)
		got, err := Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, p) {
			t.Errorf("page %d: got\n%+v\nwant\n%+v", page, got, p)
		}
		if again := got.Marshal(nil, page); !bytes.Equal(again, b) {
			t.Errorf("page %d: marshalled again it differs", page)
		}
	}
}

// TestLayout: what the kernel maps writable must start on a page of its own,
// in the file and in memory, for every page size.
func TestLayout(t *testing.T) {
	p := sample(t)
	for _, page := range []int{4 << 10, 16 << 10, 64 << 10} {
		pols, ops, roEnd, rw := p.Layout(page)
		if pols%8 != 0 || ops%OpSize != 0 || pols < HeaderSize+len(p.RO) || ops < pols+8*len(p.Policies) || roEnd != ops+OpSize*len(p.Ops) {
			t.Errorf("page %d: parts at %d, %d, %d", page, pols, ops, roEnd)
		}
		if (DataOff+rw)%page != 0 || RWBase%page != 0 || TextBase%page != 0 || rw < roEnd {
			t.Errorf("page %d: the writable part lies at %#x of the file", page, DataOff+rw)
		}
	}
	if DataBase%OpSize != 0 || CodeOff%16 != 0 || CodeOff < 64+3*56 {
		t.Error("the addresses of the image do not fit together")
	}
}

func TestCheckRefuses(t *testing.T) {
	end := Op{Nr: FAIL, Args: [6]int32{1}}
	exec := Op{Nr: kernel.SYS_EXECVE}
	for _, c := range []struct {
		want string // "": accepted
		ops  []Op
	}{
		{"", []Op{end}},
		{"", []Op{exec}},
		{"", []Op{{Nr: kernel.SYS_EXIT_GROUP}}},
		{"", []Op{{Nr: JMP}}},
		{"", []Op{{Nr: 1, Pol: 1, Jmp: 1, Res: 3, Ind: 0x7f, Args: [6]int32{RWBase, RWBase + 24, DataBase + HeaderSize, DataBase + HeaderSize + 8, RWBase, RWBase}}, end}},
		{"", []Op{{Nr: ST32, Args: [6]int32{RWBase + 28}}, end}},
		{"", []Op{{Nr: ST64, Args: [6]int32{RWBase + 24}}, end}},
		{"", []Op{{Nr: ST64, Ind: 1, Args: [6]int32{RWBase}}, end}},
		{"runs off its end", nil},
		{"runs off its end", []Op{end, {Nr: 1}}},
		{"runs off its end", []Op{{Nr: kernel.SYS_EXECVE, Pol: 1}}},
		{"no pseudo-op 0xf007", []Op{{Nr: nCall}, end}},
		{"op 0 jumps to 2 of 2", []Op{{Nr: JMP, Jmp: 2}, end}},
		{"no policy 2", []Op{{Nr: 1, Pol: 2}, end}},
		{"no slot 4", []Op{{Nr: 1, Res: 4}, end}},
		{"no slot 64", []Op{{Nr: 1, Res: MaxSlots}, end}},
		{"unknown bits in Ind 0x80", []Op{{Nr: 1, Ind: 0x80}, end}},
		{"accepts none", []Op{{Nr: 1, Jmp: 1}, end}},
		{"argument 0 reads outside", []Op{{Nr: 1, Ind: 1}, end}},
		{"argument 5 reads outside", []Op{{Nr: 1, Ind: 32, Args: [6]int32{5: RWBase + 25}}, end}},
		{"argument 1 reads outside", []Op{{Nr: 1, Ind: 2, Args: [6]int32{1: -1}}, end}},
		{"argument 1 reads outside", []Op{{Nr: 1, Ind: 2, Args: [6]int32{1: DataBase + HeaderSize - 1}}, end}},
		{"argument 1 reads outside", []Op{{Nr: 1, Ind: 2, Args: [6]int32{1: DataBase + HeaderSize + 9}}, end}},
		{"stores outside", []Op{{Nr: ST64, Args: [6]int32{RWBase + 28}}, end}},
		{"stores outside", []Op{{Nr: ST32, Args: [6]int32{RWBase + 29}}, end}},
		{"stores outside", []Op{{Nr: ST32, Args: [6]int32{DataBase + HeaderSize}}, end}},
		{"stores outside", []Op{{Nr: ST32}, end}},
	} {
		p := &Program{Ops: c.ops, Fields: make([]uint16, len(c.ops)), Names: []string{""}, Policies: make([][8]byte, 2), RO: make([]byte, 16), RW: make([]byte, 32)}
		err := p.check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.ops, err, c.want)
		}
		if _, uerr := Unmarshal(p.Marshal(nil, 4096)); (uerr == nil) != (err == nil) {
			t.Errorf("%+v: check says %v, Unmarshal %v", c.ops, err, uerr)
		}
	}
	p := &Program{Ops: []Op{end}, Fields: []uint16{1}, Names: []string{""}, RW: make([]byte, 16)}
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "no field 1") {
		t.Errorf("a field without a name: %v", err)
	}
	p.Fields[0], p.RW = 0, p.RW[:8]
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "no room for the slots") {
		t.Errorf("no slots: %v", err)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	good := sample(t).Marshal(nil, 4096)
	set := func(off int, v ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[off:], v); return b }
	}
	for _, c := range []struct {
		want string
		f    func([]byte) []byte
	}{
		{"truncated", func(b []byte) []byte { return nil }},
		{"truncated", func(b []byte) []byte { return b[:HeaderSize-1] }},
		{"truncated", func(b []byte) []byte { return b[:HeaderSize] }},
		{"truncated", func(b []byte) []byte { return b[:len(b)-1] }},
		{"bad magic", set(0, 'x')},
		{"version 2, this wrun reads version 1", set(24, 2)},
		{"header word 0", set(28, 0, 0, 0, 0x80)},
		{"header out of range", set(44, 0, 0)},
		{"header out of range", set(44, 1, 16)},
		{"header out of range", set(32, 1, 1)},
		{"disagree", set(8, 1)},
		{"disagree", set(16, 1)},
		{"truncated", set(48, 0xff, 0xff)},
	} {
		if _, err := Unmarshal(c.f(bytes.Clone(good))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	for n := range len(good) {
		if _, err := Unmarshal(good[:n]); err == nil {
			t.Fatalf("%d of %d bytes were accepted", n, len(good))
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	p := sample(f)
	f.Add(p.Marshal(nil, 4096))
	f.Add([]byte(magic))
	for _, c := range shapes() { // every call's structs, to be damaged
		b := NewBuilder(3)
		s, buf := b.Slot(), b.Buf(64)
		c.do(b, s, buf)
		b.Do(FAIL, Int(1))
		p, err := b.Program()
		if err != nil {
			continue // a jump to op 0, here
		}
		f.Add(p.Marshal(nil, 16))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			t.Skip("larger than any program worth the time")
		}
		p, err := Unmarshal(b)
		if err != nil {
			return
		}
		var out discard
		if err := p.Print(&out); err != nil {
			t.Fatal(err)
		}
		if out.lines < len(p.Ops) {
			t.Errorf("%d ops gave %d lines", len(p.Ops), out.lines)
		}
		for i := -1; i <= len(p.Ops); i++ {
			if s := p.Describe(i); strings.Contains(s, "\n") {
				t.Errorf("Describe(%d) gives two lines: %q", i, s)
			}
			p.Field(i)
		}
		q, err := Unmarshal(p.Marshal(nil, 4096))
		if err != nil {
			t.Fatalf("marshalled again: %v", err)
		}
		if !reflect.DeepEqual(p.Ops, q.Ops) || !bytes.Equal(p.RO, q.RO) || !bytes.Equal(p.RW, q.RW) {
			t.Error("marshalled again it differs")
		}
	})
}

// discard counts lines.
type discard struct{ lines int }

func (d *discard) Write(b []byte) (int, error) {
	d.lines += bytes.Count(b, []byte("\n"))
	return len(b), nil
}

// FuzzPrint takes programs that nothing has checked.
func FuzzPrint(f *testing.F) {
	f.Add([]byte{0}, []byte("ro"), []byte("rw"), uint8(1))
	for _, c := range shapes() {
		b := NewBuilder(3)
		s, buf := b.Slot(), b.Buf(64)
		c.do(b, s, buf)
		o := make([]byte, OpSize)
		putOp(o, &b.ops[0])
		f.Add(o, b.ro, b.rw, uint8(1))
	}
	f.Fuzz(func(t *testing.T, ops, ro, rw []byte, pols uint8) {
		if len(ops)+len(ro)+len(rw) > 1<<14 {
			t.Skip("larger than any program worth the time")
		}
		p := &Program{RO: ro, RW: rw, Policies: make([][8]byte, pols), Fields: []uint16{0, 9}, Names: []string{string(ro)}}
		for ; len(ops) >= OpSize; ops = ops[OpSize:] {
			p.Ops = append(p.Ops, getOp(ops))
		}
		var out discard
		if err := p.Print(&out); err != nil {
			t.Fatal(err)
		}
		for i := range p.Ops {
			p.Describe(i)
		}
	})
}
