package wasi

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// iovecs stores an array at 512 for the pieces given, which lie at 8192 on.
func (c *caller) iovecs(pieces ...string) (p, n uint64) {
	at := uint32(8192)
	for i, s := range pieces {
		copy(c.m[at:], s)
		binary.LittleEndian.PutUint32(c.m[512+8*i:], at)
		binary.LittleEndian.PutUint32(c.m[516+8*i:], uint32(len(s)))
		at += uint32(len(s)) + 16
	}
	return 512, uint64(len(pieces))
}

func (c *caller) size(fd uint64) uint64 {
	c.t.Helper()
	c.want(esuccess, "fd_filestat_get", fd, result)
	return binary.LittleEndian.Uint64(c.m[result+32:])
}

func TestReadWrite(t *testing.T) {
	c := newCaller(t, Preopen{})
	fd := c.mustOpen("f", opts{oflags: oflagCreat, rights: allRights})
	p, n := c.iovecs("one", "", "two", "three")
	c.want(esuccess, "fd_write", fd, p, n, result)
	if c.u32() != 11 {
		t.Errorf("wrote %d", c.u32())
	}
	c.want(esuccess, "fd_tell", fd, result)
	if c.u64() != 11 {
		t.Errorf("at %d", c.u64())
	}
	p, n = c.iovecs("XY")
	c.want(esuccess, "fd_pwrite", fd, p, n, 1, result)
	p, n = c.iovecs("....", "....")
	c.want(esuccess, "fd_pread", fd, p, n, 0, result)
	if s := string(c.m[8192:8196]) + string(c.m[8212:8216]); c.u32() != 8 || s != "oXYtwoth" {
		t.Errorf("read %d bytes %q", c.u32(), s)
	}
	c.want(esuccess, "fd_tell", fd, result)
	if c.u64() != 11 {
		t.Errorf("pread and pwrite moved it to %d", c.u64())
	}
	c.want(esuccess, "fd_seek", fd, ^uint64(2), whenceEnd, result) // -3
	if c.u64() != 8 {
		t.Errorf("at %d", c.u64())
	}
	if s, _ := c.read(fd); s != "ree" {
		t.Errorf("read %q", s)
	}
	c.want(esuccess, "fd_pread", fd, p, n, 100, result)
	if c.u32() != 0 {
		t.Errorf("read %d beyond the end", c.u32())
	}
	for _, x := range []struct {
		name string
		args []uint64
		want Errno
	}{
		{"fd_seek", []uint64{fd, ^uint64(0), 0, result}, einval},
		{"fd_seek", []uint64{fd, 0, 3, result}, einval},
		{"fd_pread", []uint64{fd, p, n, 1 << 63, result}, einval},
		{"fd_pwrite", []uint64{fd, p, n, 1 << 63, result}, einval},
		{"fd_read", []uint64{fd, p, 1025, result}, einval},
		{"fd_read", []uint64{fd, callerMemory - 4, 1, result}, efault},
		{"fd_write", []uint64{fd, 1 << 32, 1 << 31, result}, einval},
		{"fd_read", []uint64{77, p, n, result}, ebadf},
		{"fd_write", []uint64{1, p, n, result}, ebadf},
		{"fd_read", []uint64{preopenFD, p, n, result}, eisdir},
		{"fd_pread", []uint64{preopenFD, p, n, 0, result}, eisdir},
		{"fd_write", []uint64{preopenFD, p, n, result}, ebadf},
		{"fd_pwrite", []uint64{preopenFD, p, n, 0, result}, ebadf},
		{"fd_seek", []uint64{preopenFD, 0, 0, result}, eisdir},
		{"fd_tell", []uint64{preopenFD, result}, eisdir},
		{"fd_allocate", []uint64{preopenFD, 0, 1}, ebadf},
		{"fd_filestat_set_size", []uint64{preopenFD, 0}, eisdir},
		{"fd_advise", []uint64{fd, 0, 10, 6}, einval},
		{"fd_advise", []uint64{fd, 0, 10, 2}, esuccess},
		{"fd_allocate", []uint64{fd, 0, 0}, einval},
		{"fd_sync", []uint64{fd}, esuccess},
		{"fd_sync", []uint64{preopenFD}, esuccess},
		{"fd_datasync", []uint64{fd}, esuccess},
	} {
		c.want(x.want, x.name, x.args...)
	}
	// A length and base that do not fit into the memory, in the array itself.
	binary.LittleEndian.PutUint32(c.m[512:], callerMemory-1)
	binary.LittleEndian.PutUint32(c.m[516:], 2)
	c.want(efault, "fd_read", fd, 512, 1, result)
	// Elements may overlap, the array too.
	binary.LittleEndian.PutUint32(c.m[512:], 512)
	binary.LittleEndian.PutUint32(c.m[516:], 16)
	binary.LittleEndian.PutUint32(c.m[520:], 512)
	binary.LittleEndian.PutUint32(c.m[524:], 16)
	c.want(esuccess, "fd_pread", fd, 512, 2, 0, result)
}

