// Package interp turns an init program into a process: the interpreter and the
// program as a static ELF in a sealed memfd, its start, and what it reports.
package interp

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"

	"wrun/linux/prog"
)

// imageBounds gives the first byte of the interpreter and the first behind it.
func imageBounds() (start, end unsafe.Pointer)

// code is the interpreter as it lies in wrun's own text segment.
func code() []byte {
	start, end := imageBounds()
	return unsafe.Slice((*byte)(start), uintptr(end)-uintptr(start))
}

// PageSize is the largest page, in bytes, that kernels of this architecture
// are built for: the segments of the image start on a multiple of it.
func PageSize() int {
	if runtime.GOARCH == "arm64" {
		return 64 << 10 // 4, 16 and 64 kB kernels exist
	}
	return 4 << 10
}

// ELF constants (elf(5)).
const (
	etExec     = 2
	emX86_64   = 62
	emAarch64  = 183
	ptLoad     = 1
	ptGNUStack = 0x6474e551
	flagX      = 1
	flagW      = 2
	flagR      = 4
)

// Image is the program as an ELF file: one segment with the interpreter and
// everything constant, one with the slots and buffers, and a stack that cannot
// be executed. Behind the segments lie the names of the fields, for Explain.
func Image(p *prog.Program) ([]byte, error) {
	c := code()
	if prog.CodeOff+len(c) > prog.DataOff {
		return nil, fmt.Errorf("init image: the interpreter has %d bytes, there is room for %d", len(c), prog.DataOff-prog.CodeOff)
	}
	page := PageSize()
	_, _, roEnd, rw := p.Layout(page)
	if prog.TextBase+prog.DataOff+roEnd > prog.RWBase {
		return nil, fmt.Errorf("init image: %d bytes of constants do not fit below the slots", roEnd)
	}
	img := p.Marshal(make([]byte, prog.DataOff, prog.DataOff+p.Size(page)), page)
	le := binary.LittleEndian
	copy(img, "\x7fELF\x02\x01\x01")
	le.PutUint16(img[16:], etExec)
	machine := uint16(emX86_64)
	if runtime.GOARCH == "arm64" {
		machine = emAarch64
	}
	le.PutUint16(img[18:], machine)
	le.PutUint32(img[20:], 1)
	le.PutUint64(img[24:], prog.TextBase+prog.CodeOff) // entry
	le.PutUint64(img[32:], 64)                         // program headers
	le.PutUint16(img[52:], 64)
	le.PutUint16(img[54:], 56)
	le.PutUint16(img[56:], 3)
	segment := func(i int, typ, flags uint32, off, addr, size int) {
		h := img[64+56*i:]
		le.PutUint32(h, typ)
		le.PutUint32(h[4:], flags)
		le.PutUint64(h[8:], uint64(off))
		le.PutUint64(h[16:], uint64(addr))
		le.PutUint64(h[24:], uint64(addr))
		le.PutUint64(h[32:], uint64(size))
		le.PutUint64(h[40:], uint64(size))
		le.PutUint64(h[48:], uint64(page))
	}
	segment(0, ptLoad, flagR|flagX, 0, prog.TextBase, prog.DataOff+roEnd)
	segment(1, ptLoad, flagR|flagW, prog.DataOff+rw, prog.RWBase, len(p.RW))
	segment(2, ptGNUStack, flagR|flagW, 0, 0, 0)
	copy(img[prog.CodeOff:], c)
	return img, nil
}

// Program reads the program back out of an image.
func Program(image []byte) (*prog.Program, error) {
	if len(image) < prog.DataOff || string(image[:4]) != "\x7fELF" {
		return nil, fmt.Errorf("init image: no ELF file of %d bytes or more", prog.DataOff)
	}
	return prog.Unmarshal(image[prog.DataOff:])
}
