package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func mustCreate(t testing.TB, s *Store, id string) *Dir {
	t.Helper()
	d, err := s.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func mustDir(t testing.TB, s *Store, id string) *Dir {
	t.Helper()
	d, err := s.Dir(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestValidateID(t *testing.T) {
	for _, id := range []string{"a", "0", "A.b_c+d-e", "-x", "+", "_", "a..", strings.Repeat("x", 1024)} {
		if err := ValidateID(id); err != nil {
			t.Errorf("%.20q: %v", id, err)
		}
	}
	for _, id := range []string{"", ".", "..", ".a", "a/b", "../a", "/", "a b", "a\n", "a\x00", "é", "a:b", "a@b", strings.Repeat("x", 1025)} {
		err := ValidateID(id)
		if !errors.Is(err, ErrInvalidID) || !strings.HasPrefix(err.Error(), "invalid container ID: ") {
			t.Errorf("%.20q: got %v", id, err)
		}
		if strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%.20q: the error is not one line: %v", id, err)
		}
	}
}

func TestBadIDNeverReachesTheDisk(t *testing.T) {
	root := t.TempDir()
	s := Open(filepath.Join(root, "store"))
	for _, id := range []string{"..", "../x", "", ".", strings.Repeat("x", 256)} {
		if _, err := s.Create(id); !errors.Is(err, ErrInvalidID) {
			t.Errorf("Create(%.20q) = %v", id, err)
		}
		if _, err := s.Dir(id); !errors.Is(err, ErrInvalidID) {
			t.Errorf("Dir(%.20q) = %v", id, err)
		}
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestLifeCycle(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new", "store")
	s := Open(root)
	if _, err := s.List(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("List without a root: %v", err)
	}
	if _, err := s.Dir("c1"); !errors.Is(err, ErrNotExist) || err.Error() != `container "c1" does not exist` {
		t.Fatalf("Dir: %v", err)
	}
	d := mustCreate(t, s, "c1")
	if st, err := os.Stat(root); err != nil || st.Mode() != fs.ModeDir|fs.ModeSticky|0o700 {
		t.Errorf("root: %v, %v", st.Mode(), err)
	}
	if st, err := os.Stat(d.Path()); err != nil || st.Mode().Perm() != 0o711 {
		t.Errorf("folder: %v, %v", st.Mode(), err)
	}
	if _, err := s.Create("c1"); !errors.Is(err, ErrExist) || !strings.Contains(err.Error(), "container with given ID already exists") {
		t.Errorf("second Create: %v", err)
	}
	if _, err := d.Load(); !errors.Is(err, ErrNoState) {
		t.Errorf("Load before Save: %v", err)
	}
	want := sample()
	if err := d.Save(want); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveConfig([]byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	reader := mustDir(t, s, "c1")
	if got, err := reader.Load(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %v", got, err)
	}
	if got, err := reader.Config(); err != nil || string(got) != `{"a":1}` {
		t.Errorf("Config = %s, %v", got, err)
	}
	if uid, err := reader.Owner(); err != nil || int(uid) != os.Geteuid() {
		t.Errorf("Owner = %d, %v", uid, err)
	}
	if st, err := os.Stat(filepath.Join(d.Path(), stateFile)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("state.json: %v, %v", st, err)
	}
	mustCreate(t, s, "b2")
	if err := os.WriteFile(filepath.Join(root, "a-file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".hidden"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := s.List(); err != nil || !reflect.DeepEqual(got, []string{"b2", "c1"}) {
		t.Errorf("List = %v, %v", got, err)
	}
	if err := os.MkdirAll(filepath.Join(d.Path(), "notify", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Errorf("second Remove: %v", err)
	}
	if _, err := s.Dir("c1"); !errors.Is(err, ErrNotExist) {
		t.Errorf("Dir after Remove: %v", err)
	}
}

// What stands in the store under a container's name but is none must not be
// followed.
func TestDirIsNoSymlink(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"link", "file"} {
		if d, err := Open(root).Dir(id); !errors.Is(err, ErrNotExist) {
			t.Errorf("%s: %v, %v", id, d, err)
		}
	}
}

func TestFilesAreNotFollowed(t *testing.T) {
	s := Open(t.TempDir())
	d := mustCreate(t, s, "c1")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{stateFile, stateFile + ".new"} {
		if err := os.Symlink(secret, filepath.Join(d.Path(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Load(); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("Load: %v", err)
	}
	if err := d.Save(sample()); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("Save: %v", err)
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "keep" {
		t.Errorf("the link's target now holds %q, %v", got, err)
	}
	// Nor does a FIFO hold anybody up.
	if err := syscall.Mkfifo(filepath.Join(d.Path(), configFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Config(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Config: %v", err)
	}
}

func TestLoadNewerLeavesTheFile(t *testing.T) {
	s := Open(t.TempDir())
	d := mustCreate(t, s, "c1")
	const content = `{"version":2,"id":"c1","pid":"other"}`
	path := filepath.Join(d.Path(), stateFile)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(); !errors.Is(err, ErrNewer) {
		t.Errorf("Load: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("the file now holds %q, %v", got, err)
	}
}

func TestDescriptorsAreCloseOnExec(t *testing.T) {
	d := mustCreate(t, Open(t.TempDir()), "c1")
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(d.fd), syscall.F_GETFD, 0)
	if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, errno)
	}
}

func TestLockWaits(t *testing.T) {
	s := Open(t.TempDir())
	d := mustCreate(t, s, "c1")
	if err := d.Save(sample()); err != nil {
		t.Fatal(err)
	}
	other := mustDir(t, s, "c1")
	got := make(chan error)
	go func() { got <- other.Lock() }()
	select {
	case err := <-got:
		t.Fatalf("Lock while another holds it: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	// Readers do not wait.
	reader := mustDir(t, s, "c1")
	if _, err := reader.Load(); err != nil {
		t.Fatal(err)
	}
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if err := other.Lock(); err != nil {
		t.Errorf("Lock of what is locked: %v", err)
	}
}

// A waiter must not end up with the lock of a folder that was deleted, or
// deleted and made anew.
func TestLockOfDeletedFolder(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := Open(t.TempDir())
		d := mustCreate(t, s, "c1")
		other := mustDir(t, s, "c1")
		if err := d.Remove(); err != nil {
			t.Fatal(err)
		}
		if again {
			mustCreate(t, s, "c1")
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := other.Lock(); !errors.Is(err, ErrNotExist) {
			t.Errorf("made again %v: Lock = %v", again, err)
		}
	}
}

// Readers see the old file or the new one, never half of one.
func TestSaveIsAtomic(t *testing.T) {
	s := Open(t.TempDir())
	d := mustCreate(t, s, "c1")
	small, large := sample(), sample()
	large.Annotations = map[string]string{"k": strings.Repeat("x", 100_000)}
	if err := d.Save(small); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	done := make(chan error)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			c := small
			if i%2 == 0 {
				c = large
			}
			if err := d.Save(c); err != nil {
				done <- err
				return
			}
		}
	}()
	reader := mustDir(t, s, "c1")
	for range 300 {
		if _, err := reader.Load(); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func BenchmarkSave(b *testing.B) {
	d := mustCreate(b, Open(b.TempDir()), "c1")
	c := sample()
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Save(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadStatus(b *testing.B) {
	s := Open(b.TempDir())
	d := mustCreate(b, s, "c1")
	c := sample()
	c.Pid = os.Getpid()
	var err error
	if c.StartTime, err = StartTime(c.Pid); err != nil {
		b.Fatal(err)
	}
	if err := d.Save(c); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d, err := s.Dir("c1")
		if err != nil {
			b.Fatal(err)
		}
		c, err := d.Load()
		if err != nil {
			b.Fatal(err)
		}
		if st, err := c.Status(d); err != nil || st != StatusRunning {
			b.Fatal(st, err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
