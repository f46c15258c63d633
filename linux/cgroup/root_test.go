package cgroup

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func TestRootLifeCycle(t *testing.T) {
	g := newGroup(t, rootHost(t))
	cmd := inside(t, g, "")
	for controller, path := range g.Paths() {
		pids, err := pidsIn(path, false)
		if err != nil || len(pids) != 1 || pids[0] != cmd.Process.Pid {
			t.Errorf("%q %s: holds %v, want %d (%v)", controller, path, pids, cmd.Process.Pid, err)
		}
	}
	again, err := New(g.host, testPath(t), "unused")
	if err != nil {
		t.Fatal(err)
	}
	err = again.Create()
	if err == nil || !strings.Contains(err.Error(), "container's cgroup is not empty: 1 process(es) found") {
		t.Errorf("a cgroup in use was taken: %v", err)
	}
	loaded := Load(nil, g.Paths())
	if loaded.Mode() != g.Mode() {
		t.Errorf("loaded as %v, was %v", loaded.Mode(), g.Mode())
	}
	if pids, err := loaded.Pids(true); err != nil || len(pids) != 1 {
		t.Errorf("pids %v %v", pids, err)
	}
	if err := loaded.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the process was not killed: %v", err)
	}
	if err := loaded.Remove(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() {
		t.Error("the group is still there")
	}
	for range 2 { // all is fine with a group that is gone
		if err := loaded.Kill(); err != nil {
			t.Error(err)
		}
		if err := loaded.Thaw(); err != nil {
			t.Error(err)
		}
		if frozen, err := loaded.Frozen(); frozen || err != nil {
			t.Error(frozen, err)
		}
		if pids, err := loaded.Pids(true); len(pids) > 0 || err != nil {
			t.Error(pids, err)
		}
		if err := loaded.Remove(); err != nil {
			t.Error(err)
		}
	}
}

