package wasi

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func (c *caller) rename(e Errno, from, to string) {
	c.t.Helper()
	p, n := c.put(from)
	q, k := c.put(to)
	if got := c.call("path_rename", preopenFD, p, n, preopenFD, q, k); got != e {
		c.t.Errorf("rename %s to %s: errno %d, want %d", from, to, got, e)
	}
}

func (c *caller) link(e Errno, lookup uint64, from string, at uint64, to string) {
	c.t.Helper()
	p, n := c.put(from)
	q, k := c.put(to)
	if got := c.call("path_link", preopenFD, lookup, p, n, at, q, k); got != e {
		c.t.Errorf("link %s to %s: errno %d, want %d", from, to, got, e)
	}
}

func (c *caller) symlink(e Errno, target, name string) {
	c.t.Helper()
	p, n := c.put(target)
	q, k := c.put(name)
	if got := c.call("path_symlink", p, n, preopenFD, q, k); got != e {
		c.t.Errorf("symlink %s to %s: errno %d, want %d", name, target, got, e)
	}
}

func TestDirectories(t *testing.T) {
	scopes(t, func(t *testing.T, c *caller, dir string) {
		mk := func(e Errno, name string) { t.Helper(); c.onPath(e, "path_create_directory", preopenFD, name) }
		rm := func(e Errno, name string) { t.Helper(); c.onPath(e, "path_remove_directory", preopenFD, name) }
		un := func(e Errno, name string) { t.Helper(); c.onPath(e, "path_unlink_file", preopenFD, name) }
		file(t, dir, "file", "")
		symlink(t, "none", dir, "dangling")
		symlink(t, "d", dir, "tod")
		mk(esuccess, "d")
		mk(esuccess, "d/e/")
		mk(esuccess, "tod/f")
		mk(eexist, "d")
		mk(eexist, "dangling")
		mk(eexist, ".")
		mk(enoent, "x/y")
		mk(enotdir, "file/y")
		mk(eperm, "/abs")
		mk(eperm, "../out")
		mk(einval, "a\x00b")
		un(eisdir, "d")
		un(eisdir, "d/")
		un(enotdir, "file/")
		un(enoent, "none")
		un(eperm, "../x")
		rm(enotempty, "d")
		rm(enotdir, "file")
		rm(enotdir, "file/")
		rm(enotdir, "tod")
		rm(enotdir, "tod/")
		rm(esuccess, "d/f")
		rm(esuccess, "d/e/")
		rm(esuccess, "d")
		un(esuccess, "file")
		un(esuccess, "dangling")
		un(esuccess, "tod")
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("left over: %v", entries)
		}
	})
}

func TestUmask(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	c := newCaller(t, Preopen{})
	c.onPath(esuccess, "path_create_directory", preopenFD, "d")
	c.mustOpen("f", opts{oflags: oflagCreat})
	for name, want := range map[string]os.FileMode{"d": os.ModeDir | 0o750, "f": 0o640} {
		if fi, err := os.Stat(filepath.Join(c.dir(), name)); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
}

func TestRename(t *testing.T) {
	scopes(t, func(t *testing.T, c *caller, dir string) {
		mkdir(t, dir, "a")
		c.rename(esuccess, "a", "b")
		c.rename(esuccess, "b/", "a")
		c.rename(esuccess, "a", "b/")
		c.rename(esuccess, "b/", "a/")
		mkdir(t, dir, "empty")
		c.rename(esuccess, "a", "empty")
		mkdir(t, dir, "full")
		file(t, dir, "full/f", "")
		c.rename(enotempty, "empty", "full")
		c.rename(enotdir, "empty", "full/f")
		c.rename(eisdir, "full/f", "empty")
		c.rename(enotdir, "full/f", "g/")
		c.rename(enotdir, "full/f/", "g")
		c.rename(enoent, "none", "g")
		c.rename(einval, "full", "full/x")
		c.rename(ebusy, ".", "g")
		c.rename(eperm, "../x", "g")
		c.rename(eperm, "full", "../g")
		c.rename(esuccess, "full/f", "g")
		file(t, dir, "h", "h")
		c.rename(esuccess, "h", "g")
		symlink(t, "g", dir, "s")
		c.rename(esuccess, "s", "full/s")
		if s, _ := os.ReadFile(filepath.Join(dir, "g")); string(s) != "h" {
			t.Errorf("g is %q", s)
		}
	})
}

func TestLinks(t *testing.T) {
	scopes(t, func(t *testing.T, c *caller, dir string) {
		file(t, dir, "f", "text")
		mkdir(t, dir, "d")
		sub := c.mustOpen("d", opts{oflags: oflagDirectory})
		c.link(esuccess, 0, "f", preopenFD, "l")
		c.link(esuccess, 0, "f", sub, "l")
		c.link(esuccess, lookupFollow, "f", sub, "m")
		c.link(eexist, 0, "f", preopenFD, "l")
		c.link(eexist, 0, "f", preopenFD, "f")
		c.link(eexist, 0, "f", preopenFD, "d")
		c.link(eperm, 0, "d", preopenFD, "x")
		c.link(eperm, 0, "d/", preopenFD, "x")
		c.link(enoent, 0, "f", preopenFD, "x/")
		c.link(enoent, 0, "none", preopenFD, "x")
		c.link(eperm, 0, "../x", preopenFD, "x")
		c.symlink(esuccess, "none", "s")
		c.link(esuccess, 0, "s", preopenFD, "t")
		c.link(eexist, 0, "f", preopenFD, "s")
		c.link(einval, lookupFollow, "s", preopenFD, "x")

		c.symlink(eexist, "f", "s")
		c.symlink(eexist, "f", "d/")
		c.symlink(enoent, "f", "x/")
		c.symlink(eperm, "/", "x")
		c.symlink(enoent, "", "x")
		c.symlink(eperm, "f", "../x")
		c.symlink(esuccess, "../../elsewhere", "y")
		readlink := func(e Errno, name string, size uint64, want string) {
			t.Helper()
			clear(c.m[300:320])
			p, n := c.put(name)
			c.want(e, "path_readlink", preopenFD, p, n, 300, size, result)
			if e == esuccess && (c.u32() != uint32(len(want)) || string(c.m[300:300+len(want)+1]) != want+"\x00") {
				t.Errorf("%s: %q", name, c.m[300:320])
			}
		}
		readlink(esuccess, "s", 10, "none")
		readlink(esuccess, "s", 3, "non")
		readlink(esuccess, "s", 0, "")
		readlink(esuccess, "y", 20, "../../elsewhere")
		readlink(einval, "f", 10, "")
		readlink(einval, "d", 10, "")
		readlink(enoent, "none", 10, "")
		readlink(eperm, "..", 10, "")
		p, n := c.put("s")
		c.want(efault, "path_readlink", preopenFD, p, n, callerMemory-5, 10, result)
	})
}

// entries reads a directory with a buffer of a size.
func (c *caller) entries(fd uint64, size uint32) (names []string, cookies []uint64) {
	c.t.Helper()
	cookie := uint64(0)
	for range 10000 {
		c.want(esuccess, "fd_readdir", fd, 4096, uint64(size), cookie, result)
		used := c.u32()
		b := c.m[4096 : 4096+used]
		for len(b) >= direntSize {
			next, n := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[16:])
			if uint32(len(b)) < direntSize+n {
				break
			}
			cookie = next
			names = append(names, string(b[direntSize:direntSize+n]))
			cookies = append(cookies, next)
			b = b[direntSize+n:]
		}
		if used < size {
			return names, cookies
		}
	}
	c.t.Fatal("the directory does not end")
	return nil, nil
}