func TestAppend(t *testing.T) {
	c := newCaller(t, Preopen{})
	fd := c.mustOpen("f", opts{oflags: oflagCreat, rights: allRights, fdflags: fdflagAppend})
	c.write(fd, "ab")
	c.want(esuccess, "fd_seek", fd, 0, 0, result)
	c.write(fd, "cd")
	c.want(esuccess, "fd_tell", fd, result)
	if c.u64() != 4 {
		t.Errorf("at %d", c.u64())
	}
	p, n := c.iovecs("xyz")
	c.want(esuccess, "fd_pwrite", fd, p, n, 0, result)
	c.want(esuccess, "fd_tell", fd, result)
	if c.u64() != 4 || c.size(fd) != 7 {
		t.Errorf("at %d, %d bytes", c.u64(), c.size(fd))
	}
	c.want(esuccess, "fd_fdstat_set_flags", fd, 0)
	c.want(esuccess, "fd_seek", fd, 0, 0, result)
	c.write(fd, "AB")
	if c.size(fd) != 7 {
		t.Errorf("%d bytes", c.size(fd))
	}
	c.want(esuccess, "fd_fdstat_set_flags", fd, fdflagAppend|fdflagNonblock|fdflagDsync|fdflagSync)
	c.write(fd, "z")
	c.want(esuccess, "fd_fdstat_get", fd, result)
	if flags := binary.LittleEndian.Uint16(c.m[result+2:]); flags != fdflagAppend|fdflagNonblock|fdflagDsync|fdflagSync {
		t.Errorf("flags %#x", flags)
	}
	c.want(einval, "fd_fdstat_set_flags", fd, 1<<5)
	if s, _ := os.ReadFile(filepath.Join(c.dir(), "f")); string(s) != "ABcdxyzz" {
		t.Errorf("written %q", s)
	}
}

func TestFilestat(t *testing.T) {
	c := newCaller(t, Preopen{})
	fd := c.mustOpen("f", opts{oflags: oflagCreat, rights: allRights})
	c.want(esuccess, "fd_filestat_set_size", fd, 100)
	c.want(esuccess, "fd_allocate", fd, 90, 20)
	if c.size(fd) != 110 {
		t.Errorf("%d bytes", c.size(fd))
	}
	c.want(esuccess, "fd_allocate", fd, 10, 10)
	if c.size(fd) != 110 || c.m[result+16] != filetypeRegular {
		t.Errorf("%d bytes, type %d", c.size(fd), c.m[result+16])
	}
	c.want(einval, "fd_filestat_set_size", fd, 1<<63)

	get := func(lookup uint64, name string) (atim, mtim uint64, filetype byte) {
		t.Helper()
		p, n := c.put(name)
		c.want(esuccess, "path_filestat_get", preopenFD, lookup, p, n, result)
		return binary.LittleEndian.Uint64(c.m[result+40:]), binary.LittleEndian.Uint64(c.m[result+48:]), c.m[result+16]
	}
	set := func(e Errno, lookup uint64, name string, atim, mtim, flags uint64) {
		t.Helper()
		p, n := c.put(name)
		c.want(e, "path_filestat_set_times", preopenFD, lookup, p, n, atim, mtim, flags)
	}
	symlink(t, "f", c.dir(), "link")
	mkdir(t, c.dir(), "sub")
	atim, _, _ := get(0, "f")
	set(esuccess, 0, "f", 5, 1234567890123, fstMtim)
	if a, m, _ := get(0, "f"); a != atim || m != 1234567890123 {
		t.Errorf("times %d %d", a, m)
	}
	set(einval, 0, "f", 0, 0, fstMtim|fstMtimNow)
	set(einval, 0, "f", 0, 0, fstAtim|fstAtimNow)
	set(einval, 0, "f", 0, 0, 16)
	set(enoent, 0, "none", 0, 0, fstAtimNow)
	c.want(einval, "fd_filestat_set_times", fd, 0, 0, fstAtim|fstAtimNow)
	c.want(esuccess, "fd_filestat_set_times", fd, 77, 88, fstAtim|fstMtim)
	if a, m, _ := get(lookupFollow, "link"); a != 77 || m != 88 {
		t.Errorf("times %d %d", a, m)
	}
	set(esuccess, 0, "link", 0, 99, fstMtim)
	if _, m, ft := get(0, "link"); m != 99 || ft != filetypeSymlink {
		t.Errorf("the link: %d, type %d", m, ft)
	}
	if _, m, ft := get(lookupFollow, "./link"); m != 88 || ft != filetypeRegular {
		t.Errorf("its target: %d, type %d", m, ft)
	}
	set(esuccess, lookupFollow, "link", 0, 111, fstMtim)
	if _, m, _ := get(0, "f"); m != 111 {
		t.Errorf("the target: %d", m)
	}
	for _, name := range []string{".", "sub", "sub/", "sub/.."} {
		if _, _, ft := get(0, name); ft != filetypeDirectory {
			t.Errorf("%s: type %d", name, ft)
		}
	}
	for name, want := range map[string]Errno{"none": enoent, "f/": enotdir, "f/x": enotdir, "..": eperm, "/f": eperm, "sub/../..": eperm, "": enoent} {
		p, n := c.put(name)
		c.want(want, "path_filestat_get", preopenFD, lookupFollow, p, n, result)
		if want == eperm {
			set(want, 0, name, 0, 0, fstAtimNow)
		}
	}
	p, n := c.put("f")
	c.want(efault, "path_filestat_get", preopenFD, 0, p, n, callerMemory-60)
	c.want(efault, "fd_filestat_get", fd, callerMemory-60)
	c.want(enotdir, "path_filestat_get", fd, 0, p, n, result)
}

