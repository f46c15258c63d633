package wasi

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// scopes runs a test in every kind of directory, with openat2 and without.
func scopes(t *testing.T, test func(t *testing.T, c *caller, dir string)) {
	for _, s := range []scope{scopeRoot, scopeWithin, scopeBeneath} {
		for _, walks := range []bool{false, true} {
			t.Run(fmt.Sprintf("scope %d walks %v", s, walks), func(t *testing.T) {
				dir := t.TempDir()
				var c *caller
				if s == scopeRoot {
					// The container's root is the process's: a path beneath it.
					c = newCaller(t, Preopen{Dir: "/"})
					c.h.walks = walks
					fd := c.mustOpen(dir[1:], opts{oflags: oflagDirectory})
					c.want(esuccess, "fd_renumber", fd, preopenFD)
				} else {
					c = newCaller(t, Preopen{Dir: dir, Native: s == scopeWithin})
				}
				c.h.walks = walks
				test(t, c, dir)
			})
		}
	}
}

func TestOpenErrors(t *testing.T) {
	scopes(t, func(t *testing.T, c *caller, dir string) {
		mkdir(t, dir, "dir")
		mkdir(t, dir, "dir/nested")
		file(t, dir, "dir/nested/file", "text")
		symlink(t, "dir", dir, "todir")
		symlink(t, "none", dir, "dangling")
		symlink(t, "loop", dir, "loop")
		symlink(t, "dir/nested/file", dir, "tofile")
		long := string(make([]byte, maxPath))
		for _, x := range []struct {
			name string
			o    opts
			want Errno
		}{
			{"dir/nested/file", opts{}, esuccess},
			{"dir/.//nested/../../dir/nested/../nested///./file", opts{}, esuccess},
			{"dir/nested", opts{}, esuccess},
			{"dir/nested///", opts{}, esuccess},
			{".", opts{}, esuccess},
			{".", opts{fdflags: fdflagNonblock}, esuccess},
			{"dir/..", opts{}, esuccess},
			{"todir/nested/file", opts{}, esuccess},
			{"todir", opts{follow: true}, esuccess},
			{"todir/", opts{follow: true}, esuccess},
			{"tofile", opts{follow: true}, esuccess},
			{"", opts{}, enoent},
			{"/dir/nested/file", opts{}, eperm},
			{"dir/nested/../../../x/dir", opts{}, eperm},
			{"..", opts{}, eperm},
			{"dir/nested/file\x00", opts{}, einval},
			{"dir/nested/file/", opts{}, enotdir},
			{"dir/nested/file///", opts{}, enotdir},
			{"dir/nested/file/x", opts{}, enotdir},
			{"none", opts{}, enoent},
			{"none/x", opts{}, enoent},
			{"todir", opts{}, eloop},
			{"todir", opts{oflags: oflagDirectory}, enotdir},
			{"tofile", opts{}, eloop},
			{"tofile", opts{follow: true, oflags: oflagDirectory}, enotdir},
			{"dangling", opts{}, eloop},
			{"dangling", opts{follow: true}, enoent},
			{"dangling", opts{oflags: oflagDirectory}, enotdir},
			{"loop", opts{}, eloop},
			{"loop", opts{follow: true}, eloop},
			{"loop/x", opts{}, eloop},
			{"dir", opts{rights: RightFdRead | RightFdWrite}, eisdir},
			{".", opts{rights: RightFdRead | RightFdWrite, oflags: oflagDirectory}, eisdir},
			{"dir/nested/file", opts{oflags: oflagCreat | oflagExcl}, eexist},
			{"new", opts{oflags: oflagCreat | oflagDirectory}, einval},
			{"new", opts{oflags: 1 << 4}, einval},
			{"new", opts{oflags: oflagCreat, fdflags: 1 << 5}, einval},
			{long, opts{}, enametoolong},
		} {
			fd, e := c.open(x.name, x.o)
			if e != x.want {
				t.Errorf("%.40q %+v: errno %d, want %d", x.name, x.o, e, x.want)
			}
			if e == esuccess {
				c.want(esuccess, "fd_close", fd)
			}
		}
		f := c.mustOpen("dir/nested/file", opts{})
		if _, e := c.open("foo", opts{at: f, oflags: oflagCreat}); e != enotdir {
			t.Errorf("beneath a file: errno %d", e)
		}
		if _, e := c.open("foo", opts{at: 99}); e != ebadf {
			t.Errorf("beneath nothing: errno %d", e)
		}
		sub := c.mustOpen("dir", opts{oflags: oflagDirectory})
		if _, e := c.open("nested/../../dir", opts{at: sub}); e != eperm {
			t.Errorf("out of a directory: errno %d", e)
		}
		if fd, e := c.open("nested/../nested/file", opts{at: sub}); e != esuccess {
			t.Errorf("beneath a directory: errno %d", e)
		} else if s, _ := c.read(fd); s != "text" {
			t.Errorf("read %q", s)
		}
		// Results that do not fit leave nothing behind.
		p, n := c.put("made")
		c.want(efault, "path_open", preopenFD, 0, p, n, oflagCreat, 0, 0, 0, callerMemory-3)
		if _, err := os.Lstat(filepath.Join(dir, "made")); err == nil {
			t.Error("a file was made although its number cannot be stored")
		}
	})
}

