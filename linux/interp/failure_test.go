package interp

import (
	"syscall"
	"testing"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// TestFailures forces one failure for each shape of an op, and compares the
// report {op, errno} with what was built.
func TestFailures(t *testing.T) {
	var nonblocking [2]int
	if err := syscall.Pipe2(nonblocking[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(nonblocking[0])
	defer syscall.Close(nonblocking[1])
	for _, c := range []struct {
		name string
		// do adds the op that fails last, or gives the failing one's index.
		do   func(b *prog.Builder, s prog.Slot) (at int)
		want syscall.Errno
	}{
		{"call", func(b *prog.Builder, s prog.Slot) int { bad(b); return -1 }, syscall.EBADF},
		{"call with a result", func(b *prog.Builder, s prog.Slot) int { bad(b).Into(s); return -1 }, syscall.EBADF},
		{"path", func(b *prog.Builder, s prog.Slot) int {
			b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/no/such"), prog.Int(0))
			return -1
		}, syscall.ENOENT},
		{"loaded arguments", func(b *prog.Builder, s prog.Slot) int {
			b.Set(s, b.Str("/dev/null/x"))
			b.Do(kernel.SYS_OPENAT, b.Words(1<<64-100).Load(0), s.Val(), b.Words(0).Load(0))
			return -1
		}, syscall.ENOTDIR},
		{"struct", func(b *prog.Builder, s prog.Slot) int {
			b.Do(kernel.SYS_PRLIMIT64, prog.Int(0), prog.Int(7), b.Words(10, 5), prog.Int(0)) // soft above hard
			return -1
		}, syscall.EINVAL},
		{"no such call", func(b *prog.Builder, s prog.Slot) int { b.Do(4000); return -1 }, syscall.ENOSYS},
		{"execve", func(b *prog.Builder, s prog.Slot) int {
			b.Do(kernel.SYS_EXECVE, b.Str("/dev/null"), b.Strv([]string{"x"}), b.Strv(nil))
			return -1
		}, syscall.EACCES},
		{"policy of other errnos", func(b *prog.Builder, s prog.Slot) int { bad(b).Accept(1, 2, 3, 4, 5, 6, 7, 8); return -1 }, syscall.EBADF},
		{"policy of other errnos, with a label", func(b *prog.Builder, s prog.Slot) int {
			at, l := b.Len(), b.Label()
			bad(b).Accept(1).Else(l)
			b.Bind(l)
			number(b, 99)
			return at
		}, syscall.EBADF},
		{"retried call with another errno", func(b *prog.Builder, s prog.Slot) int { bad(b).Retry(); return -1 }, syscall.EBADF},
		{"EAGAIN without Retry", func(b *prog.Builder, s prog.Slot) int {
			b.Do(kernel.SYS_READ, prog.Int(4), b.Buf(8), prog.Int(8))
			return -1
		}, syscall.EAGAIN},
		{"after a jump", func(b *prog.Builder, s prog.Slot) int {
			l := b.Label()
			b.Jump(l)
			for range 300 {
				number(b, 99)
			}
			b.Bind(l)
			bad(b)
			return -1
		}, syscall.EBADF},
		{"FAIL", func(b *prog.Builder, s prog.Slot) int { b.Do(prog.FAIL, prog.Int(125)); return -1 }, syscall.ECANCELED},
		{"FAIL, negative", func(b *prog.Builder, s prog.Slot) int { b.Do(prog.FAIL, prog.Int(-125)); return -1 }, syscall.ECANCELED},
		{"FAIL with what an op left", func(b *prog.Builder, s prog.Slot) int {
			bad(b).Into(s).Accept(9)
			b.Do(prog.FAIL, s.Val())
			return -1
		}, syscall.EBADF},
		{"jumps do not fail", func(b *prog.Builder, s prog.Slot) int {
			l := b.Label()
			b.IfEq(prog.Int(-9), prog.Int(-9), l)
			b.Bind(l)
			b.Set(s, prog.Int(-9)) // a value in the range of errors
			b.Do(prog.AND, prog.Int(-9), prog.Int(-1)).Into(s)
			bad(b)
			return -1
		}, syscall.EBADF},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := 0
			m := boot(t, func(b *prog.Builder) {
				s := b.Slot()
				b.Field("first")
				b.Do(kernel.SYS_GETPID)
				b.Field("second")
				if at = c.do(b, s); at < 0 {
					at = b.Len() - 1
				}
				number(b, 99)
				end(b)
			}, nonblocking[0])
			msg, err := DecodeMessage(m.recv())
			if err != nil {
				t.Fatal(err)
			}
			if want := (Message{uint32(at), uint32(c.want)}); msg != want {
				t.Fatalf("reported %+v, want %+v", msg, want)
			}
			f, ok := Report(m.p, msg, "").(*Failure)
			if !ok || f.Field != "second" || f.Errno != c.want || f.Call != m.p.Describe(at) {
				t.Errorf("as an error: %+v", f)
			}
			if b := m.recv(); b != nil {
				t.Errorf("it went on: % x", b)
			}
			m.wantExit(1)
		})
	}
}

// TestReportDescriptorCanChange: once the parent has gone, reports go to the
// FIFO.
func TestReportDescriptorCanChange(t *testing.T) {
	ours, theirs, err := kernel.SyncPair()
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.Close(ours)
	m := boot(t, func(b *prog.Builder) {
		b.Set(prog.SlotErrFD, prog.Int(4))
		number(b, 1)
		b.Do(kernel.SYS_CLOSE, sync())
		bad(b)
		end(b)
	}, theirs)
	kernel.Close(theirs)
	m.want(1)
	if b := m.recv(); b != nil {
		t.Errorf("the old descriptor got % x", b)
	}
	old := m.sock
	m.sock = ours
	m.wantReport(3, syscall.EBADF)
	m.sock = old
}

// TestReportWithoutReader: the init ends all the same.
func TestReportWithoutReader(t *testing.T) {
	m := boot(t, func(b *prog.Builder) {
		b.Do(kernel.SYS_CLOSE, sync())
		bad(b)
		end(b)
	})
	m.wantExit(1)
	if b := m.recv(); b != nil {
		t.Errorf("got % x", b)
	}
}
