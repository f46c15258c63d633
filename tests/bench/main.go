// Command bench times wrun against crun and runc, whichever are installed, and
// against a Go hello. The runs are interleaved, so that a noisy machine is
// noisy for all; what counts is CPU time and the smallest wall time.
//
// It prints tables in Markdown. It asserts nothing.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"wrun/tests/bundle"
	"wrun/tests/host"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// subject is a program to time.
type subject struct {
	name string
	path string
	root string // state folder; empty: not a runtime
}

func (s subject) args(args ...string) []string {
	if s.root == "" {
		return []string{s.path}
	}
	return append([]string{s.path, "--root", s.root}, args...)
}

func run() error {
	n := flag.Int("n", 200, "how many rounds; each runs every program once")
	wrun := flag.String("wrun", "build/wrun", "the wrun to time")
	peers := flag.String("peers", "crun,runc", "what to time it against, if installed")
	hello := flag.String("hello", "build/hello", "a Go hello, for the start-up floor")
	only := flag.String("only", "", "only these cases, comma-separated: version, run, life")
	flag.Parse()
	if os.Geteuid() != 0 {
		return fmt.Errorf("containers need root: sudo env \"PATH=$PATH\" make bench")
	}
	if err := hideHybrid(*peers); err != nil {
		return err
	}
	if err := host.Subreaper(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wrun-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	subjects, err := find(dir, *wrun, *peers)
	if err != nil {
		return err
	}
	b := &bench{dir: dir, rounds: *n, subjects: subjects, only: *only}
	if _, err := os.Stat(*hello); err == nil {
		b.hello = &subject{name: "Go hello", path: *hello}
	}
	for name, args := range map[string][]string{"true": {"true"}, "wait": {"sleep", "1000"}} {
		if err := makeBundle(b.bundle(name), subjects[0].path, args); err != nil {
			return err
		}
	}
	b.header()
	return b.all()
}

// hideHybrid starts this program again without the host's unified hierarchy
// when that is a hybrid one: Debian's crun refuses to work there. All programs
// then see the same.
func hideHybrid(peers string) error {
	if _, err := exec.LookPath("crun"); err != nil || !strings.Contains(peers, "crun") {
		return nil
	}
	var st syscall.Statfs_t
	const cgroup2Magic = 0x63677270 // CGROUP2_SUPER_MAGIC, linux/magic.h
	if err := syscall.Statfs("/sys/fs/cgroup/unified", &st); err != nil || st.Type != cgroup2Magic {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	wrapper, err := filepath.Abs("tests/cgroup-view")
	if err != nil {
		return err
	}
	return syscall.Exec(wrapper, append([]string{wrapper, "v1", self}, os.Args[1:]...), os.Environ())
}

func find(dir, wrun, peers string) ([]subject, error) {
	path, err := filepath.Abs(wrun)
	if err != nil {
		return nil, err
	}
	subjects := []subject{{name: "wrun", path: path}}
	for name := range strings.SplitSeq(peers, ",") {
		if path, err := exec.LookPath(name); err == nil {
			subjects = append(subjects, subject{name: filepath.Base(name), path: path})
		}
	}
	for i := range subjects {
		subjects[i].root = filepath.Join(dir, "state-"+subjects[i].name)
	}
	return subjects, nil
}

// makeBundle writes wrun's own default bundle, with an ociVersion that Debian's
// crun knows.
func makeBundle(dir, wrun string, args []string) error {
	if err := bundle.Make(dir, wrun, args...); err != nil {
		return err
	}
	c, err := bundle.Open(filepath.Join(dir, "config.json"))
	if err != nil {
		return err
	}
	if err := c.Set("ociVersion", "1.0.2"); err != nil {
		return err
	}
	return c.Save()
}
