//go:build !wrun_embed

// Package embedded carries wrun-engine inside wrun, if it was built with the
// tag wrun_embed: then one file is a complete runtime. Data costs nothing until
// it is read.
package embedded

// Engine is the content of the wrun-engine program, or "" when this wrun does
// not carry it.
func Engine() string { return "" }

// Digest is the SHA-256 of Engine in hexadecimal, or "".
func Digest() string { return "" }
