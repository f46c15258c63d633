package wasi

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"github.com/tetratelabs/wazero/api"
)

// memory is the guest's whole linear memory, as it is during one call. Pointers
// and lengths come from the guest: every access goes through these methods,
// which answer EFAULT for what is outside.
type memory []byte

// memoryOf gives the memory of the module that calls.
func memoryOf(mod api.Module) memory {
	m := mod.Memory()
	b, ok := m.Read(0, m.Size())
	if ok && len(b) == 0 {
		// wazero's Size is 0 for a memory of 4 GiB too, and it cannot give a view
		// that ends there.
		if b, ok = m.Read(0, 1<<32-1); ok {
			b = unsafe.Slice(&b[0], 1<<32)
		}
	}
	return memory(b)
}

// bytes gives n bytes at p, a view.
func (m memory) bytes(p, n uint32) ([]byte, Errno) {
	if uint64(p)+uint64(n) > uint64(len(m)) {
		return nil, efault
	}
	return m[p : uint64(p)+uint64(n) : uint64(p)+uint64(n)], esuccess
}

func (m memory) u16(p uint32) (uint16, Errno) {
	b, e := m.bytes(p, 2)
	if e != esuccess {
		return 0, e
	}
	return binary.LittleEndian.Uint16(b), esuccess
}

func (m memory) u32(p uint32) (uint32, Errno) {
	b, e := m.bytes(p, 4)
	if e != esuccess {
		return 0, e
	}
	return binary.LittleEndian.Uint32(b), esuccess
}

func (m memory) u64(p uint32) (uint64, Errno) {
	b, e := m.bytes(p, 8)
	if e != esuccess {
		return 0, e
	}
	return binary.LittleEndian.Uint64(b), esuccess
}

func (m memory) putU16(p uint32, v uint16) Errno {
	b, e := m.bytes(p, 2)
	if e == esuccess {
		binary.LittleEndian.PutUint16(b, v)
	}
	return e
}

func (m memory) putU32(p, v uint32) Errno {
	b, e := m.bytes(p, 4)
	if e == esuccess {
		binary.LittleEndian.PutUint32(b, v)
	}
	return e
}

func (m memory) putU64(p uint32, v uint64) Errno {
	b, e := m.bytes(p, 8)
	if e == esuccess {
		binary.LittleEndian.PutUint64(b, v)
	}
	return e
}

// maxIovecs is Linux's UIO_MAXIOV (readv(2)).
const maxIovecs = 1024

// iovecs makes an iovec array for readv(2) and the like of the guest's, straight
// on its memory. The array is the host's and valid until the next call. Empty
// elements are left out, so total 0 means an empty array.
func (h *Host) iovecs(m memory, p, n uint32) (v []syscall.Iovec, total uint64, e Errno) {
	if n > maxIovecs {
		return nil, 0, einval
	}
	list, e := m.bytes(p, n*8)
	if e != esuccess {
		return nil, 0, e
	}
	if cap(h.iov) < int(n) {
		h.iov = make([]syscall.Iovec, 0, max(16, n))
	}
	v = h.iov[:0]
	for ; len(list) > 0; list = list[8:] {
		b, e := m.bytes(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
		if e != esuccess {
			return nil, 0, e
		}
		if len(b) == 0 {
			continue
		}
		total += uint64(len(b))
		v = append(v, syscall.Iovec{Base: &b[0], Len: uint64(len(b))})
	}
	if total > 1<<32-1 { // its count would not fit in the guest's size type
		return nil, 0, einval
	}
	return v, total, esuccess
}

// cstring copies s to b with a NUL behind it, for a system call, if it fits.
func cstring(b []byte, s []byte) bool {
	if len(s) >= len(b) {
		return false
	}
	b[copy(b, s)] = 0
	return true
}
