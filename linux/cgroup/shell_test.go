package cgroup

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// rootHost is the host the root tests work on. They run whenever they could:
// without root, or without a cgroup mount that can be written, they say so.
func rootHost(t *testing.T) *Host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	h, err := Detect()
	if err != nil {
		t.Fatal(err)
	}
	probe := h.Unified
	if probe == "" {
		probe = h.Hierarchies[0].Mountpoint
	}
	name := probe + "/wrun-test-probe-" + strconv.Itoa(os.Getpid())
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Skipf("cgroups cannot be made here: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	return h
}

// unifiedHost is the cgroup2 hierarchy alone, be it a v2 or a hybrid host's.
func unifiedHost(t *testing.T) *Host {
	t.Helper()
	h := rootHost(t)
	if h.Unified == "" {
		t.Skip("needs cgroup v2: the host has v1 only")
	}
	return &Host{Mode: V2, Unified: h.Unified}
}

// v1Host is the v1 hierarchies alone.
func v1Host(t *testing.T) *Host {
	t.Helper()
	h := rootHost(t)
	if len(h.Hierarchies) == 0 {
		t.Skip("needs cgroup v1: the host has v2 only")
	}
	return &Host{Mode: V1, Hierarchies: h.Hierarchies}
}

// testPath is an absolute cgroup path of the test's own.
func testPath(t *testing.T) string {
	return "/wrun-test-" + strconv.Itoa(os.Getpid()) + "/" + strings.NewReplacer("/", "-", " ", "_").Replace(t.Name())
}

// newGroup makes a group and sees to it that nothing of it stays.
func newGroup(t *testing.T, h *Host) *Group {
	t.Helper()
	g, err := New(h, testPath(t), "unused")
	if err != nil {
		t.Fatal(err)
	}
	cleanGroup(t, g)
	if err := g.Create(); err != nil {
		t.Fatal(err)
	}
	return g
}

func cleanGroup(t *testing.T, g *Group) {
	t.Cleanup(func() {
		if err := g.Kill(); err != nil {
			t.Error(err)
		}
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
		for i := range g.dirs {
			parent := parent(g.dirs[i].path)
			if err := os.Remove(parent); err != nil && !os.IsNotExist(err) && !strings.HasSuffix(err.Error(), "busy") {
				t.Error(err)
			}
		}
		if g.Exists() {
			t.Error("the cgroup is still there")
		}
	})
}

// A shell is one that runs in a group.
type shell struct {
	*exec.Cmd
	t     *testing.T
	stdin io.Writer
	out   *bufio.Reader
}

// inside starts a shell in the group; it does what script says after it is
// told to.
func inside(t *testing.T, g *Group, script string) *shell {
	t.Helper()
	join := ""
	for _, p := range g.TaskPaths() {
		join += "echo 0 > " + p + "\n"
	}
	fd, err := g.OpenV2()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{Cmd: exec.Command("/bin/sh", "-e", "-c", join+"echo in\nread x\n"+script), t: t}
	if fd >= 0 {
		defer syscall.Close(fd)
		s.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}
	}
	s.Stderr = os.Stderr
	if s.stdin, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(stdout)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the group's own cleanup
		_ = s.Process.Kill()
		_ = s.Wait()
	})
	if line := s.line(); line != "in\n" {
		t.Fatalf("the process did not enter its cgroup: %q", line)
	}
	return s
}

func (s *shell) release() {
	s.t.Helper()
	if _, err := s.stdin.Write([]byte("go\n")); err != nil {
		s.t.Fatal(err)
	}
}

// line reads a line of what it prints, rest all there is.
func (s *shell) line() string {
	line, err := s.out.ReadString('\n')
	if err != nil && err != io.EOF {
		s.t.Fatal(err)
	}
	return line
}

func (s *shell) rest() string {
	b, err := io.ReadAll(s.out)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
