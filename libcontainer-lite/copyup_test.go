package libcontainer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"wrun/linux/kernel"
	"wrun/tests/host"
)

// newTmpfs gives a tmpfs of its own, as the container's would be.
func newTmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatalf("mount tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func openPath(t *testing.T, path string) int {
	t.Helper()
	fd, err := kernel.Open(path, kernel.O_PATH|kernel.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kernel.Close(fd) })
	return fd
}

// snapshot describes every file of a tree: what copyTree promises to keep.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Lstat(path, &st); err != nil {
			return err
		}
		text := fmt.Sprintf("mode %o owner %d:%d rdev %d mtime %d.%09d", st.Mode, st.Uid, st.Gid, st.Rdev, st.Mtim.Sec, st.Mtim.Nsec)
		switch d.Type() {
		case fs.ModeSymlink:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += " to " + to
		case 0:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" atime %d size %d", st.Atim.Sec, st.Size)
			if len(b) < 100 {
				text += fmt.Sprintf(" %q", b)
			} else {
				text += fmt.Sprintf(" sum %d", sum(b))
			}
		}
		for _, x := range []string{"user.colour", "trusted.secret", "security.capability", "system.posix_acl_access"} {
			var v [256]byte
			if d.Type() == fs.ModeSymlink {
				break // Getxattr follows
			}
			if n, err := syscall.Getxattr(path, x, v[:]); err == nil {
				text += fmt.Sprintf(" %s=%x", x, v[:n])
			}
		}
		rel, err := filepath.Rel(root, path)
		all[rel] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sum(b []byte) (n uint64) {
	for i, c := range b {
		n = n*31 + uint64(c) + uint64(i)
	}
	return n
}

