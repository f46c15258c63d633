package interp

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// TestAssemblerKnowsTheLayout holds the constants in the .s files against
// package prog, for both architectures wherever it runs.
func TestAssemblerKnowsTheLayout(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		src, err := os.ReadFile("interp_" + arch + ".s")
		if err != nil {
			t.Fatal(err)
		}
		// find gives what each match of re holds in its group.
		find := func(re string) (all []string) {
			for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(string(src), -1) {
				all = append(all, m[1])
			}
			return all
		}
		number := func(what, re string, want uint64) {
			t.Helper()
			got := find(re)
			if len(got) == 0 {
				t.Errorf("%s: %s: nothing matches %s", arch, what, re)
			}
			for _, s := range got {
				if n, err := strconv.ParseUint(s, 0, 64); err != nil || n != want {
					t.Errorf("%s: %s is %s, package prog has %#x", arch, what, s, want)
				}
			}
		}
		number("header", `#define HEADER\s+\$(\S+)`, prog.DataBase)
		number("slots", `#define SLOTS\s+\$(\S+)`, prog.RWBase)
		number("first pseudo-op", `\$(0xf\w{3}),`, prog.JMP)
		number("any errno", `\$(\d+).*\n?.*prog\.AnyErrno`, prog.AnyErrno)
		jumps := `J(?:EQ|NE)`
		switch arch {
		case "amd64":
			number("size of an op", `#define OPSIZE\s+\$(\S+)`, prog.OpSize)
			number("size of an op (shift)", `SHLQ\s+\$(5), CX`, 5)
			number("Retry", `#define RETRY\s+\$(\S+)`, 6)
		case "arm64":
			number("size of an op", `next:\s+ADD\s+\$(\d+),`, prog.OpSize)
			number("size of an op (shift)", `ADD\s+R9<<(\d+), R19`, 5)
			number("Retry", `TBNZ\s+\$(\d+), R23, loop`, 6)
			jumps = `B(?:EQ|NE)`
		}
		if prog.Retry != 1<<6 || prog.OpSize != 1<<5 {
			t.Error("package prog changed Retry or OpSize")
		}
		// The pseudo-ops are told apart by counting: their order matters.
		chain := regexp.MustCompile(`(?s)\npseudo:(.*?)// FAIL`).FindStringSubmatch(string(src))
		if chain == nil {
			t.Fatalf("%s: no chain of pseudo-ops", arch)
		}
		var order []string
		for _, m := range regexp.MustCompile(jumps+`\s+(\w+)`).FindAllStringSubmatch(chain[1], -1) {
			order = append(order, m[1])
		}
		if want := []string{"jump", "jeq", "jne", "st32", "st64", "and"}; !slices.Equal(order, want) {
			t.Errorf("%s: pseudo-ops in the order %v, want %v", arch, order, want)
		}
	}
	for i, op := range []int{prog.JMP, prog.JEQ, prog.JNE, prog.ST32, prog.ST64, prog.AND, prog.FAIL} {
		if op != prog.JMP+i {
			t.Errorf("pseudo-op %d has number %#x", i, op)
		}
	}
	if prog.SlotScratch != 0 || prog.SlotErrFD != 1 {
		t.Error("the reserved slots moved")
	}
}

// TestHandlerIsWhereProgramsExpectIt compares machine code: add 128 to the
// signal, exit_group.
func TestHandlerIsWhereProgramsExpectIt(t *testing.T) {
	want := ""
	switch runtime.GOARCH {
	case "amd64":
		want = "81c780000000" + "b8e7000000" + "0f05" // add edi, 128; mov eax, 231; syscall
	case "arm64":
		want = "00000291" + "c80b80d2" + "010000d4" // add x0, x0, #128; mov x8, #94; svc #0
	}
	const at = prog.HandlerAddr - prog.TextBase - prog.CodeOff
	if got := hex.EncodeToString(code()[at:][:len(want)/2]); got != want {
		t.Errorf("at %d: %s, want %s", at, got, want)
	}
}

