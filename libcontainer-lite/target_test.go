package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wrun/linux/kernel"
	"wrun/tests/host"
)

// lay makes a tree: "dir/", "file", "link -> target".
func lay(t *testing.T, root string, files []string) {
	t.Helper()
	for _, f := range files {
		name, to, link := strings.Cut(f, " -> ")
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch {
		case link:
			must(t, os.Symlink(to, path))
		case strings.HasSuffix(f, "/"):
			must(t, os.MkdirAll(path, 0o755))
		default:
			must(t, os.WriteFile(path, []byte("content"), 0o644))
		}
	}
}

func TestMakeTarget(t *testing.T) {
	long := make([]string, 0, maxSymlinks+1) // l0 -> l1 -> … -> end
	for i := range maxSymlinks + 1 {
		long = append(long, fmt.Sprintf("l%d -> l%d", i, i+1))
	}
	for _, c := range []struct {
		name   string
		there  []string
		target string
		file   bool
		made   string // "" : nothing
		err    error
	}{
		{name: "all missing", target: "/a/b/c", made: "a/b/c"},
		{name: "a file", target: "/a/b/c", file: true, made: "a/b/c"},
		{name: "some there", there: []string{"a/b/"}, target: "/a/b/c/d", made: "a/b/c/d"},
		{name: "all there", there: []string{"a/b/"}, target: "/a/b"},
		{name: "the root", target: "/"},
		{name: "odd spelling", target: "//a/./b//", made: "a/b"},
		{name: "a file that is there", there: []string{"f"}, target: "/f", file: true},
		{name: "a directory where a file was asked for", there: []string{"d/"}, target: "/d", file: true},
		{name: "a file where a directory was asked for", there: []string{"f"}, target: "/f", err: syscall.ENOTDIR},
		{name: "a file on the way", there: []string{"f"}, target: "/f/x", err: syscall.ENOTDIR},
		{name: "relative link", there: []string{"a/l -> ../b"}, target: "/a/l/x", made: "b/x"},
		{name: "absolute link", there: []string{"l -> /b/c"}, target: "/l/x", made: "b/c/x"},
		{name: "dangling", there: []string{"l -> nowhere"}, target: "/l", made: "nowhere"},
		{name: "dangling, a file", there: []string{"etc/", "etc/l -> /run/deep/file"}, target: "/etc/l", file: true, made: "run/deep/file"},
		{name: "link to the root", there: []string{"l -> /"}, target: "/l/x", made: "x"},
		{name: "link to a link", there: []string{"a -> b", "b -> c"}, target: "/a/x", made: "c/x"},
		{name: "link to itself", there: []string{"l -> l"}, target: "/l", err: syscall.ELOOP},
		{name: "links in a circle", there: []string{"a -> /b/x", "b -> a"}, target: "/a/x", err: syscall.ELOOP},
		{name: "as many links as the kernel follows", there: long[:maxSymlinks], target: "/l0/x", made: fmt.Sprintf("l%d/x", maxSymlinks)},
		{name: "one more", there: long, target: "/l0/x", err: syscall.ELOOP},
		{name: "dots above the root", target: "/../../../a", made: "a"},
		{name: "dots in a link", there: []string{"l -> ../../../../../../a"}, target: "/l", made: "a"},
		{name: "dots behind a link", there: []string{"x/y/", "l -> x/y"}, target: "/l/../z", made: "x/z"},
		{name: "dots behind what is missing", target: "/new/../z", made: "z"},
		{name: "an absolute link out", there: []string{"l -> /etc/../../../../../tmp/out"}, target: "/l", made: "tmp/out"},
		{name: "a name that is too long", target: "/" + strings.Repeat("x", 256), err: syscall.ENAMETOOLONG},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			root := filepath.Join(top, "root")
			must(t, os.Mkdir(root, 0o755))
			lay(t, root, c.there)
			before := descriptors(t)
			err := makeTarget(openPath(t, root), c.target, !c.file, ids{})
			if !errors.Is(err, c.err) || err != nil && c.err == nil {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if after := descriptors(t); after != before+1 { // the root's own
				t.Errorf("%d descriptors are left", after-before-1)
			}
			if c.made != "" {
				st, err := os.Lstat(filepath.Join(root, c.made))
				must(t, err)
				if st.IsDir() == c.file {
					t.Errorf("%s is of mode %v", c.made, st.Mode())
				}
			}
			if out, err := os.ReadDir(top); err != nil || len(out) != 1 {
				t.Errorf("beside the root: %v, %v", out, err)
			}
		})
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(list)
}

// What is made has the mode 0755 whatever the caller's umask, keeps the group's
// bit, and belongs to the container's root.
func TestMakeTargetModes(t *testing.T) {
	host.NeedRoot(t)
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "g"), 0o755), os.Chown(filepath.Join(root, "g"), 0, 55),
		syscall.Chmod(filepath.Join(root, "g"), 0o2755))
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	fd := openPath(t, root)
	must(t, makeTarget(fd, "/a/b", true, ids{1000, 1001}), makeTarget(fd, "/a/f", false, ids{}), makeTarget(fd, "/g/h", true, ids{}))
	for name, want := range map[string]string{"a": "40755 1000:1001", "a/b": "40755 1000:1001", "a/f": "100755 0:0", "g/h": "42755 0:55"} {
		var st syscall.Stat_t
		must(t, syscall.Lstat(filepath.Join(root, name), &st))
		if got := fmt.Sprintf("%o %d:%d", st.Mode, st.Uid, st.Gid); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// While a target is made, somebody swaps a directory on its way for links that
// lead out of the root (CVE-2024-45310, CVE-2021-30465).
func TestMakeTargetSwaps(t *testing.T) {
	top := t.TempDir()
	root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
	must(t, os.Mkdir(outside, 0o755), os.MkdirAll(filepath.Join(root, "a"), 0o755))
	name, spare := filepath.Join(root, "a"), filepath.Join(root, "spare")
	stop := keepSwapping(name, spare,
		func() error { return os.Symlink(outside, spare) },
		func() error { return os.Mkdir(spare, 0o755) },
		func() error { return os.Symlink("../outside", spare) },
		func() error { return os.Symlink("a", spare) },
		func() error { return os.WriteFile(spare, nil, 0o644) },
	)
	fd := openPath(t, root)
	for i := range 3000 {
		err := makeTarget(fd, fmt.Sprintf("/a/b%d/c", i), i%2 == 0, ids{})
		switch kernel.Errno(unwrapAll(err)) {
		case 0, syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP, syscall.EEXIST: // it has gone, or is a file or a link now
		default:
			t.Fatal(err)
		}
	}
	must(t, stop())
	if made, err := os.ReadDir(outside); err != nil || len(made) > 0 {
		t.Errorf("made outside the root: %v, %v", made, err)
	}
}