// must fails the test on the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCopyTree(t *testing.T) {
	host.NeedRoot(t)
	src := newTmpfs(t, "size=64m")
	at := func(name string) string { return filepath.Join(src, name) }
	must(t,
		os.Mkdir(at("dir"), 0o700),
		os.Mkdir(at("dir/empty"), 0o700),
		os.WriteFile(at("dir/file"), []byte("content"), 0o600),
		os.WriteFile(at("none"), nil, 0o600),
		os.WriteFile(at("big"), bytes.Repeat([]byte("0123456789abcdef"), copyBufferSize/8+1), 0o600),
		os.Symlink("dir/file", at("link")),
		os.Symlink("/etc/passwd", at("absolute")),
		os.Symlink("nowhere/at/all", at("dangling")),
		os.Symlink(strings.Repeat("x", 4000), at("long")),
		syscall.Mkfifo(at("fifo"), 0o640),
		syscall.Mknod(at("socket"), syscall.S_IFSOCK|0o666, 0),
		syscall.Mknod(at("null"), syscall.S_IFCHR|0o666, 1<<8|3),
		syscall.Mknod(at("disk"), syscall.S_IFBLK|0o660, int(kernel.Mkdev(8, 300))),
	)
	for _, name := range []string{"a\nb", "-rf", strings.Repeat("n", 255), "\xff\xfe", " ", "...", `q"\`, "*", "\x1b[31m"} {
		must(t, os.WriteFile(at(name), []byte(name), 0o600))
	}
	sparse, err := os.Create(at("sparse"))
	must(t, err)
	_, err = sparse.WriteAt([]byte("end"), 10<<20)
	must(t, err, sparse.Truncate(12<<20), sparse.Close())
	// Owners first: a new one takes the set-user-id bit and capabilities away.
	must(t,
		os.Lchown(at("dir"), 12, 13), os.Lchown(at("dir/file"), 1000, 1001), os.Lchown(at("link"), 7, 8),
		os.Lchown(at("fifo"), 5, 6), os.Lchown(at("null"), 0, 5),
		syscall.Chmod(at("dir"), 0o2751), syscall.Chmod(at("dir/file"), 0o4755), syscall.Chmod(at("dir/empty"), 0o1777),
		syscall.Chmod(at("none"), 0),
		syscall.Setxattr(at("dir/file"), "trusted.secret", []byte("s"), 0),
		syscall.Setxattr(at("dir"), "trusted.secret", []byte("d"), 0),
		syscall.Setxattr(at("fifo"), "trusted.secret", []byte("f"), 0),
		// struct vfs_cap_data, revision 2, cap_net_raw+ep (linux/capability.h)
		syscall.Setxattr(at("big"), "security.capability", []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0),
		syscall.Setxattr(at("none"), "trusted.overlay.opaque", []byte("y"), 0),
	)
	if err := syscall.Setxattr(at("dir/file"), "user.colour", []byte("red"), 0); err != nil && err != syscall.EOPNOTSUPP {
		t.Fatal(err) // tmpfs has user.* since Linux 6.6
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	for _, name := range []string{"dir/file", "dir/empty", "dir", "none", "fifo"} {
		must(t, os.Chtimes(at(name), old.Add(-time.Hour), old))
	}

	want := snapshot(t, src)
	for _, name := range []string{"dir/file", "none"} { // the snapshot has read them
		must(t, os.Chtimes(at(name), old.Add(-time.Hour), old))
	}
	dst := newTmpfs(t, "size=64m")
	if err := copyTree(openPath(t, src), openPath(t, dst), ids{}); err != nil {
		t.Fatal(err)
	}
	got := snapshot(t, dst)
	for name, w := range want {
		if name != "dir/file" && name != "none" { // their access times were set, the others' are now
			w, got[name] = cutTime(w), cutTime(got[name])
		}
		if got[name] != w {
			t.Errorf("%q\nwant %s\ngot  %s", name, w, got[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%q was not in the source", name)
	}
	var v [8]byte
	if _, err := syscall.Getxattr(filepath.Join(dst, "none"), "trusted.overlay.opaque", v[:]); err != syscall.ENODATA {
		t.Errorf("overlayfs' own attribute was copied (%v)", err)
	}
	var st syscall.Stat_t
	must(t, syscall.Stat(filepath.Join(dst, "sparse"), &st))
	if st.Size != 12<<20 || st.Blocks*512 > 1<<20 {
		t.Errorf("the sparse file has %d bytes in %d blocks", st.Size, st.Blocks)
	}
}

// cutTime takes the access time out of a snapshot's line.
func cutTime(s string) string {
	before, rest, ok := strings.Cut(s, " atime ")
	if !ok {
		return s
	}
	_, after, _ := strings.Cut(rest, " ")
	return before + " " + after
}

func TestCopyTreeErrors(t *testing.T) {
	host.NeedRoot(t)
	t.Run("full", func(t *testing.T) {
		src := t.TempDir()
		must(t, os.WriteFile(filepath.Join(src, "a\nb"), make([]byte, 1<<20), 0o600))
		f, err := os.OpenFile(filepath.Join(src, "a\nb"), os.O_WRONLY, 0)
		must(t, err)
		_, err = f.Write(bytes.Repeat([]byte{1}, 1<<20))
		must(t, err, f.Close())
		err = copyTree(openPath(t, src), openPath(t, newTmpfs(t, "size=64k")), ids{})
		if want := `"a\nb": pwrite: no space left on device`; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
	t.Run("no directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(file, nil, 0o600))
		fd, err := kernel.Open(file, kernel.O_PATH, 0)
		must(t, err)
		defer kernel.Close(fd)
		err = copyTree(fd, openPath(t, t.TempDir()), ids{})
		if kernel.Errno(unwrapAll(err)) != syscall.ENOTDIR {
			t.Errorf("got %v", err)
		}
	})
	for depth, ok := range map[int]bool{maxCopyDepth: true, maxCopyDepth + 1: false} {
		t.Run(fmt.Sprint("depth ", depth), func(t *testing.T) {
			src, dst := t.TempDir(), t.TempDir()
			deep := strings.Repeat("/d", depth)
			must(t, os.MkdirAll(src+deep, 0o755))
			err := copyTree(openPath(t, src), openPath(t, dst), ids{})
			if ok {
				must(t, err)
				_, err := os.Stat(dst + deep)
				must(t, err)
			} else if err == nil || !strings.HasSuffix(err.Error(), "/d\": more than 128 directories deep") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

// While the copy runs, somebody else swaps a file of the volume for links that
// lead outside, for FIFOs that would block, and for directories.
func TestCopyTreeSwaps(t *testing.T) {
	host.NeedRoot(t)
	outside, src := t.TempDir(), newTmpfs(t, "")
	const secret = "the host's own"
	must(t, os.WriteFile(filepath.Join(outside, "secret"), []byte(secret), 0o600))
	name, spare := filepath.Join(src, "x"), filepath.Join(src, "y")
	must(t, os.WriteFile(name, []byte("mine"), 0o600))
	stop := keepSwapping(name, spare,
		func() error { return os.Symlink(filepath.Join(outside, "secret"), spare) },
		func() error { return os.Symlink(outside, spare) },
		func() error { return syscall.Mkfifo(spare, 0o600) },
		func() error { return os.Mkdir(spare, 0o700) },
		func() error { return os.WriteFile(spare, []byte("mine"), 0o600) },
	)
	from := openPath(t, src)
	for i := range 300 {
		dst := t.TempDir()
		// What is removed meanwhile may be missed, or fail: not a word is said
		// about which.
		err := copyTree(from, openPath(t, dst), ids{})
		if e := kernel.Errno(unwrapAll(err)); err != nil && e != syscall.ENOENT {
			t.Fatalf("copy %d: %v", i, err)
		}
		for file, text := range snapshot(t, dst) {
			if strings.Contains(text, secret) || strings.Contains(file, "/") {
				t.Fatalf("copy %d: %s: %s", i, file, text)
			}
		}
	}
	must(t, stop())
}

// keepSwapping exchanges name with what one function after the other makes at
// spare, until it is stopped.
func keepSwapping(name, spare string, makers ...func() error) (stop func() error) {
	quit, result := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for i := 0; err == nil; i++ {
			select {
			case <-quit:
				result <- nil
				return
			default:
			}
			if err = makers[i%len(makers)](); err != nil {
				break
			}
			if err = exchange(name, spare); err != nil {
				break
			}
			err = os.RemoveAll(spare)
		}
		<-quit
		result <- err
	}()
	return func() error {
		close(quit)
		return <-result
	}
}

// exchange is renameat2(2) with RENAME_EXCHANGE.
func exchange(a, b string) error {
	const renameExchange = 2
	pa, err := syscall.BytePtrFromString(a)
	if err != nil {
		return err
	}
	pb, err := syscall.BytePtrFromString(b)
	if err != nil {
		return err
	}
	cwd := kernel.AT_FDCWD
	_, _, errno := syscall.Syscall6(sysRenameat2(), uintptr(cwd), uintptr(unsafe.Pointer(pa)), uintptr(cwd), uintptr(unsafe.Pointer(pb)), renameExchange, 0)
	if errno != 0 {
		return fmt.Errorf("renameat2: %w", errno)
	}
	return nil
}

func sysRenameat2() uintptr {
	if runtime.GOARCH == "arm64" {
		return 276
	}
	return 316
}

func TestAsOwner(t *testing.T) {
	host.NeedRoot(t)
	dir := t.TempDir()
	fd := openPath(t, dir)
	must(t, os.Chmod(dir, 0o777), kernel.AsOwner(1234, 4321, func() error {
		return kernel.MakeNode(fd, "a", kernel.S_IFDIR|0o700, 0, "")
	}), kernel.MakeNode(fd, "b", kernel.S_IFDIR|0o700, 0, ""))
	for name, want := range map[string][2]uint32{"a": {1234, 4321}, "b": {0, 0}} {
		var st syscall.Stat_t
		must(t, syscall.Stat(filepath.Join(dir, name), &st))
		if got := [2]uint32{st.Uid, st.Gid}; got != want {
			t.Errorf("%s belongs to %v, want %v", name, got, want)
		}
	}
	wrong := errors.New("wrong")
	if err := kernel.AsOwner(1, 1, func() error { return wrong }); err != wrong {
		t.Errorf("got %v", err)
	}
}
