package spec

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = `{"ociVersion":"1.0.0","root":{"path":"rootfs"}}`
	write(good)
	s, raw, err := Load(dir + "/")
	if err != nil || string(raw) != good || s.Root.Path != "rootfs" {
		t.Fatalf("Load = %v, %q, %v", s, raw, err)
	}
	t.Chdir(dir)
	for _, here := range []string{"", "."} {
		if _, _, err := Load(here); err != nil {
			t.Errorf("Load(%q): %v", here, err)
		}
	}
	write("{\n \"root\": 1}")
	if _, _, err := Load(dir); err == nil || err.Error() != dir+"/config.json:2:10: root: number, want an object" {
		t.Errorf("type error: %v", err)
	}
	write(`{"ociVersion":"1.0.0"}`)
	if _, _, err := Load(dir); err == nil || !strings.HasPrefix(err.Error(), "root: missing") {
		t.Errorf("invalid: %v", err)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{"missing", func(string) error { return nil }, "config.json: no such file or directory: run `wrun spec` in the bundle folder to make one"},
		{"directory", func(p string) error { return os.Mkdir(p, 0o700) }, "config.json: is a directory, want a regular file"},
		{"fifo", func(p string) error { return syscall.Mkfifo(p, 0o600) }, "config.json: is a FIFO, want a regular file"},
		{"device", func(p string) error { return os.Symlink("/dev/zero", p) }, "config.json: is a character device, want a regular file"},
		{"loop", func(p string) error { return os.Symlink("config.json", p) }, "config.json: too many levels of symbolic links"},
		{"huge", func(p string) error {
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(p, MaxConfig+1)
		}, "config.json: has 16777217 bytes, at most 16777216 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(filepath.Join(dir, "config.json")); err != nil {
				t.Fatal(err)
			}
			_, _, err := Load(dir)
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("got %v, want …%s", err, c.want)
			}
		})
	}
	if _, _, err := Load("/no/bundle"); err == nil || err.Error() != "bundle /no/bundle: no such file or directory" {
		t.Errorf("no bundle: %v", err)
	}
}

// A file of procfs has size 0 and content: the read must not trust the size.
func TestReadRegularGrows(t *testing.T) {
	want, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRegular("/proc/self/limits")
	if err != nil || string(got) != string(want) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}
