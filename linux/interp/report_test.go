package interp

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

func reporting(t testing.TB) *prog.Program {
	t.Helper()
	b := prog.NewBuilder(3)
	b.Do(kernel.SYS_GETPID)
	b.Field("mounts[3] /dev/shm")
	b.Do(kernel.SYS_FSCONFIG, prog.Int(5), prog.Int(kernel.FSCONFIG_SET_STRING), b.Str("mode"), b.Str("1777"), prog.Int(0))
	b.Do(prog.FAIL, prog.Int(1))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReport(t *testing.T) {
	p := reporting(t)
	for _, c := range []struct {
		m    Message
		text string
		want string
	}{
		{Message{1, 22}, "", "mounts[3] /dev/shm: fsconfig(mode=1777): invalid argument"},
		{Message{1, 22}, "tmpfs: Bad value for 'mode'", "mounts[3] /dev/shm: fsconfig(mode=1777): tmpfs: Bad value for 'mode': invalid argument"},
		{Message{2, 2}, "", "mounts[3] /dev/shm: no such file or directory"},
		{Message{0, 1}, "", "getpid: operation not permitted"},
		{Message{1, 1<<32 - 22}, "", "mounts[3] /dev/shm: fsconfig(mode=1777): invalid argument"},
		{Message{3, 22}, "", "init: a report about op 3, errno 22, that its program of 3 ops cannot have sent"},
		{Message{0, 0}, "", "init: a report about op 0, errno 0, that its program of 3 ops cannot have sent"},
		{Message{0, 1 << 31}, "", "cannot have sent"},
		{Message{0, 1 << 20}, "", "cannot have sent"},
		{Message{Barrier, 0}, "", ""},
		{Message{FSText, 1}, "", ""},
		{Message{1<<32 - 1, 1<<32 - 1}, "", ""},
	} {
		got, err := "", Report(p, c.m, c.text)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (c.want == "" || !strings.HasSuffix(got, c.want)) {
			t.Errorf("%+v: %q, want %q", c.m, got, c.want)
		}
	}
	if got := (&Failure{Errno: syscall.EPERM}).Error(); got != "operation not permitted" {
		t.Errorf("a failure without a field or a call: %q", got)
	}
	if got, want := (&Failure{Field: "mounts[0] /a\nb\x1b[31m", Errno: syscall.EPERM}).Error(), `mounts[0] /a\nb\x1b[31m: operation not permitted`; got != want {
		t.Errorf("a path with a newline: %q, want %q", got, want)
	}
	if err := Report(p, Message{1, 22}, ""); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("%v is not EINVAL", err)
	}
}

func TestMessages(t *testing.T) {
	for _, m := range []Message{{}, {1, 2}, {Barrier + 3, 1}, {Child, 1<<32 - 1}} {
		if got, err := DecodeMessage(append(m.Encode(), "more"...)); err != nil || got != m {
			t.Errorf("%+v: %+v, %v", m, got, err)
		}
	}
	if _, err := DecodeMessage(make([]byte, MessageSize-1)); err == nil {
		t.Error("7 bytes were taken for a message")
	}
}

// FuzzReport: what an init sends is not to be trusted once the workload runs
// in its place.
func FuzzReport(f *testing.F) {
	for _, m := range []Message{{0, 1}, {1, 22}, {2, 1<<32 - 2}, {3, 1}, {0, 1 << 31}, {Barrier, 0}, {Child, 7}, {FSText, 0}} {
		f.Add(m.Encode(), "")
	}
	f.Add([]byte("short"), "text")
	f.Add(Message{1, 22}.Encode(), "tmpfs: Bad value\nfor 'mode'")
	p := reporting(f)
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		err = Report(p, m, text)
		if (err == nil) != (m.Tag >= Barrier) {
			t.Fatalf("%+v: %v", m, err)
		}
		if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("%+v: not one line: %q", m, err)
		}
	})
}