func TestRenumber(t *testing.T) {
	c := newCaller(t, Preopen{})
	a := c.mustOpen("a", opts{oflags: oflagCreat, rights: allRights})
	b := c.mustOpen("b", opts{oflags: oflagCreat, rights: allRights})
	host := c.h.table.fds[b].Host
	c.write(a, "a")
	c.want(esuccess, "fd_renumber", a, b)
	c.want(ebadf, "fd_close", a)
	c.want(ebadf, "fd_renumber", b, a)
	c.want(ebadf, "fd_renumber", a, b)
	c.want(ebadf, "fd_renumber", b, 1<<31)
	c.want(esuccess, "fd_renumber", b, b)
	if c.size(b) != 1 {
		t.Errorf("%d bytes", c.size(b))
	}
	if _, e := fcntl(host, syscall.F_GETFD, 0); e != syscall.EBADF {
		t.Errorf("what was there is still open: %v", e)
	}
	if n := c.mustOpen("a", opts{}); n != a {
		t.Errorf("the lowest free number is %d, got %d", a, n)
	}
	// Over a preopen; the number is one no more.
	c.want(esuccess, "fd_renumber", b, preopenFD)
	c.want(ebadf, "fd_prestat_get", preopenFD, result)
}

func TestPrestat(t *testing.T) {
	c := newCaller(t, Preopen{Guest: "/name"})
	c.want(esuccess, "fd_prestat_get", preopenFD, result)
	if c.m[result] != 0 || binary.LittleEndian.Uint32(c.m[result+4:]) != 5 {
		t.Errorf("prestat % x", c.m[result:result+8])
	}
	c.want(enametoolong, "fd_prestat_dir_name", preopenFD, 256, 4)
	c.want(esuccess, "fd_prestat_dir_name", preopenFD, 256, 6)
	if s := string(c.m[256:262]); s != "/name\x00" {
		t.Errorf("name %q", s)
	}
	c.want(ebadf, "fd_prestat_get", 4, result)
	fd := c.mustOpen(".", opts{oflags: oflagDirectory})
	c.want(ebadf, "fd_prestat_get", fd, result)
	c.want(esuccess, "fd_close", preopenFD)
	c.want(ebadf, "fd_fdstat_get", preopenFD, result)
	c.want(esuccess, "fd_fdstat_get", fd, result)
	if c.m[result] != filetypeDirectory {
		t.Errorf("type %d", c.m[result])
	}
}

