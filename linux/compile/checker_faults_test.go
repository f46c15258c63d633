package compile_test

import (
	"strings"
	"testing"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// The checker is only worth something if it finds what it is there for.
func TestCheckFindsFaults(t *testing.T) {
	open := func(b *prog.Builder, s prog.Slot) prog.Ref {
		return b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/"), prog.Int(kernel.O_PATH)).Into(s)
	}
	closeSlot := func(b *prog.Builder, s prog.Slot) { b.Do(kernel.SYS_CLOSE, s.Val()) }
	for name, c := range map[string]struct {
		build func(b *prog.Builder)
		fault string // "" for none
	}{
		"nothing": {func(*prog.Builder) {}, ""},
		"opened and closed": {func(b *prog.Builder) {
			s := b.Slot()
			open(b, s)
			b.Do(kernel.SYS_FCHDIR, s.Val())
			closeSlot(b, s)
		}, ""},
		"unset": {func(b *prog.Builder) { b.Do(kernel.SYS_FCHDIR, b.Slot().Val()) }, "op 0 []: reads s2, which nothing has set"},
		"unset on one path": {func(b *prog.Builder) {
			s, x, skip := b.Slot(), b.Slot(), b.Label()
			b.Do(kernel.SYS_KEYCTL, prog.Int(1)).Into(x)
			b.IfEq(x.Val(), prog.Int(7), skip)
			b.Set(s, prog.Int(1))
			b.Bind(skip)
			b.Do(kernel.SYS_UMASK, s.Val())
		}, "op 3 []: reads s2, which nothing has set"},
		"closed": {func(b *prog.Builder) {
			s := b.Slot()
			open(b, s)
			closeSlot(b, s)
			b.Do(kernel.SYS_FCHDIR, s.Val())
		}, "op 2 []: reads s2, which nothing has set"},
		"closed under another name": {func(b *prog.Builder) {
			s, alias := b.Slot(), b.Slot()
			open(b, s)
			b.Set(alias, s.Val())
			closeSlot(b, s)
			closeSlot(b, alias)
		}, "op 3 []: reads s3, which nothing has set"},
		"left open": {func(b *prog.Builder) { open(b, b.Slot()) }, "the descriptor of op 0 is still open"},
		"left open after a forgiven error": {func(b *prog.Builder) {
			s, bad, done := b.Slot(), b.Label(), b.Label()
			open(b, s)
			b.Do(kernel.SYS_FCHDIR, s.Val()).Accept(13).Else(bad)
			closeSlot(b, s)
			b.Jump(done)
			b.Bind(bad)
			b.Do(kernel.SYS_UMASK, prog.Int(0))
			b.Bind(done)
		}, "the descriptor of op 0 is still open"},
		"forgotten": {func(b *prog.Builder) {
			s := b.Slot()
			open(b, s)
			open(b, s)
			closeSlot(b, s)
		}, "op 1 []: s2 forgets the open descriptor of op 0"},
		"dropped": {func(b *prog.Builder) {
			b.Do(kernel.SYS_OPENAT, prog.Int(kernel.AT_FDCWD), b.Str("/"), prog.Int(0))
		}, "op 0 []: forgets the descriptor that it makes"},
		"an error as a descriptor": {func(b *prog.Builder) {
			s := b.Slot()
			open(b, s).Accept(2)
			closeSlot(b, s)
		}, "op 1 []: argument 0 is no descriptor"},
		"an error that is looked at": {func(b *prog.Builder) {
			s, none := b.Slot(), b.Label()
			open(b, s).Accept(2)
			b.IfEq(s.Val(), prog.Int(-2), none)
			closeSlot(b, s)
			b.Bind(none)
		}, ""},
		"not open": {func(b *prog.Builder) { b.Do(kernel.SYS_FCHDIR, prog.Int(17)) }, "op 0 []: descriptor 17 is not open"},
		"another struct": {func(b *prog.Builder) {
			buf, s, skip := b.Buf(256), b.Slot(), b.Label()
			open(b, s)
			b.Do(kernel.SYS_FSTATFS, s.Val(), buf)
			closeSlot(b, s)
			b.IfEq(buf.Load(28), prog.Int(0), skip)
			b.Do(kernel.SYS_UMASK, prog.Int(0))
			b.Bind(skip)
		}, "looks at buf+28, where no call has put that"},
		"backward": {func(b *prog.Builder) {
			l := b.Label()
			b.Do(kernel.SYS_UMASK, prog.Int(0))
			b.Bind(l)
			b.Do(kernel.SYS_UMASK, prog.Int(0))
			b.Jump(l)
		}, "op 2 []: jumps backward"},
		"idle jump": {func(b *prog.Builder) {
			l := b.Label()
			b.Jump(l)
			b.Bind(l)
		}, "op 0 []: jumps to the next op"},
		"dead": {func(b *prog.Builder) {
			l := b.Label()
			b.Jump(l)
			b.Do(kernel.SYS_UMASK, prog.Int(0))
			b.Bind(l)
		}, "op 1 []: nothing leads here"},
		"the workload's": {func(b *prog.Builder) { b.Do(kernel.SYS_CLOSE, prog.Int(1)) }, "descriptor 1 is the workload's, and is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			b := prog.NewBuilder(3)
			c.build(b)
			b.Do(kernel.SYS_CLOSE, prog.Int(3))
			b.Do(kernel.SYS_EXECVE, b.Str("/bin/true"), b.Strv(nil), b.Strv(nil))
			p, err := b.Program()
			if err != nil {
				t.Fatal(err)
			}
			faults := check(&compile.Compiled{Prog: p, ModuleFD: -1, Files: []compile.File{
				{Kind: compile.FileSync, FD: 3}, {Kind: compile.FileFIFO, FD: 4},
			}})
			all := strings.Join(faults, "\n")
			if c.fault == "" && all != "" || !strings.Contains(all, c.fault) {
				t.Errorf("got  %s\nwant %s", all, c.fault)
			}
		})
	}
}