// Symlinks lead out of no narrow preopen, and as natively beneath the
// container's root.
func TestLinksOut(t *testing.T) {
	outside := file(t, t.TempDir(), "outside", "out")
	scopes(t, func(t *testing.T, c *caller, dir string) {
		sub := mkdir(t, dir, "sub")
		file(t, dir, "inside", "in")
		symlink(t, outside, dir, "absolute")
		symlink(t, "../../../../../../../../../.."+outside, dir, "up")
		symlink(t, "/", dir, "root")
		symlink(t, "../inside", sub, "near")
		rel := "root" + outside
		for _, name := range []string{"absolute", "up", rel} {
			fd, e := c.open(name, opts{follow: true})
			if c.h.table.fds[preopenFD].Dir.scope == scopeBeneath {
				if e != eperm {
					t.Errorf("%s: errno %d", name, e)
				}
				continue
			}
			if s, _ := c.read(fd); e != esuccess || s != "out" {
				t.Errorf("%s: errno %d, %q", name, e, s)
			}
		}
		if fd, e := c.open("sub/near", opts{follow: true}); e != esuccess {
			t.Errorf("near: errno %d", e)
		} else if s, _ := c.read(fd); s != "in" {
			t.Errorf("near: %q", s)
		}
	})
}

// Beneath the root preopen itself ".." stays at the root.
func TestRootParent(t *testing.T) {
	for _, walks := range []bool{false, true} {
		dir := t.TempDir()
		file(t, dir, "f", "text")
		c := newCaller(t, Preopen{Dir: "/"})
		c.h.walks = walks
		fd := c.mustOpen("../.."+dir+"/f", opts{})
		if s, e := c.read(fd); s != "text" {
			t.Errorf("read %q, errno %d", s, e)
		}
		dot := c.mustOpen(".", opts{oflags: oflagDirectory})
		c.mustOpen("../.."+dir+"/f", opts{at: dot})
	}
}

