//go:build wrun_embed

// Package embedded carries wrun-engine inside wrun, if it was built with the
// tag wrun_embed: then one file is a complete runtime. Data costs nothing until
// it is read.
package embedded

import (
	_ "embed"
	"strings"
)

// Both are made by the Makefile before wrun is built; neither is in the
// repository.
//
//go:embed wrun-engine
var engine string

//go:embed wrun-engine.sha256
var digest string

// Engine is the content of the wrun-engine program, or "" when this wrun does
// not carry it.
func Engine() string { return engine }

// Digest is the SHA-256 of Engine in hexadecimal, or "". It was computed when
// wrun was built, because the whole of Engine would have to be read for it.
func Digest() string {
	d, _, _ := strings.Cut(digest, " ") // what sha256sum(1) prints
	return strings.TrimSpace(d)
}
