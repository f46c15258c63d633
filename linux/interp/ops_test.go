package interp

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

func TestResultGoesToItsSlot(t *testing.T) {
	m := boot(t, func(b *prog.Builder) {
		first := b.Slot()
		last := first
		for b.Mark() < prog.MaxSlots {
			last = b.Slot()
		}
		b.Do(kernel.SYS_GETPID).Into(first)
		say(b, first.Addr())
		b.Do(kernel.SYS_GETPID).Into(last)
		say(b, last.Addr())
		b.Do(kernel.SYS_GETPID) // to the scratch slot: the others stay
		b.Do(prog.AND, last.Val(), prog.Int(0)).Into(last)
		say(b, first.Addr())
		say(b, last.Addr())
		end(b)
	})
	pid := uint64(m.pid)
	m.want(pid, pid, pid, 0)
	m.wantExit(0)
}

// TestLoads takes each of the six arguments from each kind of memory: mmap(2)
// shows the right page of a file only if all six are right.
func TestLoads(t *testing.T) {
	const page, at = 64 << 10, 0x20000000
	file, err := os.CreateTemp(t.TempDir(), "pages")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const kinds = 3 // slot, writable memory, constant
	cases := 6*kinds + 2
	for i := range cases {
		if _, err := file.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(1000+i)), int64(i)*page); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Truncate(int64(cases) * page); err != nil {
		t.Fatal(err)
	}
	var want []uint64
	m := boot(t, func(b *prog.Builder) {
		addr := b.Slot()
		one := func(n int, loaded func(arg int) int) {
			mark := b.Mark()
			args := [6]prog.Arg{}
			for k, v := range []int{at + n*page, page, syscall.PROT_READ, syscall.MAP_SHARED | syscall.MAP_FIXED, 4, n * page} {
				switch loaded(k) {
				case 0:
					args[k] = prog.Int(v)
				case 1:
					s := b.Slot()
					b.Set(s, prog.Int(v))
					args[k] = s.Val()
				case 2:
					args[k] = b.Var(binary.LittleEndian.AppendUint64(nil, uint64(v))).Load(0)
				case 3:
					args[k] = b.Words(99, uint64(v)).Load(8)
				}
			}
			b.Do(syscall.SYS_MMAP, args[:]...).Into(addr)
			say(b, addr.Addr())
			say(b, addr.Val())
			want = append(want, uint64(at+n*page), uint64(1000+n))
			b.Release(mark)
		}
		for n := range 6 * kinds {
			one(n, func(arg int) int {
				if arg == n/kinds {
					return n%kinds + 1
				}
				return 0
			})
		}
		one(6*kinds, func(arg int) int { return arg%kinds + 1 })
		one(6*kinds+1, func(int) int { return 0 })
		end(b)
	}, int(file.Fd()))
	m.want(want...)
	m.wantExit(0)
}

// TestLoadsAre64Bits: each argument in turn is an address above 4 GiB, or an
// offset.
func TestLoadsAre64Bits(t *testing.T) {
	const page, high, offset = 64 << 10, 0x130000000, 1 << 33
	file, err := os.CreateTemp(t.TempDir(), "sparse")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(binary.LittleEndian.AppendUint64(nil, 0xfeed), offset); err != nil {
		t.Fatal(err)
	}
	m := boot(t, func(b *prog.Builder) {
		at := b.Words(high).Load(0)
		cwd := prog.Int(kernel.AT_FDCWD)
		// The sixth argument: a file's offset.
		b.Do(syscall.SYS_MMAP, at, prog.Int(page), prog.Int(syscall.PROT_READ), prog.Int(syscall.MAP_SHARED|syscall.MAP_FIXED), prog.Int(4), b.Words(offset).Load(0))
		say(b, at) // the second
		b.Do(syscall.SYS_MMAP, at, prog.Int(page), prog.Int(syscall.PROT_READ|syscall.PROT_WRITE), prog.Int(syscall.MAP_PRIVATE|syscall.MAP_FIXED|syscall.MAP_ANONYMOUS), prog.Int(-1), prog.Int(0))
		b.Do(kernel.SYS_GETCWD, at, prog.Int(page)) // the first
		b.Do(syscall.SYS_READLINKAT, cwd, b.Str("/proc/self/exe"), at, prog.Int(page))
		b.Do(kernel.SYS_PRLIMIT64, prog.Int(0), prog.Int(syscall.RLIMIT_NOFILE), prog.Int(0), at)
		b.Do(kernel.SYS_STATX, cwd, b.Str("/"), prog.Int(0), prog.Int(kernel.STATX_TYPE), at)
		number(b, 1)
		end(b)
	}, int(file.Fd()))
	m.want(0xfeed, 1)
	m.wantExit(0)
}