func TestRights(t *testing.T) {
	c := newCaller(t, Preopen{})
	// Nothing asked for: nothing possible.
	fd := c.mustOpen("file", opts{oflags: oflagCreat, none: true})
	if _, e := c.read(fd); e != enotcapable {
		t.Errorf("read: errno %d", e)
	}
	if e := c.write(fd, "x"); e != enotcapable {
		t.Errorf("write: errno %d", e)
	}
	c.want(enotcapable, "fd_seek", fd, 0, 0, result)
	c.want(enotcapable, "fd_filestat_get", fd, result)
	c.want(enotcapable, "fd_sync", fd)
	// More asked for than a directory passes on is cut off.
	sub := mkdir(t, c.dir(), "sub")
	file(t, sub, "f", "text")
	narrow := c.mustOpen("sub", opts{oflags: oflagDirectory, inheriting: RightFdRead | RightFdSeek | RightFdWrite})
	f := c.mustOpen("f", opts{at: narrow, rights: allRights})
	if got := c.h.table.fds[f].Rights; got != RightFdRead|RightFdSeek|RightFdWrite {
		t.Errorf("rights %#x", got)
	}
	// Rights can be taken away, not given.
	c.want(esuccess, "fd_fdstat_set_rights", f, uint64(RightFdSeek), 0)
	if _, e := c.read(f); e != enotcapable {
		t.Errorf("read: errno %d", e)
	}
	c.want(enotcapable, "fd_fdstat_set_rights", f, uint64(RightFdSeek|RightFdRead), 0)
	c.want(enotcapable, "fd_fdstat_set_rights", f, uint64(RightFdSeek), uint64(RightFdRead))
	c.want(esuccess, "fd_seek", f, 0, 0, result)
	// Truncating is a right of the directory.
	d := c.mustOpen("sub", opts{oflags: oflagDirectory, rights: dirRights &^ RightPathFilestatSetSize})
	if _, e := c.open("f", opts{at: d, oflags: oflagTrunc, none: true}); e != enotcapable {
		t.Errorf("truncate: errno %d", e)
	}
	if _, e := c.open("g", opts{at: narrow, oflags: oflagCreat}); e != esuccess {
		t.Errorf("create: errno %d", e)
	}
	d = c.mustOpen("sub", opts{oflags: oflagDirectory, rights: RightPathOpen})
	if _, e := c.open("h", opts{at: d, oflags: oflagCreat}); e != enotcapable {
		t.Errorf("create: errno %d", e)
	}
	c.onPath(enotcapable, "path_create_directory", d, "x")
	c.onPath(enotcapable, "path_remove_directory", d, "x")
	c.onPath(enotcapable, "path_unlink_file", d, "x")
	c.onPath(enotcapable, "path_readlink", d, "x", 0, 0, result)
	d = c.mustOpen("sub", opts{oflags: oflagDirectory, rights: RightFdRead})
	if _, e := c.open("f", opts{at: d}); e != enotcapable {
		t.Errorf("open: errno %d", e)
	}
	c.want(enotcapable, "fd_readdir", d, 4096, 100, 0, result)
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "f", "text")
	mkdir(t, dir, "sub")
	c := newCaller(t, Preopen{Dir: dir, ReadOnly: true})
	// Libraries ask for everything.
	fd := c.mustOpen("f", opts{rights: allRights, oflags: oflagCreat})
	if s, e := c.read(fd); s != "text" {
		t.Errorf("read %q, errno %d", s, e)
	}
	if e := c.write(fd, "x"); e != erofs {
		t.Errorf("write: errno %d", e)
	}
	c.want(erofs, "fd_filestat_set_size", fd, 0)
	c.want(erofs, "fd_filestat_set_times", fd, 0, 0, fstAtimNow)
	c.want(erofs, "fd_allocate", fd, 0, 100)
	sub := c.mustOpen("sub", opts{rights: allRights &^ RightFdWrite, oflags: oflagDirectory})
	for _, x := range []struct {
		name string
		o    opts
		want Errno
	}{
		{"new", opts{oflags: oflagCreat}, erofs},
		{"new", opts{oflags: oflagCreat | oflagExcl}, erofs},
		{"f", opts{oflags: oflagCreat | oflagExcl}, eexist},
		{"f", opts{oflags: oflagTrunc}, erofs},
		{"new", opts{at: sub, oflags: oflagCreat}, erofs},
	} {
		if _, e := c.open(x.name, x.o); e != x.want {
			t.Errorf("%s %+v: errno %d", x.name, x.o, e)
		}
	}
	c.onPath(erofs, "path_create_directory", preopenFD, "x")
	c.onPath(erofs, "path_remove_directory", preopenFD, "sub")
	c.onPath(erofs, "path_unlink_file", sub, "x")
	p, n := c.put("f")
	c.want(erofs, "path_rename", preopenFD, p, n, sub, p, n)
	c.want(erofs, "path_link", preopenFD, 0, p, n, sub, p, n)
	c.want(erofs, "path_symlink", p, n, preopenFD, p, n)
	c.want(erofs, "path_filestat_set_times", preopenFD, 0, p, n, 0, 0, fstAtimNow)
	if s, err := os.ReadFile(filepath.Join(dir, "f")); string(s) != "text" {
		t.Errorf("the file is %q, %v", s, err)
	}
}

// Names of a process's own descriptors mean the guest's, also behind symlinks.
func TestSpecialNames(t *testing.T) {
	dir := t.TempDir()
	symlink(t, "/dev/stdout", dir, "access.log")
	symlink(t, "access.log", dir, "second.log")
	c := newCaller(t, Preopen{Dir: "/"})
	out := file(t, dir, "out", "")
	fd := c.mustOpen(out[1:], opts{rights: allRights})
	c.h.table.fds[1] = c.h.table.fds[fd]
	c.h.table.fds[fd] = nil
	for i, name := range []string{"dev/stdout", "dev/fd/1", "proc/self/fd/1", "./dev/../dev//stdout", dir[1:] + "/access.log", dir[1:] + "/second.log"} {
		fd, e := c.open(name, opts{follow: true, rights: allRights})
		if e != esuccess {
			t.Errorf("%s: errno %d", name, e)
			continue
		}
		if e := c.write(fd, string(rune('a'+i))); e != esuccess {
			t.Errorf("%s: write: errno %d", name, e)
		}
		p, n := c.put(name)
		c.want(esuccess, "path_filestat_get", preopenFD, lookupFollow, p, n, result)
		c.want(esuccess, "fd_close", fd)
	}
	if s, _ := os.ReadFile(out); string(s) != "abcdef" {
		t.Errorf("written %q", s)
	}
	dev := c.mustOpen("dev", opts{oflags: oflagDirectory})
	c.mustOpen("stdout", opts{at: dev, follow: true})
	for _, name := range []string{"dev/stdin", "dev/fd/77", "proc/self/fd/0", "dev/fd/4294967297"} {
		if _, e := c.open(name, opts{follow: true}); e != enoent && e != eloop {
			t.Errorf("%s: errno %d", name, e)
		}
	}
}

func (c *caller) dir() string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", c.h.table.fds[preopenFD].Host))
	if err != nil {
		c.t.Fatal(err)
	}
	return name
}
