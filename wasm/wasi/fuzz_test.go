package wasi

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever a guest calls with whatever arguments, the host answers. Each 8
// bytes of the input are one argument: small ones stay what they are, others
// point into a memory that holds sound and odd structures.
func FuzzCalls(f *testing.F) {
	for seed := range 200 {
		b := make([]byte, 1+9*8)
		b[0] = byte(seed)
		for i := range b[1:] {
			b[1+i] = byte(seed * (i + 3))
			if i%8 > 2 {
				b[1+i] = 0
			}
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		c := newCaller(t, Preopen{Dir: dir})
		c.h.Exit = func(uint32) {}
		// "sub/x" is what paths are about, not the file system around.
		file(t, mkdir(t, dir, "sub"), "x", "text")
		fd := c.mustOpen("sub/x", opts{rights: allRights})
		c.mustOpen("sub", opts{oflags: oflagDirectory})
		c.null()
		for i := uint32(0); i < callerMemory/2; i += 64 {
			copy(c.m[i:], "sub/x")
			binary.LittleEndian.PutUint32(c.m[i+16:], i)
			binary.LittleEndian.PutUint32(c.m[i+20:], 8)
			binary.LittleEndian.PutUint32(c.m[i+24:], uint32(fd))
		}
		names := make([]string, 0, len(c.fns))
		for name := range c.fns {
			// These wait, for as long as they are told; their own tests wear them.
			if !strings.HasPrefix(name, "sock_") && !strings.HasSuffix(name, "poll_oneoff") && name != "epoll_oneoff" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for len(b) > 0 {
			fn := c.fns[names[int(b[0])%len(names)]]
			b = b[1:]
			args := make([]uint64, len(fn.params))
			for i := range args {
				var word [8]byte
				b = b[copy(word[:], b):]
				args[i] = binary.LittleEndian.Uint64(word[:])
				if fn.params[i] == 'i' {
					args[i] = uint64(uint32(args[i]))
				}
			}
			if fn.name == "fd_allocate" || fn.name == "fd_filestat_set_size" || fn.name == "fd_pwrite" || fn.name == "fd_seek" || fn.name == "random_get" {
				args[1] &= 1<<20 - 1 // no test fills the disk
				if len(args) > 2 {
					args[2] &= 1<<20 - 1
				}
				if len(args) > 3 {
					args[3] &= 1<<20 - 1
				}
			}
			if e := fn.call(c.m, args); e > 87 {
				t.Fatalf("%s%v: errno %d", fn.name, args, e)
			}
		}
		if s, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "x")); err == nil {
			t.Fatalf("something was made outside: %q", s)
		}
	})
}

// null opens /dev/null as a descriptor.
func (c *caller) null() {
	c.t.Helper()
	fd, e := openatRaw(atFdcwd, "/dev/null", 2, 0)
	if e != 0 {
		c.t.Fatal(e)
	}
	if _, errno := c.h.table.Open(&FD{Kind: KindChar, Host: fd, Rights: fileRights}); errno != esuccess {
		c.t.Fatal(errno)
	}
}

// Descriptors come to an end with an errno, and are there again once closed.
func TestDescriptorsExhausted(t *testing.T) {
	c := newCaller(t, Preopen{})
	var last uint64
	limit(t, 256)
	for range 1000 {
		fd, e := c.open("f", opts{oflags: oflagCreat})
		if e == emfile {
			break
		}
		if e != esuccess {
			t.Fatalf("errno %d", e)
		}
		last = fd
	}
	if _, e := c.open("f", opts{}); e != emfile || last < 100 {
		t.Fatalf("errno %d after descriptor %d", e, last)
	}
	c.want(esuccess, "fd_close", last)
	if fd := c.mustOpen("f", opts{}); fd != last {
		t.Errorf("descriptor %d, not %d", fd, last)
	}
}
