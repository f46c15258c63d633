package libcontainer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wrun/linux/compile"
)

func TestFilterCache(t *testing.T) {
	f := &filterCache{filepath.Join(t.TempDir(), ".seccomp")}
	key := []byte("a profile")
	if x, err := f.load(key); x != nil || err != nil {
		t.Fatalf("empty: %v, %v", x, err)
	}
	want := &compile.Filter{Insns: bytes.Repeat([]byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f}, 3), Flags: 4}
	if err := f.save(want, key); err != nil {
		t.Fatal(err)
	}
	got, err := f.load(key)
	if err != nil || got == nil || !bytes.Equal(got.Insns, want.Insns) || got.Flags != 4 {
		t.Fatalf("%v, %v", got, err)
	}
	if i, err := os.Stat(f.dir); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", i, err)
	}

	whole, err := os.ReadFile(f.path(key))
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(f.path(key), b, mode), os.Chmod(f.path(key), mode)); err != nil {
			t.Fatal(err)
		}
	}
	damaged := func(what string) {
		t.Helper()
		if x, err := f.load(key); x != nil || !errors.Is(err, errDamaged) {
			t.Errorf("%s: %v, %v", what, x, err)
		}
	}
	for n := range whole {
		b := bytes.Clone(whole)
		b[n] ^= 1
		put(b, 0o600)
		damaged(fmt.Sprint("byte ", n))
		put(whole[:n], 0o600)
		damaged(fmt.Sprint("the first bytes: ", n))
	}
	put(append(bytes.Clone(whole), 0), 0o600)
	damaged("a byte more")
	put(whole, 0o622)
	damaged("others may write")

	// What another profile has under the same name is not ours.
	put(encodeFilter(want, []byte("another")), 0o600)
	if x, err := f.load(key); x != nil || err != nil {
		t.Errorf("another key: %v, %v", x, err)
	}
	if err := f.save(want, key); err != nil {
		t.Fatal(err)
	}
	if x, err := f.load(key); x == nil || err != nil {
		t.Errorf("made anew: %v, %v", x, err)
	}

	// A link does not lead anywhere.
	if err := errors.Join(os.Rename(f.path(key), f.dir+"/x"), os.Symlink(f.dir+"/x", f.path(key))); err != nil {
		t.Fatal(err)
	}
	if x, err := f.load(key); x != nil || err == nil {
		t.Errorf("a link: %v, %v", x, err)
	}
}

// A cache of profiles that never come again stays small.
func TestFilterCacheBounded(t *testing.T) {
	f := &filterCache{filepath.Join(t.TempDir(), ".seccomp")}
	x := &compile.Filter{Insns: make([]byte, 8)}
	for i := range 3 * maxFilters {
		key := []byte(fmt.Sprint(i))
		if err := f.save(x, key); err != nil {
			t.Fatal(err)
		}
		if got, err := f.load(key); got == nil || err != nil {
			t.Fatalf("%d: %v, %v", i, got, err)
		}
		if list, err := os.ReadDir(f.dir); err != nil || len(list) > maxFilters {
			t.Fatalf("%d files, %v", len(list), err)
		}
	}
}
