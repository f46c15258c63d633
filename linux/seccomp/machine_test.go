package seccomp

import (
	"encoding/binary"
	"fmt"
)

// data is struct seccomp_data.
type data struct {
	nr, arch uint32
	args     [6]uint64
}

func (d *data) load(off uint32) (uint32, error) {
	switch {
	case off == 0:
		return d.nr, nil
	case off == 4:
		return d.arch, nil
	case off >= 16 && off < 64 && off%4 == 0:
		return uint32(d.args[(off-16)/8] >> (8 * (off % 8))), nil
	}
	return 0, fmt.Errorf("loads from offset %d", off)
}

// run interprets a filter as bpf_check_classic and seccomp_check_filter of the
// kernel understand it.
func run(code []byte, d *data) (ret uint32, steps int, err error) {
	a := uint32(0)
	for pc := 0; pc < len(code)/8; pc++ {
		steps++
		i := code[8*pc:]
		k := binary.LittleEndian.Uint32(i[4:])
		jump := func(yes bool) {
			if yes {
				pc += int(i[2])
			} else {
				pc += int(i[3])
			}
		}
		switch op := binary.LittleEndian.Uint16(i); op {
		case 0x20:
			if a, err = d.load(k); err != nil {
				return 0, steps, err
			}
		case 0x54:
			a &= k
		case 0x05:
			pc += int(k)
		case 0x15:
			jump(a == k)
		case 0x25:
			jump(a > k)
		case 0x35:
			jump(a >= k)
		case 0x06:
			return k, steps, nil
		default:
			return 0, steps, fmt.Errorf("instruction %d: code %#x", pc, op)
		}
	}
	return 0, steps, fmt.Errorf("runs off its end")
}

// valid checks what the kernel checks before it takes a filter: jumps stay
// inside, the last instruction returns.
func valid(code []byte) error {
	n := len(code) / 8
	if len(code)%8 != 0 || n == 0 || n > 4096 {
		return fmt.Errorf("%d bytes", len(code))
	}
	for pc := range n {
		i := code[8*pc:]
		k := int64(binary.LittleEndian.Uint32(i[4:]))
		switch op := binary.LittleEndian.Uint16(i); op {
		case 0x05:
			if int64(pc)+1+k >= int64(n) {
				return fmt.Errorf("instruction %d jumps out", pc)
			}
		case 0x15, 0x25, 0x35:
			if pc+1+int(max(i[2], i[3])) >= n {
				return fmt.Errorf("instruction %d jumps out", pc)
			}
		case 0x20, 0x54, 0x06:
		default:
			return fmt.Errorf("instruction %d: code %#x", pc, op)
		}
	}
	if binary.LittleEndian.Uint16(code[8*(n-1):]) != 0x06 {
		return fmt.Errorf("the last instruction does not return")
	}
	return nil
}
