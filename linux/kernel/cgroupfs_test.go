package kernel

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
)

func TestCgroupFiles(t *testing.T) {
	dir := t.TempDir()
	err := CgroupWrite(dir+"/pids.max", "10")
	if want := "write 10 to " + dir + "/pids.max: no such file or directory"; err == nil || err.Error() != want || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := (&CgroupError{"write", "/x", "a\nb", syscall.EINVAL}).Error(); err != `write "a\nb" to /x: invalid argument` {
		t.Error(err)
	}
	long := make([]byte, 5000)
	for i := range long {
		long[i] = byte('a' + i%26)
	}
	for _, content := range []string{"", "max\n", string(long)} {
		if err := os.WriteFile(dir+"/f", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := CgroupRead(dir + "/f"); err != nil || got != content {
			t.Errorf("read %q %v, want %q", got, err, content)
		}
	}
	if err := CgroupMkdir(dir + "/sub"); err != nil {
		t.Fatal(err)
	}
	if err := CgroupMkdir(dir + "/sub"); !errors.Is(err, syscall.EEXIST) || err.Error() != "mkdir "+dir+"/sub: file exists" {
		t.Error(err)
	}
	if err := CgroupMkdir(dir + "/other"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sub", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	fd, err := CgroupOpenDirAt(AtCwd, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(fd)
	names, err := CgroupChildren(fd)
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"other", "sub"}) {
		t.Error(names, err)
	}
	if _, err := CgroupOpenDirAt(fd, "link"); err == nil {
		t.Error("followed a symlink")
	}
	if err := CgroupRmdirAt(fd, "sub"); err != nil || CgroupExists(dir+"/sub") {
		t.Error(err)
	}
}

func TestDirectoriesIn(t *testing.T) {
	record := func(kind byte, name string) []byte {
		b := make([]byte, 19+len(name)+1)
		b[16], b[18] = byte(len(b)), kind
		copy(b[19:], name)
		return b
	}
	var b []byte
	for _, r := range [][]byte{record(4, "."), record(4, ".."), record(8, "file"), record(4, "dir"), record(4, "b")} {
		b = append(b, r...)
	}
	if got := directoriesIn(nil, b); !slices.Equal(got, []string{"dir", "b"}) {
		t.Error(got)
	}
	for n := range b { // cut short anywhere: no panic, no more than there is
		if got := directoriesIn(nil, b[:n]); len(got) > 2 {
			t.Error(n, got)
		}
	}
}

// A program that the verifier refuses says why.
func TestLoadDeviceFilter(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads a BPF program")
	}
	fd, err := LoadDeviceFilter("wrun_test", []BPFInsn{{Op: 0xb7, Imm: 1}, {Op: 0x95}})
	if err != nil {
		t.Fatal(err)
	}
	Close(fd)
	_, err = LoadDeviceFilter("wrun_test", []BPFInsn{{Op: 0x95}})
	if err == nil || !errors.Is(err, syscall.EACCES) || err.Error() != "bpf(BPF_PROG_LOAD: R0 !read_ok): permission denied" {
		t.Error(err)
	}
}
