package wasi

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// caller calls a host's functions as a guest does, by name, with a memory of
// its own.
type caller struct {
	t   *testing.T
	h   *Host
	m   memory
	fns map[string]function
	top uint32 // of what is used of the memory
}

const callerMemory = 1 << 20

// newCaller has a preopen of a fresh directory as descriptor 3, with stdio
// left closed.
func newCaller(t *testing.T, p Preopen) *caller {
	t.Helper()
	if p.Dir == "" {
		p.Dir = t.TempDir()
	}
	if p.Guest == "" {
		p.Guest = "/"
	}
	h := &Host{Exit: func(code uint32) { t.Errorf("exit %d", code) }}
	h.table.fds = make([]*FD, 3)
	h.table.free = 3
	if err := h.Preopen(p); err != nil {
		t.Fatal(err)
	}
	h.table.free = 3
	c := &caller{t: t, h: h, m: make(memory, callerMemory), fns: map[string]function{}, top: 1024}
	for _, f := range h.functions() {
		if _, ok := c.fns[f.name]; !ok {
			c.fns[f.name] = f
		}
	}
	t.Cleanup(func() {
		for n := range h.table.fds {
			h.table.Close(uint32(n))
		}
	})
	return c
}

const preopenFD = 3

func (c *caller) call(name string, args ...uint64) Errno {
	c.t.Helper()
	f, ok := c.fns[name]
	if !ok || len(f.params) != len(args) {
		c.t.Fatalf("%s takes %q, got %d arguments", name, f.params, len(args))
	}
	c.top = 1024
	return f.call(c.m, args)
}

// put stores bytes in scratch memory and gives pointer and length, until the
// next call.
func (c *caller) put(s string) (p, n uint64) {
	p = uint64(c.top)
	c.top += uint32(copy(c.m[c.top:], s)) + 8
	return p, uint64(len(s))
}

// result is where calls store results.
const result = 64

func (c *caller) u32() uint32 { return binary.LittleEndian.Uint32(c.m[result:]) }
func (c *caller) u64() uint64 { return binary.LittleEndian.Uint64(c.m[result:]) }

// opts are path_open's arguments, sound ones where left out.
type opts struct {
	at         uint64 // preopenFD
	follow     bool
	oflags     uint64
	fdflags    uint64
	rights     Rights // all
	none       bool   // no rights
	inheriting Rights // all
}

func (c *caller) open(name string, o opts) (uint64, Errno) {
	c.t.Helper()
	if o.at == 0 {
		o.at = preopenFD
	}
	if o.rights == 0 && !o.none {
		o.rights = allRights &^ RightFdWrite
	}
	if o.inheriting == 0 {
		o.inheriting = allRights
	}
	var lookup uint64
	if o.follow {
		lookup = lookupFollow
	}
	p, n := c.put(name)
	e := c.call("path_open", o.at, lookup, p, n, o.oflags, uint64(o.rights), uint64(o.inheriting), o.fdflags, result)
	return uint64(c.u32()), e
}

// mustOpen opens what has to be there.
func (c *caller) mustOpen(name string, o opts) uint64 {
	c.t.Helper()
	fd, e := c.open(name, o)
	if e != esuccess {
		c.t.Fatalf("open %s: errno %d", name, e)
	}
	return fd
}

// want calls and compares the errno.
func (c *caller) want(e Errno, name string, args ...uint64) {
	c.t.Helper()
	if got := c.call(name, args...); got != e {
		c.t.Errorf("%s%v: errno %d, want %d", name, args, got, e)
	}
}

// onPath calls a function whose arguments are a descriptor and a path, then
// others.
func (c *caller) onPath(e Errno, call string, at uint64, name string, more ...uint64) {
	c.t.Helper()
	p, n := c.put(name)
	if got := c.call(call, append([]uint64{at, p, n}, more...)...); got != e {
		c.t.Errorf("%s %s: errno %d, want %d", call, name, got, e)
	}
}

func (c *caller) write(fd uint64, s string) Errno {
	c.t.Helper()
	p, n := c.put(s)
	binary.LittleEndian.PutUint32(c.m[16:], uint32(p))
	binary.LittleEndian.PutUint32(c.m[20:], uint32(n))
	return c.call("fd_write", fd, 16, 1, result)
}

func (c *caller) read(fd uint64) (string, Errno) {
	c.t.Helper()
	binary.LittleEndian.PutUint32(c.m[16:], 4096)
	binary.LittleEndian.PutUint32(c.m[20:], 4096)
	e := c.call("fd_read", fd, 16, 1, result)
	if e != esuccess {
		return "", e
	}
	return string(c.m[4096 : 4096+c.u32()]), e
}

// file makes a file in a directory of the host.
func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func symlink(t *testing.T, target, dir, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}
