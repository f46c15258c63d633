package state

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const fields = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987 20 21"
	for _, tt := range []struct {
		line  string
		state byte
		start uint64
		ok    bool
	}{
		{"7 (sh) S" + fields + "\n", 'S', 987, true},
		{"7 (a) b) (c) Z" + fields, 'Z', 987, true},
		{"7 (wrun:[init]) R" + fields, 'R', 987, true},
		{"7 () X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 18446744073709551615\n", 'X', 1<<64 - 1, true},
		{"7 (sh) S 1 2 3", 0, 0, false},
		{"7 (sh)", 0, 0, false},
		{"7 (sh) ", 0, 0, false},
		{"", 0, 0, false},
		{"7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x 20", 0, 0, false},
	} {
		p, err := parseStat([]byte(tt.line))
		if (err == nil) != tt.ok || err == nil && (p.state != tt.state || p.startTime != tt.start) {
			t.Errorf("%q: %+v, %v", tt.line, p, err)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987 20 21\n"))
	f.Add([]byte(") ) ("))
	f.Fuzz(func(t *testing.T, line []byte) {
		if p, err := parseStat(line); err != nil && p != (process{}) {
			t.Errorf("%+v with %v", p, err)
		}
	})
}

// child starts a process that waits until the test ends, and returns it with
// its start time.
func child(t *testing.T) (*exec.Cmd, uint64) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	start, err := StartTime(cmd.Process.Pid)
	if err != nil || start == 0 {
		t.Fatalf("StartTime = %d, %v", start, err)
	}
	return cmd, start
}

func checkStatus(t *testing.T, c *Container, d *Dir, want Status) {
	t.Helper()
	if got, err := c.Status(d); err != nil || got != want {
		t.Errorf("Status = %q, %v; want %q", got, err, want)
	}
}

func TestStatusFollowsTheProcess(t *testing.T) {
	s := Open(t.TempDir())
	creator := mustCreate(t, s, "c1")
	d := mustDir(t, s, "c1")
	cmd, start := child(t)
	c := &Container{Phase: Created, Pid: cmd.Process.Pid, StartTime: start}

	if err := syscall.Mkfifo(d.FIFO(), 0o600); err != nil {
		t.Fatal(err)
	}
	checkStatus(t, c, d, StatusCreated)
	if err := os.Remove(d.FIFO()); err != nil {
		t.Fatal(err)
	}
	checkStatus(t, c, d, StatusRunning)

	reused := *c
	reused.StartTime++
	checkStatus(t, &reused, d, StatusStopped)
	checkStatus(t, &Container{Phase: Created}, d, StatusStopped)

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// A zombie, as nobody has waited for it yet.
	for range 200 {
		if p, err := readProc(c.Pid); err != nil {
			t.Fatal(err)
		} else if p.state == 'Z' {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	checkStatus(t, c, d, StatusStopped)
	cmd.Wait()
	checkStatus(t, c, d, StatusStopped)
	if _, err := StartTime(c.Pid); err == nil {
		t.Error("StartTime of a dead process")
	}
	_ = creator
}

func TestStatusPaused(t *testing.T) {
	s := Open(t.TempDir())
	d := mustCreate(t, s, "c1")
	cmd, start := child(t)
	for _, tt := range []struct {
		key, file, content string
		fifo               bool
		want               Status
	}{
		{"freezer", "freezer.state", "FROZEN\n", false, StatusPaused},
		{"freezer", "freezer.state", "FREEZING\n", false, StatusPaused},
		{"freezer", "freezer.state", "THAWED\n", false, StatusRunning},
		{"", "cgroup.freeze", "1\n", false, StatusPaused},
		{"", "cgroup.freeze", "1\n", true, StatusPaused},
		{"", "cgroup.freeze", "0\n", true, StatusCreated},
		{"", "cgroup.freeze", "0\n", false, StatusRunning},
		{"", "no such file", "", false, StatusRunning},
		{"memory", "cgroup.freeze", "1\n", false, StatusRunning},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if tt.fifo {
			if err := syscall.Mkfifo(d.FIFO(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := &Container{Phase: Created, Pid: cmd.Process.Pid, StartTime: start, CgroupPaths: map[string]string{tt.key: dir}}
		if got, err := c.Status(d); err != nil || got != tt.want {
			t.Errorf("%+v: Status = %q, %v", tt, got, err)
		}
		if tt.fifo {
			if err := os.Remove(d.FIFO()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestStatusWhileCreating(t *testing.T) {
	s := Open(t.TempDir())
	creator := mustCreate(t, s, "c1")
	c := &Container{Phase: Creating}
	checkStatus(t, c, creator, StatusCreating)
	one, two := mustDir(t, s, "c1"), mustDir(t, s, "c1")
	checkStatus(t, c, one, StatusCreating)

	// The creator dies: its descriptor is closed.
	if err := creator.Close(); err != nil {
		t.Fatal(err)
	}
	checkStatus(t, c, one, StatusStopped)
	// Another who asks just now does not look like a creator.
	if err := flock(two.fd, syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	checkStatus(t, c, one, StatusStopped)
	if err := flock(two.fd, syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	// Nor does the caller itself, deleting what is left.
	if err := two.Lock(); err != nil {
		t.Fatal(err)
	}
	checkStatus(t, c, two, StatusStopped)
}

func TestFindUser(t *testing.T) {
	const passwd = "# comment\n\nroot:x:0:0:root:/root:/bin/sh\n+:::100::\n+nis:x:100:\nbroken:x\nanna:x:1000:1000::/home/anna:/bin/sh\nbea:x:1000:\nlast:x:7:7"
	for number, want := range map[string]string{"0": "root", "1000": "anna", "7": "last", "100": "", "10": "", "": ""} {
		if got := findUser([]byte(passwd), number); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
	if got := UserName(4123456789); got != "#4123456789" {
		t.Errorf("unknown uid: %q", got)
	}
	if got := UserName(0); strings.HasPrefix(got, "#") {
		t.Logf("this host's /etc/passwd has no entry for uid 0: %q", got)
	}
}