// NONBLOCK of a pipe that others have too is the guest's alone.
func TestSharedNonblock(t *testing.T) {
	c := newCaller(t, Preopen{})
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, _ := c.h.table.Open(&FD{Kind: KindPipe, Host: p[0], Shared: true, Rights: streamRights})
	w, _ := c.h.table.Open(&FD{Kind: KindPipe, Host: p[1], Shared: true, Rights: streamRights})
	c.want(esuccess, "fd_fdstat_set_flags", uint64(r), fdflagNonblock)
	c.want(esuccess, "fd_fdstat_set_flags", uint64(w), fdflagNonblock)
	for _, fd := range p {
		if flags, _ := fcntl(fd, syscall.F_GETFL, 0); flags&syscall.O_NONBLOCK != 0 {
			t.Error("O_NONBLOCK is set for everyone")
		}
	}
	if _, e := c.read(uint64(r)); e != eagain {
		t.Errorf("read: errno %d", e)
	}
	total := 0
	piece := string(make([]byte, 10000))
	for {
		e := c.write(uint64(w), piece)
		if e == eagain {
			break
		}
		if e != esuccess || total > 1<<20 {
			t.Fatalf("write: errno %d after %d bytes", e, total)
		}
		total += int(c.u32())
	}
	if total < 32<<10 {
		t.Errorf("only %d bytes went into the pipe", total)
	}
	if s, e := c.read(uint64(r)); len(s) != 4096 || e != esuccess {
		t.Errorf("read %d bytes, errno %d", len(s), e)
	}
	c.want(espipe, "fd_seek", uint64(r), 0, 0, result)
	c.want(espipe, "fd_advise", uint64(r), 0, 0, 0)
	c.want(esuccess, "fd_close", uint64(r))
	c.want(esuccess, "fd_fdstat_set_flags", uint64(w), 0)
	if e := c.write(uint64(w), "x"); e != epipe { // Go ignores SIGPIPE but for 1 and 2
		t.Errorf("write: errno %d", e)
	}
	// Somebody else's O_NONBLOCK does not make the guest's call fail.
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	r, _ = c.h.table.Open(&FD{Kind: KindPipe, Host: p[0], Shared: true, Rights: streamRights})
	go func() {
		_, _ = syscall.Write(p[1], []byte("late")) // the read says whether it came
		sysClose(p[1])
	}()
	if s, e := c.read(uint64(r)); s != "late" {
		t.Errorf("read %q, errno %d", s, e)
	}
}

// Reading and writing take nothing from Go's heap.
func TestFileAllocations(t *testing.T) {
	c := newCaller(t, Preopen{})
	fd := c.mustOpen("f", opts{oflags: oflagCreat, rights: allRights})
	file(t, mkdir(t, c.dir(), "sub"), "g", "")
	p, n := c.iovecs("some", "text")
	args := map[string][]uint64{
		"fd_write": {fd, p, n, result}, "fd_read": {fd, p, n, result}, "fd_pread": {fd, p, n, 0, result}, "fd_pwrite": {fd, p, n, 0, result},
		"fd_seek": {fd, 0, 0, result}, "fd_tell": {fd, result}, "fd_filestat_get": {fd, result}, "fd_fdstat_get": {fd, result},
		"clock_time_get": {1, 0, result}, "random_get": {256, 16}, "sched_yield": nil,
	}
	copy(c.m[300:], "sub/g")
	args["path_filestat_get"] = []uint64{preopenFD, 0, 300, 5, result}
	for name, a := range args {
		call := c.fns[name].call
		if allocs := testing.AllocsPerRun(100, func() {
			if e := call(c.m, a); e != esuccess {
				t.Errorf("%s: errno %d", name, e)
			}
		}); allocs != 0 {
			t.Errorf("%s allocates %v times", name, allocs)
		}
	}
}

// Stats of names in one directory see what is there now.
func TestStatAgain(t *testing.T) {
	scopes(t, func(t *testing.T, c *caller, dir string) {
		mkdir(t, dir, "d")
		mkdir(t, dir, "e")
		file(t, dir, "d/f", "four")
		file(t, dir, "e/f", "seven..")
		symlink(t, "d", dir, "s")
		symlink(t, "f", dir, "d/l")
		size := func(e Errno, name string, lookup, want uint64) {
			t.Helper()
			p, n := c.put(name)
			c.want(e, "path_filestat_get", preopenFD, lookup, p, n, result)
			if got := binary.LittleEndian.Uint64(c.m[result+32:]); e == esuccess && got != want {
				t.Errorf("%s: %d bytes", name, got)
			}
		}
		for range 3 {
			size(esuccess, "d/f", 0, 4)
			size(esuccess, "s/f", 0, 4)
			size(esuccess, "d/l", lookupFollow, 4)
			size(esuccess, "d/l", 0, 1)
			size(esuccess, "d/../e/f", 0, 7)
			size(enotdir, "d/f/", 0, 0)
			size(enoent, "d/g", 0, 0)
			size(eperm, "d/../..", 0, 0)
		}
		size(esuccess, "d/f", 0, 4)
		c.rename(esuccess, "d", "x")
		size(enoent, "d/f", 0, 0)
		c.rename(esuccess, "e", "d")
		size(esuccess, "d/f", 0, 7)
		size(esuccess, "d/f", 0, 7)
	})
}