// TestPseudoOps: what each sends is told beside it.
func TestPseudoOps(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		name string
		do   func(b *prog.Builder, s prog.Slot, buf prog.Arg)
		want []uint64
	}{
		{"JMP forward", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			l := b.Label()
			b.Jump(l)
			number(b, 1)
			b.Bind(l)
			number(b, 2)
		}, []uint64{2}},
		{"JMP back", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			back, on := b.Label(), b.Label()
			b.Set(s, prog.Int(0))
			b.Bind(back)
			b.IfEq(s.Val(), prog.Int(1), on)
			number(b, 1)
			b.Set(s, prog.Int(1))
			b.Jump(back)
			b.Bind(on)
			number(b, 2)
		}, []uint64{1, 2}},
		{"JEQ", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			for _, pair := range [][2]prog.Arg{
				{prog.Int(7), prog.Int(7)}, {prog.Int(7), prog.Int(8)}, {prog.Int(-1), prog.Int(-1)},
				{b.Words(1<<32 | 7).Load(0), prog.Int(7)}, // all 64 bits count
				{b.Words(1<<64 - 1).Load(0), prog.Int(-1)},
				{b.Words(1<<32 - 1).Load(0), prog.Int(-1)},
			} {
				l, on := b.Label(), b.Label()
				b.IfEq(pair[0], pair[1], l)
				number(b, 0)
				b.Jump(on)
				b.Bind(l)
				number(b, 1)
				b.Bind(on)
			}
		}, []uint64{1, 0, 1, 0, 1, 0}},
		{"JNE", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			for _, pair := range [][2]prog.Arg{
				{prog.Int(7), prog.Int(7)}, {prog.Int(7), prog.Int(8)}, {b.Words(1<<32 | 7).Load(0), prog.Int(7)},
			} {
				l, on := b.Label(), b.Label()
				b.IfNe(pair[0], pair[1], l)
				number(b, 0)
				b.Jump(on)
				b.Bind(l)
				number(b, 1)
				b.Bind(on)
			}
		}, []uint64{0, 1, 1}},
		{"ST64", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			b.Do(prog.ST64, buf, prog.Int(-2))
			say(b, buf)
			b.Do(prog.ST64, buf.Plus(8), b.Words(0x123456789abcdef0).Load(0))
			say(b, buf.Plus(8))
			b.Set(s, buf.Plus(8)) // an address in a slot, stored through
			b.Do(prog.ST64, s.Val(), prog.Int(5))
			say(b, buf.Plus(8))
			say(b, buf)
		}, []uint64{1<<64 - 2, 0x123456789abcdef0, 5, 1<<64 - 2}},
		{"ST32", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			b.Do(prog.ST64, buf, prog.Int(-1))
			b.Do(prog.ST32, buf, prog.Int(5)) // the other half stays
			say(b, buf)
			b.Do(prog.ST32, buf.Plus(4), b.Words(0x1234567887654321).Load(0))
			say(b, buf)
		}, []uint64{0xffffffff00000005, 0x8765432100000005}},
		{"AND", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			b.Do(prog.AND, prog.Int(0o100755), prog.Int(kernel.S_IFMT)).Into(s)
			say(b, s.Addr())
			b.Do(prog.AND, b.Words(0xf0f0f0f0f0f0f0f0).Load(0), b.Words(0xff00ff00ff00ff00).Load(0)).Into(s)
			say(b, s.Addr())
			b.Do(prog.AND, s.Val(), prog.Int(-1)).Into(s) // sign-extended: all bits
			say(b, s.Addr())
		}, []uint64{kernel.S_IFREG, 0xf000f000f000f000, 0xf000f000f000f000}},
		{"writable memory starts as compiled", func(b *prog.Builder, s prog.Slot, buf prog.Arg) {
			say(b, b.Var(le.AppendUint64(nil, 0xfeed)))
			say(b, s.Addr())
			say(b, prog.SlotErrFD.Addr())
		}, []uint64{0xfeed, 0, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := boot(t, func(b *prog.Builder) {
				s, buf := b.Slot(), b.Buf(16)
				c.do(b, s, buf)
				end(b)
			})
			m.want(c.want...)
			m.wantExit(0)
		})
	}
}

