// Package stress makes many containers, one after another, several at a time
// and while the host's mounts and names change, and looks for what they leave.
package stress

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wrun/tests/bundle"
	"wrun/tests/host"
	"wrun/tests/leaks"
)

// rounds is how many containers each test makes.
const rounds = 200

// limit ends a command that hangs.
const limit = time.Minute

// stage is where a test's containers live.
type stage struct {
	runtime string
	root    string // state folder
	bundle  string
	prefix  string // of the containers' ids
	mounts  []string
}

func newStage(t *testing.T, args ...string) *stage {
	host.NeedRoot(t)
	if err := host.Subreaper(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &stage{
		runtime: host.Runtime(t, "../.."),
		root:    filepath.Join(dir, "state"),
		bundle:  filepath.Join(dir, "bundle"),
		prefix:  fmt.Sprintf("ws-%s-%d-", strings.ToLower(t.Name()), os.Getpid()),
	}
	if err := bundle.Make(s.bundle, s.runtime, args...); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.mounts, err = leaks.Mounts(""); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a command of the runtime. Its streams are files: a pipe would only
// end with the container.
func (s *stage) run(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.runtime, append([]string{"--root", s.root}, args...)...)
	out, err := os.CreateTemp(filepath.Dir(s.root), "out")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(said))
	}
	return nil
}

// live takes a container through its life and returns how many descriptors its
// waiting init held.
func (s *stage) live(id string) (fds int, err error) {
	pidFile := filepath.Join(filepath.Dir(s.root), id+".pid")
	if err := s.run("create", "--bundle", s.bundle, "--pid-file", pidFile, id); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, err
	}
	open, err := settled(pid)
	if err != nil {
		return 0, err
	}
	if err := s.run("start", id); err != nil {
		return 0, err
	}
	status, err := host.Reap(pid)
	if err != nil {
		return 0, err
	}
	if status.ExitStatus() != 0 {
		return 0, fmt.Errorf("%s: the process ended with status %#x", id, status)
	}
	return len(open), s.run("delete", id)
}

// settled gives the descriptors of a waiting init. Create returns a moment
// before the init closes its end of the sync socket.
func settled(pid int) (open []string, err error) {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		open, err = leaks.FDs(pid)
		socket := func(f string) bool { return strings.Contains(f, "socket:") }
		if err != nil || !slices.ContainsFunc(open, socket) || time.Now().After(end) {
			return open, err
		}
	}
}

// check fails the test for everything that is still there.
func (s *stage) check(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(s.root)
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	for _, e := range entries {
		t.Errorf("left in the state folder: %s", e.Name())
	}
	groups, err := leaks.Cgroups(s.prefix)
	if err != nil {
		t.Error(err)
	}
	for _, g := range groups {
		t.Errorf("left: cgroup %s", g)
	}
	mounts, err := leaks.Mounts("")
	if err != nil {
		t.Error(err)
	}
	for _, m := range mounts {
		if !slices.Contains(s.mounts, m) {
			t.Errorf("left: mount %s", m)
		}
	}
	for _, text := range []string{s.prefix, s.bundle, filepath.Dir(s.root)} {
		procs, err := leaks.Processes(text)
		if err != nil {
			t.Error(err)
		}
		for _, p := range procs {
			t.Errorf("left: process %d %s", p.Pid, p.Name)
		}
	}
}

func TestSequential(t *testing.T) {
	s := newStage(t)
	first := 0
	for i := range rounds {
		fds, err := s.live(s.prefix + strconv.Itoa(i))
		if err != nil {
			t.Fatalf("container %d: %v", i, err)
		}
		if first == 0 {
			first = fds
		}
		if fds != first {
			t.Fatalf("container %d: a waiting init holds %d descriptors, the first one's held %d", i, fds, first)
		}
	}
	s.check(t)
}

func TestParallel(t *testing.T) {
	s := newStage(t)
	s.parallel(t, rounds, 8)
	s.check(t)
}

// parallel takes n containers through their lives, several at a time.
func (s *stage) parallel(t *testing.T, n, atATime int) {
	ids := make(chan string)
	var wg sync.WaitGroup
	for range atATime {
		wg.Go(func() {
			for id := range ids {
				if _, err := s.live(id); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
	for i := range n {
		ids <- s.prefix + strconv.Itoa(i)
	}
	close(ids)
	wg.Wait()
}
