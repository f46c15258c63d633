package prog

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocs holds docs/ops.md to the numbers of this package.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/ops.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	var want []string
	for i, name := range []string{"JMP", "JEQ", "JNE", "ST32", "ST64", "AND", "FAIL"} {
		want = append(want, fmt.Sprintf("| %s | `0xF%03X` |", name, i))
	}
	if n := nCall - JMP; n != len(want) {
		t.Errorf("%d pseudo-ops, the page has %d", n, len(want))
	}
	want = append(want,
		fmt.Sprintf("| 0 | `%#x` | ELF header", TextBase),
		fmt.Sprintf("| %d | `%#x` | the code", CodeOff, TextBase+CodeOff),
		fmt.Sprintf("| %d | `%#x` | the signal handler", HandlerAddr-TextBase, HandlerAddr),
		fmt.Sprintf("| %d | `%#x` | the program's header, %d bytes", DataOff, DataBase, HeaderSize),
		fmt.Sprintf("| %d | `%#x` | constants", DataOff+HeaderSize, DataBase+HeaderSize),
		fmt.Sprintf("`%#x` | slots, %d bytes", RWBase, 8*MaxSlots),
		fmt.Sprintf("%d registers of 8 bytes at `%#x`", MaxSlots, RWBase),
		fmt.Sprintf("The compiler hands out s%d to s%d", firstSlot, MaxSlots-1),
		fmt.Sprintf("magic `%s`", magic), fmt.Sprintf("version, %d", version),
		fmt.Sprintf("%d (`AnyErrno`)", AnyErrno),
		fmt.Sprintf("## An op\n\n%d bytes", OpSize),
		fmt.Sprintf("cut at %d kB an op", maxText>>10),
		fmt.Sprintf("%d MiB of constants", (RWBase-TextBase)>>20),
	)
	for _, w := range want {
		if !strings.Contains(doc, w) {
			t.Errorf("docs/ops.md does not say %q", w)
		}
	}
}
