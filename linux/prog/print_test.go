package prog

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"wrun/linux/kernel"
)

func TestPrint(t *testing.T) {
	for _, c := range shapes() {
		b := NewBuilder(3)
		b.Field("field")
		b.Do(kernel.SYS_GETPID)
		s, buf := b.Slot(), b.Buf(64)
		c.do(b, s, buf)
		b.Do(kernel.SYS_EXIT_GROUP, Int(0))
		p, err := b.Program()
		if err != nil {
			t.Errorf("%s: %v", c.print, err)
			continue
		}
		lines := strings.Split(text(t, p), "\n")
		if got := strings.TrimPrefix(lines[2], "   1  "); got != c.print {
			t.Errorf("prints\n  %s\nwant\n  %s", got, c.print)
		}
		if got := p.Describe(1); got != c.describe {
			t.Errorf("%s: Describe gives %q, want %q", c.print, got, c.describe)
		}
	}
}

// text is the program as Print gives it.
func text(t *testing.T, p *Program) string {
	t.Helper()
	var out strings.Builder
	if err := p.Print(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestEveryCallIsDecoded holds the printer to the system calls that package
// kernel names for programs, and to a shape for each of them.
func TestEveryCallIsDecoded(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../kernel/const.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "SYS_") {
			calls = append(calls, strings.ToLower(strings.TrimPrefix(v.Names[0].Name, "SYS_")))
		}
		return true
	})
	if len(calls) < 50 {
		t.Fatalf("only %d calls found in const.go", len(calls))
	}
	known, shown := map[string]bool{}, map[string]bool{}
	d := decoder{p: &Program{}}
	for nr := range 1024 {
		name, _ := cut(d.signature(&Op{Nr: uint16(nr)}))
		known[name] = true
	}
	for _, c := range shapes() {
		name, _, _ := strings.Cut(c.print, "(")
		shown[name] = true
	}
	for _, c := range calls {
		if !known[c] {
			t.Errorf("SYS_%s has no line in decode_calls.go", strings.ToUpper(c))
		} else if !shown[c] {
			t.Errorf("SYS_%s has no line in shapes()", strings.ToUpper(c))
		}
	}
}

func TestPrintProgram(t *testing.T) {
	b := NewBuilder(3)
	b.Do(kernel.SYS_UMASK, Int(0))
	b.Field("mounts[0] /proc")
	fs := b.Slot()
	b.Do(kernel.SYS_FSOPEN, b.Str("proc"), Int(kernel.FSOPEN_CLOEXEC)).Into(fs)
	b.Do(kernel.SYS_FSCONFIG, fs.Val(), Int(kernel.FSCONFIG_CMD_CREATE), Int(0), Int(0), Int(0))
	b.Field("mounts[1] /a\nb\x1b[31mé\xff")
	fd := b.Slot()
	b.Do(kernel.SYS_OPENAT, Int(kernel.AT_FDCWD), b.Str("/sys/fs/cgroup/c1/tasks"), Int(kernel.O_WRONLY)).Into(fd)
	b.Do(kernel.SYS_WRITE, fd.Val(), b.Str("0"), Int(1))
	buf, l := b.Buf(256), b.Label()
	b.Do(AND, buf.Load(28), Int(kernel.S_IFMT)).Into(fd)
	b.IfNe(fd.Val(), Int(kernel.S_IFREG), l)
	b.IfEq(fd.Val(), Int(kernel.S_IFREG), l)
	b.Bind(l)
	b.Field("")
	b.Do(kernel.SYS_EXIT_GROUP, Int(0))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	want := `   0  umask(0)
# mounts[0] /proc
   1  fsopen("proc", FSOPEN_CLOEXEC) = s2
   2  fsconfig(s2, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
# mounts[1] /a\nb\x1b[31mé\xff
   3  openat(AT_FDCWD, "/sys/fs/cgroup/c1/tasks", O_WRONLY) = s3
   4  write(s3, "0", 1)
   5  s3 = *(buf+28) & S_IFMT
   6  if s3 != S_IFREG goto 8
   7  if s3 == 32768 goto 8
#
   8  exit_group(0)
`
	if got := text(t, p); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i, want := range []string{"umask(0)", "fsopen(proc)", "fsconfig(create proc)", "openat(/sys/fs/cgroup/c1/tasks)", "write(/sys/fs/cgroup/c1/tasks)", "", "", "", "exit_group"} {
		if got := p.Describe(i); got != want {
			t.Errorf("Describe(%d) = %q, want %q", i, got, want)
		}
	}
	for _, i := range []int{-1, 9, 1 << 30} {
		if got := p.Describe(i); got != "" {
			t.Errorf("Describe(%d) = %q", i, got)
		}
	}
}

// TestEnvironmentIsNotPrinted: neither the program nor an error line may show
// a variable's value.
func TestEnvironmentIsNotPrinted(t *testing.T) {
	b := NewBuilder(3)
	b.Do(kernel.SYS_EXECVE, b.Str("/x"), b.Strv([]string{"x"}), b.Strv([]string{"TOKEN=hunter2", "A=b"}))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, p) + p.Describe(0); strings.Contains(got, "hunter2") || !strings.Contains(got, "/* 2 vars */") {
		t.Errorf("got %s", got)
	}
}

func TestLongStringsAreCut(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	b := NewBuilder(3)
	b.Do(kernel.SYS_EXECVE, b.Str(long), b.Strv([]string{long, "", ""}), b.Strv(nil))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(text(t, p)); n < maxText || n > maxText+100 {
		t.Errorf("%d bytes printed", n)
	}
	if n := len(p.Describe(0)); n < maxDescribed || n > maxDescribed+20 {
		t.Errorf("%d bytes described", n)
	}
}

type badWriter struct{}

var errFull = errors.New("disk full")

func (badWriter) Write([]byte) (int, error) { return 0, errFull }

func TestPrintGivesTheWritersError(t *testing.T) {
	for _, n := range []int{1, 5000} { // what is written in one piece, and in several
		p := &Program{Ops: make([]Op, n), Fields: make([]uint16, n), Names: []string{""}}
		if err := p.Print(badWriter{}); err != errFull {
			t.Errorf("%d ops: %v", n, err)
		}
	}
}
