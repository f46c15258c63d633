package seccomp

import (
	"encoding/binary"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Key appends to b all that Compile looks at, so that the same bytes mean the
// same filter.
func Key(b []byte, s *specs.LinuxSeccomp, native specs.Arch) []byte {
	number := func(n uint64) { b = binary.LittleEndian.AppendUint64(b, n) }
	text := func(t string) {
		number(uint64(len(t)))
		b = append(b, t...)
	}
	errno := func(n *uint) {
		if n == nil {
			number(1 << 32)
		} else {
			number(uint64(*n))
		}
	}
	text(string(native))
	text(string(s.DefaultAction))
	errno(s.DefaultErrnoRet)
	number(uint64(len(s.Architectures)))
	for _, a := range s.Architectures {
		text(string(a))
	}
	if s.Flags == nil {
		number(1 << 32)
	} else {
		number(uint64(len(s.Flags)))
	}
	for _, f := range s.Flags {
		text(string(f))
	}
	number(uint64(len(s.Syscalls)))
	for i := range s.Syscalls {
		x := &s.Syscalls[i]
		number(uint64(len(x.Names)))
		for _, n := range x.Names {
			text(n)
		}
		text(string(x.Action))
		errno(x.ErrnoRet)
		number(uint64(len(x.Args)))
		for _, a := range x.Args {
			number(uint64(a.Index))
			number(a.Value)
			number(a.ValueTwo)
			text(string(a.Op))
		}
	}
	return b
}
