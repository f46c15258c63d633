package wasi

import (
	"bytes"
	"syscall"
)

// knownDir is a directory that a short while ago was reached through real
// directories alone, no symlinks. A path through it is stat'ed in one system
// call, as natively; opening what is to be stat'ed takes three times as long.
//
// Within that while another process may have put a symlink in its place: a stat
// then follows it as one of a native program would. So this is only for
// directories whose scope lets symlinks lead anywhere in the container, and
// only for a look at an inode.
type knownDir struct {
	host  int
	n     int // length of the path
	path  [256]byte
	until int64 // on CLOCK_MONOTONIC, in ns
}

// knownFor is how long it is known, in ns.
const knownFor = 10e6

const resolveNoSymlinks = 0x04

// known tells whether path beneath f is known.
func (h *Host) known(f *FD, path []byte) bool {
	k := &h.dir
	if k.n != len(path) || k.host != f.Host || f.Dir.scope == scopeBeneath || !bytes.Equal(k.path[:k.n], path) {
		return false
	}
	now, _ := h.clock(clockMonotonic)
	return now < k.until
}

// know looks whether path beneath f, which a NUL may be put behind, leads
// through directories alone, and remembers it.
func (h *Host) know(f *FD, path []byte) {
	k := &h.dir
	if h.walks || f.Dir.scope == scopeBeneath || len(path) >= len(k.path) {
		return
	}
	k.n = copy(k.path[:], path)
	k.path[k.n] = 0
	fd, e := openat2(f.Host, k.path[:k.n+1], openHow{flags: oPath | syscall.O_DIRECTORY, resolve: f.Dir.scope.resolve() | resolveNoSymlinks})
	if e != 0 {
		k.n = 0
		return
	}
	closePath(fd)
	now, _ := h.clock(clockMonotonic)
	k.host, k.until = f.Host, now+knownFor
}

// forget is for when the guest itself changes what names lead to.
func (h *Host) forget() { h.dir.n = 0 }