func TestReaddir(t *testing.T) {
	c := newCaller(t, Preopen{})
	names, _ := c.entries(preopenFD, 256)
	if slices.Sort(names); !slices.Equal(names, []string{".", ".."}) {
		t.Errorf("empty: %q", names)
	}
	want := []string{".", ".."}
	for i := range 1000 {
		name := fmt.Sprintf("file.%03d", i)
		file(t, c.dir(), name, "")
		want = append(want, name)
	}
	for _, size := range []uint32{60, 256, 4096, 100000} {
		names, cookies := c.entries(preopenFD, size)
		// A cookie is good for ever, whatever was read since.
		for _, i := range []int{700, 3, 999, 0} {
			c.want(esuccess, "fd_readdir", preopenFD, 4096, 100, cookies[i], result)
			if n := binary.LittleEndian.Uint32(c.m[4096+16:]); string(c.m[4096+direntSize:4096+direntSize+n]) != names[i+1] {
				t.Errorf("after %s comes %q, not %s", names[i], c.m[4096+direntSize:4096+direntSize+n], names[i+1])
			}
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("size %d: %d entries", size, len(names))
		}
	}
	// Removing while reading misses nothing.
	cookie, removed := uint64(0), 0
	for {
		c.want(esuccess, "fd_readdir", preopenFD, 4096, 500, cookie, result)
		b := slices.Clone(c.m[4096 : 4096+c.u32()])
		full := len(b) == 500
		for len(b) >= direntSize {
			n := binary.LittleEndian.Uint32(b[16:])
			if uint32(len(b)) < direntSize+n {
				break
			}
			cookie = binary.LittleEndian.Uint64(b)
			if name := string(b[direntSize : direntSize+n]); name[0] != '.' {
				c.onPath(esuccess, "path_unlink_file", preopenFD, name)
				removed++
			}
			b = b[direntSize+n:]
		}
		if !full {
			break
		}
	}
	if removed != 1000 {
		t.Errorf("removed %d", removed)
	}
	mkdir(t, c.dir(), "d")
	symlink(t, "x", c.dir(), "s")
	c.want(esuccess, "fd_readdir", preopenFD, 4096, 1000, 0, result)
	types := map[string]byte{}
	for b := c.m[4096 : 4096+c.u32()]; len(b) > 0; {
		n := binary.LittleEndian.Uint32(b[16:])
		types[string(b[direntSize:direntSize+n])] = b[20]
		b = b[direntSize+n:]
	}
	if types["d"] != filetypeDirectory || types["s"] != filetypeSymlink || types["."] != filetypeDirectory {
		t.Errorf("types %v", types)
	}
	c.want(efault, "fd_readdir", preopenFD, callerMemory-10, 11, 0, result)
	c.want(einval, "fd_readdir", preopenFD, 4096, 100, 1<<63, result)
	c.want(esuccess, "fd_readdir", preopenFD, 4096, 0, 0, result)
	f := c.mustOpen("f", opts{oflags: oflagCreat})
	c.want(enotdir, "fd_readdir", f, 4096, 100, 0, result)
}