// large is a program the size of a real one: about 300 ops, 20 kB of strings.
func large(t testing.TB) *prog.Program {
	t.Helper()
	p, err := buildLarge()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func buildLarge() (*prog.Program, error) {
	b := prog.NewBuilder(3)
	fd := b.Slot()
	how := b.Words(kernel.O_PATH|kernel.O_CLOEXEC, 0, kernel.RESOLVE_IN_ROOT)
	for i := range 75 {
		path := "/proc/sys/kernel/" + strconv.Itoa(i)
		b.Field("linux.maskedPaths[" + strconv.Itoa(i) + "] " + path)
		l := b.Label()
		b.Do(kernel.SYS_OPENAT2, fd.Val(), b.Str(path), how, prog.Int(24)).Into(fd).Retry().Accept(2, 20).Else(l)
		b.Do(kernel.SYS_MOVE_MOUNT, fd.Val(), b.Str(""), fd.Val(), b.Str(""), prog.Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
		b.Do(kernel.SYS_CLOSE, fd.Val())
		b.Bind(l)
		b.Do(kernel.SYS_MKNODAT, fd.Val(), b.Str("node"+strconv.Itoa(i)), prog.Int(kernel.S_IFCHR|0o666), prog.Int(i))
	}
	env := make([]string, 40)
	for i := range env {
		env[i] = fmt.Sprintf("VARIABLE_%d=%s", i, strings.Repeat("v", 400))
	}
	b.Buf(1024)
	b.Do(kernel.SYS_EXECVE, b.Str("/bin/sh"), b.Strv([]string{"sh"}), b.Strv(env))
	return b.Program()
}

// TestImageIsAnELFFile reads the image as the kernel's loader does.
func TestImageIsAnELFFile(t *testing.T) {
	p := large(t)
	image, err := Image(p)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB || f.Type != elf.ET_EXEC || f.Machine != machine {
		t.Errorf("header: %+v", f.FileHeader)
	}
	if f.Entry != prog.TextBase+prog.CodeOff {
		t.Errorf("entry at %#x", f.Entry)
	}
	if len(f.Progs) != 3 {
		t.Fatalf("%d program headers", len(f.Progs))
	}
	text, rw, stack := f.Progs[0], f.Progs[1], f.Progs[2]
	if text.Type != elf.PT_LOAD || text.Flags != elf.PF_R|elf.PF_X || rw.Type != elf.PT_LOAD || rw.Flags != elf.PF_R|elf.PF_W {
		t.Errorf("segments: %+v, %+v", text.ProgHeader, rw.ProgHeader)
	}
	if stack.Type != elf.PT_GNU_STACK || stack.Flags&elf.PF_X != 0 {
		t.Errorf("the stack is executable: %+v", stack.ProgHeader)
	}
	pages := []uint64{4 << 10}
	if runtime.GOARCH == "arm64" {
		pages = []uint64{4 << 10, 16 << 10, 64 << 10}
	}
	for _, page := range pages {
		for _, s := range []*elf.Prog{text, rw} {
			if s.Vaddr%page != s.Off%page || s.Align%page != 0 {
				t.Errorf("pages of %d bytes: file offset %#x cannot be mapped at %#x", page, s.Off, s.Vaddr)
			}
			if s.Filesz != s.Memsz || s.Off+s.Filesz > uint64(len(image)) {
				t.Errorf("segment %+v of a file of %d bytes", s.ProgHeader, len(image))
			}
		}
		if up := (text.Vaddr + text.Memsz + page - 1) / page * page; up > rw.Vaddr {
			t.Errorf("pages of %d bytes: the constants end at %#x, the slots start at %#x", page, up, rw.Vaddr)
		}
		if rw.Off/page == (text.Off+text.Filesz-1)/page {
			t.Errorf("pages of %d bytes: code and slots share one", page)
		}
	}
	if got, err := readAll(rw); err != nil || !bytes.Equal(got, p.RW) {
		t.Errorf("the writable segment does not hold the slots: %v", err)
	}
	if !bytes.Equal(image[prog.CodeOff:][:len(code())], code()) {
		t.Error("the code is not where it should be")
	}
	back, err := Program(image)
	if err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("read back, the program differs: %v", err)
	}
}

func readAll(s *elf.Prog) ([]byte, error) {
	b := make([]byte, s.Filesz)
	_, err := s.ReadAt(b, 0)
	return b, err
}

func TestImageRefuses(t *testing.T) {
	b := prog.NewBuilder(3)
	b.Data(make([]byte, prog.RWBase-prog.TextBase))
	b.Do(prog.FAIL, prog.Int(1))
	p, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Image(p); err == nil || !strings.Contains(err.Error(), "do not fit below the slots") {
		t.Errorf("8 MiB of constants: %v", err)
	}
	for _, image := range [][]byte{nil, []byte("\x7fELF"), make([]byte, 8192), append([]byte("\x7fELF"), make([]byte, 8192)...)} {
		if _, err := Program(image); err == nil {
			t.Errorf("%d bytes were taken for an image", len(image))
		}
	}
}

func TestCodeFitsBeforeTheData(t *testing.T) {
	// 2 kB of room are left for what may be added; the code is about 500 bytes.
	if n := len(code()); n < 100 || n > prog.DataOff-prog.CodeOff-2048 {
		t.Errorf("the interpreter has %d bytes", n)
	}
}

// TestDocs holds docs/ops.md to the tags and sizes of this package.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/ops.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("| `0x%X` + n |", Barrier), fmt.Sprintf("| `0x%X` | the stub", Child), fmt.Sprintf("| `0x%X` | the program", FSText),
		fmt.Sprintf("%d bytes of %s", len(code()), runtime.GOARCH),
		fmt.Sprintf("errno (1–%d)", maxErrno),
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("docs/ops.md does not say %q", want)
		}
	}
}

func BenchmarkImage(b *testing.B) {
	p := large(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Image(p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuildAndImage is all that create pays for its program, without the
// compiler's own work.
func BenchmarkBuildAndImage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p, err := buildLarge()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Image(p); err != nil {
			b.Fatal(err)
		}
	}
}
