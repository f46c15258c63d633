package main

import "testing"

// Whatever the bytes are, scanning them ends, without a panic.
func FuzzScan(f *testing.F) {
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\x0f\x01\x03env\x06memory\x02\x01\x01\x02\x08\x01\x00"))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\xff\xff\xff\xff\x0f\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := scan(b); err == nil && len(o.imports) > len(b) {
			t.Errorf("%d imports in %d bytes", len(o.imports), len(b))
		}
	})
}