func TestRootDefaultPath(t *testing.T) {
	h := rootHost(t)
	g, err := New(h, "", "wrun-test-default-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	}()
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	if err := g.Undo(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() {
		t.Error("still there")
	}
}

func TestRootUndoKeepsOthers(t *testing.T) {
	h := rootHost(t)
	first := newGroup(t, h)
	path := testPath(t) + "/below"
	g, err := New(h, path, "unused")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := New(h, path+"/a/b", "unused")
	if err != nil {
		t.Fatal(err)
	}
	if err := deeper.Create(); err != nil {
		t.Fatal(err)
	}
	if err := g.Create(); err != nil { // exists, made by the other
		t.Fatal(err)
	}
	if err := g.Undo(); err != nil {
		t.Fatal(err)
	}
	if !deeper.Exists() || !g.Exists() {
		t.Error("Undo removed what it had not made")
	}
	if err := deeper.Undo(); err != nil {
		t.Fatal(err)
	}
	if g.Exists() || !first.Exists() {
		t.Error("Undo left what it had made, or removed more")
	}
}

func TestRootRemoveWaits(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, "")
			done := time.AfterFunc(30*time.Millisecond, func() { _ = cmd.Process.Kill() })
			defer done.Stop()
			start := time.Now()
			if err := g.Remove(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > 5*time.Second || g.Exists() {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestRootRemoveSubgroups(t *testing.T) {
	g := newGroup(t, rootHost(t))
	for i := range g.dirs {
		for _, sub := range []string{"/a", "/a/b", "/a/b/c", "/d", "/d/e", "/f"} {
			if err := os.Mkdir(g.dirs[i].path+sub, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	sub := Load(nil, g.Paths())
	for i := range sub.dirs {
		sub.dirs[i].path += "/a/b"
		if sub.dirs[i].has("cpuset") {
			if err := inheritCpuset(&dir{path: sub.dirs[i].path, mount: g.dirs[i].path}); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := inside(t, sub, "")
	if pids, err := g.Pids(true); err != nil || len(pids) != 1 {
		t.Errorf("Pids(true): %v %v", pids, err)
	}
	if pids, err := g.Pids(false); err != nil || len(pids) != 0 {
		t.Errorf("Pids(false): %v %v", pids, err)
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if err := g.Remove(); err != nil || g.Exists() {
		t.Error(err)
	}
}

// A container that may write to its cgroups nests them deeper than a path can
// name: they are listed, killed and removed all the same.
func TestRootVeryDeep(t *testing.T) {
	g := newGroup(t, unifiedHost(t))
	top := g.dirs[0].path
	here, err := os.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("x", 200)
	depth := 0
	for fd := int(here.Fd()); depth < 60; depth++ {
		if err := syscall.Mkdirat(fd, name, 0o755); err != nil {
			t.Fatalf("at depth %d: %v", depth, err)
		}
		next, err := syscall.Openat(fd, name, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if depth > 0 {
			syscall.Close(fd)
		}
		fd = next
		if depth == 59 {
			syscall.Close(fd)
		}
	}
	here.Close()
	if _, err := g.Pids(true); err != nil {
		t.Error(err)
	}
	if err := g.Remove(); err != nil || g.Exists() {
		t.Errorf("%v", err)
	}
}

func TestRootFreeze(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, "")
			if frozen, err := g.Frozen(); frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			if frozen, err := g.Frozen(); !frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Thaw(); err != nil {
				t.Fatal(err)
			}
			if frozen, err := g.Frozen(); frozen || err != nil {
				t.Error(frozen, err)
			}
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			if err := g.Kill(); err != nil { // works on a frozen one
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
				t.Error(err)
			}
		})
	}
}

func TestRootFrozenRefused(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			h := host(t)
			g := newGroup(t, h)
			if err := g.Freeze(); err != nil {
				t.Fatal(err)
			}
			again, err := New(h, testPath(t), "unused")
			if err != nil {
				t.Fatal(err)
			}
			err = again.Create()
			if err == nil || !strings.Contains(err.Error(), "container's cgroup unexpectedly frozen") {
				t.Errorf("a frozen cgroup was taken: %v", err)
			}
			if err := g.Thaw(); err != nil {
				t.Fatal(err)
			}
			if err := again.Create(); err != nil {
				t.Errorf("a thawed one was refused: %v", err)
			}
		})
	}
}

// A fork bomb does not outrun Kill. This one ends by itself after some seconds.
func TestRootKillForks(t *testing.T) {
	for _, host := range []func(*testing.T) *Host{v1Host, unifiedHost} {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			cmd := inside(t, g, `
				bomb() { n=0; while [ $n -lt 400 ]; do n=$((n+1)); sleep 0.02 & sleep 0.005; done; }
				bomb >/dev/null 2>&1 & bomb >/dev/null 2>&1 & echo up; exec >/dev/null 2>&1; wait`)
			cmd.release()
			if line := cmd.line(); line != "up\n" {
				t.Fatalf("said %q", line)
			}
			time.Sleep(20 * time.Millisecond)
			if err := g.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if pids, err := g.Pids(true); g.Mode() == V1 && (err != nil || len(pids) > 0) {
				t.Errorf("left: %v %v", pids, err)
			}
			if err := g.Remove(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Below a cgroup that holds processes no controller can be enabled. That is an
// error only for who needs one, and it says why.
func TestRootParentInUse(t *testing.T) {
	h := unifiedHost(t)
	if b := read(t, h.Unified+"/cgroup.controllers"); !listed(b, "hugetlb") {
		t.Skipf("needs the v2 hugetlb controller; the host's has: %q", b)
	}
	outer := newGroup(t, h)
	inside(t, outer, "")
	g, err := New(h, testPath(t)+"/below", "unused")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	if err := g.Apply(nil); err != nil {
		t.Error(err)
	}
	err = g.Apply(&specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 2 << 20}}})
	want := "linux.resources.hugepageLimits[0].limit: the hugetlb controller is not available (write +hugetlb to " +
		outer.dirs[0].file("cgroup.subtree_control") + ": device or resource busy): write 2097152 to " +
		g.dirs[0].file("hugetlb.2MB.max") + ": no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := g.Undo(); err != nil {
		t.Error(err)
	}
}

// A cgroup in a threaded subtree is born invalid; made threaded it works.
func TestRootThreaded(t *testing.T) {
	h := unifiedHost(t)
	outer := newGroup(t, h)
	thread := outer.dirs[0].path + "/thread"
	if err := os.Mkdir(thread, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(thread+"/cgroup.type", []byte("threaded"), 0); err != nil {
		t.Fatal(err)
	}
	g, err := New(h, testPath(t)+"/below", "unused")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, g.dirs[0].file("cgroup.type")); got != "threaded" {
		t.Errorf("it is %q", got)
	}
	sh := inside(t, g, "")
	if pids, err := g.Pids(true); err != nil || len(pids) != 1 || pids[0] != sh.Process.Pid {
		t.Error(pids, err)
	}
	if err := g.Kill(); err != nil { // cgroup.kill does not work here
		t.Fatal(err)
	}
	if err := sh.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Error(err)
	}
	if err := g.Undo(); err != nil {
		t.Error(err)
	}
}

// Groups with common parents come and go at the same time.
func TestRootConcurrent(t *testing.T) {
	h := rootHost(t)
	done := make(chan error)
	const workers = 8
	for w := range workers {
		go func() {
			for i := range 10 {
				g, err := New(h, testPath(t)+"/shared/"+strconv.Itoa(w)+"-"+strconv.Itoa(i), "unused")
				if err == nil {
					err = g.Create()
				}
				if err == nil {
					err = g.Apply(nil)
				}
				if err == nil {
					err = g.Undo() // takes the parents too, if it made them
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	g, err := New(h, testPath(t), "unused")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
	cleanGroup(t, g)
}

// Add moves a process that runs already, and an error names what is left when
// a process does not end.
func TestRootAdd(t *testing.T) {
	g := newGroup(t, rootHost(t))
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	for _, path := range g.Paths() {
		if pids, err := pidsIn(path, false); err != nil || len(pids) != 1 || pids[0] != cmd.Process.Pid {
			t.Error(path, pids, err)
		}
	}
	for i := range g.dirs {
		d := &g.dirs[i]
		err := removeTree(d.path, d.v2, time.Now().Add(5*time.Millisecond))
		want := "cgroup " + d.path + ": processes are left in it: " + strconv.Itoa(cmd.Process.Pid)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
