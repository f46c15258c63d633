package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"wrun/wasm"
)

// maxModule bounds a module's size: the limit of the WebAssembly JavaScript
// interface, section "Implementation-defined limits".
const maxModule = 1 << 30

// readModule reads the whole module from the job's descriptor, and closes it.
func readModule(fd int) ([]byte, error) {
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("fstat: %w", err)
	}
	switch {
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return nil, errors.New("not a regular file")
	case st.Size > maxModule:
		return nil, fmt.Errorf("larger than %d bytes", maxModule)
	case st.Size == 0:
		return nil, errors.New("an empty file")
	}
	b := make([]byte, st.Size)
	for off := 0; off < len(b); {
		n, err := syscall.Pread(fd, b[off:], int64(off))
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return nil, fmt.Errorf("read: %w", err)
		case n == 0:
			return nil, fmt.Errorf("read %d bytes of %d: %w", off, len(b), io.ErrUnexpectedEOF)
		}
		off += n
	}
	if wasm.Sniff(b) != wasm.Module {
		return nil, errors.New("not a WebAssembly module")
	}
	return b, nil
}

// outline is what wazero does not tell about a module.
type outline struct {
	start   bool     // there is a start function: instantiating runs the guest
	imports []string // imports other than functions, as "memory env.mem"
}

// The section ids and kinds of imports used here: WebAssembly core
// specification 5.5.2 and 5.5.5; tags are from the exception proposal.
const (
	sectionImport = 2
	sectionStart  = 8
	kindFunc      = 0
	kindTable     = 1
	kindMemory    = 2
	kindGlobal    = 3
	kindTag       = 4
)

var errOutline = errors.New("sections that cannot be read")

// scan reads the outline of a module that wazero has found to be valid.
func scan(b []byte) (o outline, err error) {
	s := scanner{b: b[min(8, len(b)):]}
	for len(s.b) > 0 && !s.bad {
		id := s.byte()
		body := scanner{b: s.bytes(s.u32())}
		switch id {
		case sectionStart:
			o.start = true
		case sectionImport:
			for n := body.u32(); n > 0 && !body.bad; n-- {
				body.entry(&o)
			}
		}
		s.bad = s.bad || body.bad
	}
	if s.bad {
		return o, errOutline
	}
	return o, nil
}

// scanner takes values off the front; bad says that there were none.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) entry(o *outline) {
	module := s.bytes(s.u32())
	name := s.bytes(s.u32())
	add := func(kind string) { o.imports = append(o.imports, kind+" "+string(module)+"."+string(name)) }
	switch s.byte() {
	case kindFunc:
		s.u32()
	case kindTable:
		add("table")
		s.byte()
		s.limits()
	case kindMemory:
		add("memory")
		s.limits()
	case kindGlobal:
		add("global")
		s.bytes(2)
	case kindTag:
		add("tag")
		s.byte()
		s.u32()
	default:
		s.bad = true
	}
}

func (s *scanner) limits() {
	flags := s.byte()
	s.u32()
	if flags&1 != 0 {
		s.u32()
	}
}

func (s *scanner) byte() byte {
	b := s.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (s *scanner) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(s.b)) {
		s.bad = true
		return nil
	}
	b := s.b[:n]
	s.b = s.b[n:]
	return b
}

// u32 reads a LEB128 number.
func (s *scanner) u32() (v uint32) {
	for shift := 0; shift < 35; shift += 7 {
		c := s.byte()
		v |= uint32(c&0x7f) << shift
		if c&0x80 == 0 {
			return v
		}
	}
	s.bad = true
	return 0
}
