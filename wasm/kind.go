package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// HeadSize is how many bytes of a file Sniff wants to see; fewer are fine.
const HeadSize = 256

// Kind is what the first bytes of a file make of it.
type Kind int

const (
	Other Kind = iota
	Empty
	Module    // a core module of any version
	Component // a component, whose version field says layer 1
	ELF
	Script // #!
	Text   // the text format, .wat
)

// Sniff looks at the beginning of a file.
//
// WebAssembly core specification 5.5.16 and Component Model Binary.md: both
// begin with "\0asm"; then comes a u32 version, which components split into a
// u16 version and a u16 layer.
func Sniff(head []byte) Kind {
	switch {
	case len(head) == 0:
		return Empty
	case bytes.HasPrefix(head, []byte("\x00asm")):
		if len(head) >= 8 && head[6] == 1 && head[7] == 0 {
			return Component
		}
		return Module
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return ELF
	case bytes.HasPrefix(head, []byte("#!")):
		return Script
	case isText(head):
		return Text
	}
	return Other
}

// isText tells whether a text module or component begins here, white space and
// comments skipped.
func isText(b []byte) bool {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		var end []byte
		switch {
		case bytes.HasPrefix(b, []byte(";;")):
			end = []byte("\n")
		case bytes.HasPrefix(b, []byte("(;")):
			end = []byte(";)")
		default:
			return bytes.HasPrefix(b, []byte("(module")) || bytes.HasPrefix(b, []byte("(component"))
		}
		i := bytes.Index(b, end)
		if i < 0 {
			return false
		}
		b = b[i+len(end):]
	}
}

// SplitFunc splits args[0] of the form path#func at the last '#'. Callers look
// for a file of the whole name first.
func SplitFunc(arg string) (path, fn string, ok bool) {
	i := strings.LastIndexByte(arg, '#')
	if i <= 0 || i == len(arg)-1 {
		return arg, "", false
	}
	return arg[:i], arg[i+1:], true
}

// Resolve decides about the file that path, args[0] without a function name,
// was resolved to. The errors are for the user: the file can neither run
// natively nor in the engine.
func Resolve(m Mode, path string, k Kind) (native bool, err error) {
	named := strings.HasSuffix(path, ".wasm") || strings.HasSuffix(path, ".wat")
	switch {
	case m == Native, k == ELF, k == Script:
		// Pause containers and sidecars inherit a pod's annotations.
		return true, nil
	case k == Module:
		return false, nil
	case k == Component:
		return false, refuse(path, errors.New("a WASI 0.2 component; build a preview 1 module: rustc --target wasm32-wasip1, GOOS=wasip1, tinygo -target=wasip1"))
	case m == Smart && !named:
		return true, nil
	case k == Text || strings.HasSuffix(path, ".wat"):
		out := strings.TrimSuffix(path, ".wat") + ".wasm"
		return false, refuse(path, fmt.Errorf("WebAssembly text; make a module of it: wat2wasm %s -o %s", path, out))
	case k == Empty:
		return false, refuse(path, errors.New("an empty file, neither a WebAssembly module nor a native program"))
	}
	return false, refuse(path, errors.New("neither a WebAssembly module (\\0asm) nor a native program (ELF, #!)"))
}

func refuse(path string, err error) error {
	return fmt.Errorf("process.args[0] %s: %w", path, err)
}
