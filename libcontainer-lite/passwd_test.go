package libcontainer

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wrun/linux/kernel"
)

func TestFindHome(t *testing.T) {
	const usual = "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000:Me,,,:/home/me:/bin/sh\nme2:x:1000:1000::/second:/bin/sh\n"
	for _, c := range []struct {
		name, passwd string
		uid          uint32
		want         string
	}{
		{"root", usual, 0, "/root"},
		{"the first of two", usual, 1000, "/home/me"},
		{"unknown", usual, 7, ""},
		{"empty file", "", 0, ""},
		{"no newline at the end", "a:x:5:5::/five:/bin/sh", 5, "/five"},
		{"no shell", "a:x:5:5::/five", 5, "/five"},
		{"too few fields", "a:x:5:5:/five\nb:x:5:5::/right:", 5, "/right"},
		{"empty home", "a:x:5:5:::/bin/sh\nb:x:5:5::/second:/bin/sh\n", 5, ""},
		{"colons in the shell", "a:x:5:5::/five:/bin/sh:extra:more\n", 5, "/five"},
		{"empty lines and comments", "\n\n#a:x:5:5::/no:/bin/sh:\n\nb:x:5:5::/five:\n", 5, "/no"},
		{"a number as a name", "5:x:0:0::/root:/bin/sh\n", 5, ""},
		{"a prefix", "a:x:55:5::/no:\n", 5, ""},
		{"the largest uid", "a:x:4294967294:5::/big:\n", 4294967294, "/big"},
		{"a NUL", "a:x:5:5::/fi\x00ve:\n", 5, ""},
		{"the longest", "a:x:5:5::/" + strings.Repeat("h", maxHome-1) + ":\n", 5, "/" + strings.Repeat("h", maxHome-1)},
		{"too long", "a:x:5:5::/" + strings.Repeat("h", maxHome) + ":\n", 5, ""},
	} {
		if got := findHome([]byte(c.passwd), c.uid); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzFindHome(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:\n"), uint32(1000))
	f.Add([]byte("::0:::\x00:\n:::::::::\n0:0:0:0:0:0"), uint32(0))
	f.Fuzz(func(t *testing.T, passwd []byte, uid uint32) {
		home := findHome(passwd, uid)
		if len(home) > maxHome || strings.ContainsAny(home, "\x00\n:") {
			t.Errorf("%q", home)
		}
		if home != "" && !strings.Contains(string(passwd), ":"+home) {
			t.Errorf("%q is not in the file", home)
		}
	})
}

// Whatever an image has put in the place of /etc/passwd: nothing hangs, and
// nothing but a regular file of a sane size is read.
func TestHomeOf(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	const line = "me:x:1000:1000::/home/me:/bin/sh\n"
	must(t,
		os.WriteFile(at("file"), []byte(line), 0o600),
		os.WriteFile(at("empty"), nil, 0o600),
		os.WriteFile(at("largest"), []byte(line+strings.Repeat("#", maxPasswd-len(line))), 0o600),
		os.WriteFile(at("huge"), []byte(line), 0o600), os.Truncate(at("huge"), maxPasswd+1),
		os.Mkdir(at("dir"), 0o700),
		syscall.Mkfifo(at("fifo"), 0o600),
		os.Symlink("/dev/zero", at("zero")),
	)
	for name, want := range map[string]string{"file": "/home/me", "largest": "/home/me", "empty": "", "huge": "", "dir": "", "fifo": "", "zero": ""} {
		// As the init opens it.
		fd, err := kernel.Open(at(name), kernel.O_RDONLY|kernel.O_NONBLOCK|kernel.O_NOCTTY, 0)
		must(t, err)
		if got := homeOf(fd, 1000); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		kernel.Close(fd)
	}
	if got := homeOf(-1, 0); got != "" {
		t.Errorf("no file: got %q", got)
	}
}