// TestAcceptedErrors: the op after an accepted error runs, or the label's.
func TestAcceptedErrors(t *testing.T) {
	const ebadf = uint64(1<<64 - 9)
	m := boot(t, func(b *prog.Builder) {
		s := b.Slot()
		policies := [][]int{{9}, {1, 2, 3, 4, 5, 6, 7, 9}, {prog.AnyErrno}, {1, 9}, {1, 2, 3, 4, 5, 6, 7, prog.AnyErrno}}
		for _, p := range policies {
			b.Set(s, prog.Int(0))
			bad(b).Into(s).Accept(p...)
			say(b, s.Addr())

			l := b.Label()
			b.Set(s, prog.Int(0))
			bad(b).Into(s).Accept(p...).Else(l)
			number(b, 99)
			b.Bind(l)
			say(b, s.Addr())
		}
		l := b.Label() // nothing to accept: no jump
		b.Do(kernel.SYS_GETPPID).Into(s).Accept(9).Else(l)
		number(b, 1)
		b.Bind(l)
		end(b)
	})
	for range 5 {
		m.want(ebadf, ebadf)
	}
	m.want(1)
	m.wantExit(0)
}

// TestFarJumps: indices of ops are 16 bits wide, those of policies 8, unsigned.
func TestFarJumps(t *testing.T) {
	const far = 65500
	fill := func(b *prog.Builder) {
		for b.Len() < far {
			b.Do(prog.FAIL, prog.Int(1))
		}
	}
	m := boot(t, func(b *prog.Builder) {
		l, back := b.Label(), b.Label()
		for e := range 250 { // policies of other errnos
			b.Do(kernel.SYS_GETPPID).Accept(e/16+20, e%16+100)
		}
		b.Jump(l)
		b.Bind(back)
		number(b, 2)
		end(b)
		fill(b)
		b.Bind(l)
		number(b, 1)
		bad(b).Accept(9).Else(back)
		b.Do(prog.FAIL, prog.Int(1))
	})
	m.want(1, 2)
	m.wantExit(0)

	m = boot(t, func(b *prog.Builder) {
		l := b.Label()
		b.Jump(l)
		fill(b)
		b.Bind(l)
		bad(b)
		end(b)
	})
	m.wantReport(far, syscall.EBADF)
}

// TestRetry: EAGAIN runs the op again, until it answers something else.
func TestRetry(t *testing.T) {
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(p[1])
	m := boot(t, func(b *prog.Builder) {
		buf, s, wrong := b.Buf(8), b.Slot(), b.Label()
		number(b, 1)
		// Retry comes before the policy: EAGAIN is not accepted here.
		b.Do(kernel.SYS_READ, prog.Int(4), buf, prog.Int(8)).Into(s).Retry().Accept(int(syscall.EAGAIN)).Else(wrong)
		say(b, buf)
		say(b, s.Addr())
		end(b)
		b.Bind(wrong)
		number(b, 99)
		end(b)
	}, p[0])
	syscall.Close(p[0])
	m.want(1)
	if ev, err := kernel.Poll(m.sock, kernel.PollIn, 50); err != nil || ev != 0 {
		t.Fatalf("the program went on without its data: %v, %v", ev, err)
	}
	if _, err := syscall.Write(p[1], binary.LittleEndian.AppendUint64(nil, 0xdada)); err != nil {
		t.Fatal(err)
	}
	m.want(0xdada, 8)
	m.wantExit(0)
}
