package wasm

import (
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	for head, want := range map[string]Kind{
		"":                                  Empty,
		"\x00":                              Other,
		"\x00as":                            Other,
		"\x00asm":                           Module,
		"\x00asm\x01\x00\x00\x00":           Module,
		"\x00asm\x02\x00\x00\x00rest":       Module, // the engine says what is wrong with it
		"\x00asm\x0d\x00\x01\x00":           Component,
		"\x00asm\x0a\x00\x01\x00":           Component,
		"\x7fELF\x02\x01\x01":               ELF,
		"#!/bin/sh\n":                       Script,
		"#":                                 Other,
		"(module)":                          Text,
		" \n\t(module $m":                   Text,
		"(component":                        Text,
		";; says hello\n\n(; and ;)(module": Text,
		";; says nothing":                   Other,
		"(; says nothing":                   Other,
		"(import":                           Other,
		"MZ\x90\x00":                        Other,
		"hello":                             Other,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q: got %d, want %d", head, got, want)
		}
	}
}

func TestSplitFunc(t *testing.T) {
	for arg, want := range map[string]struct {
		path, fn string
		ok       bool
	}{
		"a.wasm":     {"a.wasm", "", false},
		"a.wasm#f":   {"a.wasm", "f", true},
		"a#b.wasm#f": {"a#b.wasm", "f", true},
		"a.wasm#":    {"a.wasm#", "", false},
		"#f":         {"#f", "", false},
		"":           {"", "", false},
	} {
		if path, fn, ok := SplitFunc(arg); path != want.path || fn != want.fn || ok != want.ok {
			t.Errorf("%q: %q, %q, %v", arg, path, fn, ok)
		}
	}
}

func TestResolve(t *testing.T) {
	const native, run = "native", "wasm"
	for _, c := range []struct {
		mode Mode
		path string
		kind Kind
		want string // native, wasm or a part of the error
	}{
		{Native, "/a.wasm", Module, native},
		{Native, "/a", Other, native},
		{Always, "/a.wasm", Module, run},
		{Always, "/a", Module, run},
		{Always, "/pause", ELF, native},
		{Always, "/run.sh", Script, native},
		{Always, "/a.wasm", ELF, native},
		{Always, "/a", Empty, "process.args[0] /a: an empty file"},
		{Always, "/a", Other, "neither a WebAssembly module"},
		{Always, "/a.wat", Text, "wat2wasm /a.wat -o /a.wasm"},
		{Always, "/a.wat", Other, "wat2wasm"},
		{Always, "/a", Text, "wat2wasm /a -o /a.wasm"},
		{Always, "/a.wasm", Component, "a WASI 0.2 component; build a preview 1 module: rustc --target wasm32-wasip1, GOOS=wasip1, tinygo -target=wasip1"},
		{Smart, "/a", Module, run},
		{Smart, "/a.wasm", Module, run},
		{Smart, "/a", Component, "component"},
		{Smart, "/a", ELF, native},
		{Smart, "/a", Other, native},
		{Smart, "/a", Empty, native},
		{Smart, "/a", Text, native},
		{Smart, "/a.wasm", ELF, native},
		{Smart, "/a.wasm", Other, "neither"},
		{Smart, "/a.wasm", Empty, "empty"},
		{Smart, "/a.wat", Text, "wat2wasm"},
		{Smart, "/a.wat", Module, run},
	} {
		isNative, err := Resolve(c.mode, c.path, c.kind)
		got := run
		switch {
		case err != nil:
			got = err.Error()
		case isNative:
			got = native
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%v %s kind %d: got %q, want %q", c.mode, c.path, c.kind, got, c.want)
		}
	}
}
