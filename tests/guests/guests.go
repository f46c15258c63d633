// Package guests builds the programs that tests and the demo put into
// containers.
package guests

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Trap is a module whose _start traps two calls deep; trap.wat is its text.
//
//go:embed trap.wasm
var Trap []byte

// Target says what a guest is built for.
type Target int

const (
	Native Target = iota // static, for the host's Linux
	Wasm                 // WASI preview 1
)

// Build builds a guest, the name of a folder here, into the folder dir, and
// gives the file's path: dir/NAME or dir/NAME.wasm.
func Build(dir, name string, target Target) (string, error) {
	out := filepath.Join(dir, name)
	env := []string{"CGO_ENABLED=0"}
	if target == Wasm {
		out += ".wasm"
		env = append(env, "GOOS=wasip1", "GOARCH=wasm")
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "wrun/tests/guests/"+name)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("guest %s: %w\n%s", name, err, said.String())
	}
	return out, nil
}
