// Package wasm decides which workloads are WebAssembly, and says what the
// engine, a program of its own, is told about them. It is linked into every
// wrun command, so it imports next to nothing.
package wasm

import (
	"fmt"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The annotations that turn a container into a wasm one. The first is crun's,
// the second what the image ecosystem settled on; crun looks at them in this
// order.
const (
	AnnotationHandler = "run.oci.handler"
	AnnotationVariant = "module.wasm.image/variant"
	// AnnotationUnknownImports is wrun's own: "trap" links imports that nobody
	// provides to functions that trap, "refuse" is the default.
	AnnotationUnknownImports = "run.wrun.wasm.unknown-imports"
	// AnnotationHarden is wrun's own: "off" leaves out what the engine takes
	// from itself before the guest runs (capabilities, system calls, being
	// traced), to debug it. "on" is the default.
	AnnotationHarden = "run.wrun.wasm.harden"
)

// What containerd and CRI-O put on the sandbox (pause) container. It inherits
// the pod's annotations and is never wasm.
const (
	annotationContainerd = "io.kubernetes.cri.container-type"
	annotationCRIO       = "io.kubernetes.cri-o.ContainerType"
	sandbox              = "sandbox"
)

// Mode says how args[0] is to be understood.
type Mode int

const (
	Native Mode = iota // run it, whatever it is
	Always             // a wasm module, unless it is plainly a native program
	Smart              // a wasm module if it looks like one
)

func (m Mode) String() string {
	switch m {
	case Always:
		return "wasm"
	case Smart:
		return "wasm-smart"
	}
	return "native"
}

// Select reads a container's annotations. argv0 is the name wrun was called by:
// as wrun-wasm, Smart is the default. The note, if any, is worth a debug line.
// The error names the annotation, its value and the accepted ones.
func Select(s *specs.Spec, argv0 string) (m Mode, note string, err error) {
	if s.Annotations[annotationContainerd] == sandbox || s.Annotations[annotationCRIO] == sandbox {
		return Native, "", nil
	}
	if v := s.Annotations[AnnotationHandler]; v != "" {
		switch v {
		case "wasm":
			return Always, "", nil
		case "wasm-smart":
			return Smart, "", nil
		case "wasmedge", "wasmtime", "wasmer", "wamr", "wazero":
			return Always, fmt.Sprintf("annotation %s=%s: the module runs in wrun's engine, wazero", AnnotationHandler, v), nil
		}
		return Native, "", unknown(AnnotationHandler, v, "wasm, wasm-smart, wasmedge, wasmtime, wasmer, wamr, wazero")
	}
	if v := s.Annotations[AnnotationVariant]; v != "" {
		switch v {
		case "compat":
			return Always, "", nil
		case "compat-smart":
			return Smart, "", nil
		}
		return Native, "", unknown(AnnotationVariant, v, "compat, compat-smart")
	}
	if path.Base(argv0) == "wrun-wasm" {
		return Smart, "", nil
	}
	return Native, "", nil
}

// UnknownImports reads AnnotationUnknownImports: whether imports that nobody
// provides are linked to functions that trap.
func UnknownImports(s *specs.Spec) (trap bool, err error) {
	switch v := s.Annotations[AnnotationUnknownImports]; v {
	case "trap":
		return true, nil
	case "", "refuse":
		return false, nil
	default:
		return false, unknown(AnnotationUnknownImports, v, "trap, refuse")
	}
}

// Soft reads AnnotationHarden: whether the engine is not to harden itself.
func Soft(s *specs.Spec) (soft bool, err error) {
	switch v := s.Annotations[AnnotationHarden]; v {
	case "off":
		return true, nil
	case "", "on":
		return false, nil
	default:
		return false, unknown(AnnotationHarden, v, "on, off")
	}
}

func unknown(key, value, accepted string) error {
	return fmt.Errorf("annotations[%q]: unknown value %q: accepted are %s", key, value, accepted)
}
