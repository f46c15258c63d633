// Package integration runs the root scripts of testdata against wrun, and
// those marked `# also: runc` against runc too. Run it as root:
//
//	go test ./tests/integration                        all scripts
//	go test ./tests/integration -run Scripts/wrun/mounts
//
// Environment: WRUN_RUNTIME is the runtime under test (default build/wrun);
// WRUN_PEERS=none leaves runc out; WRUN_CGROUP_VIEW=v1|v2 shows the tests, in a
// mount namespace of their own, a host of that cgroup version only;
// WRUN_MUST=1 makes a missing root a failure instead of a skip.
package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"wrun/tests/host"
	"wrun/tests/leaks"
)

func TestMain(m *testing.M) {
	if err := enterView(os.Getenv("WRUN_CGROUP_VIEW")); err != nil {
		fmt.Fprintln(os.Stderr, "WRUN_CGROUP_VIEW:", err)
		os.Exit(2)
	}
	// Scripts call these as `exec NAME`.
	testscript.Main(m, map[string]func(){"subreaper": subreaper, "load": load, "idle": idle, "freeport": freeport, "slow": slow, "activate": activate})
}

// enterView starts this program again where the host's cgroups look as view
// says, and does not return then.
func enterView(view string) error {
	if view == "" || os.Getenv("WRUN_CGROUP_VIEW_IS") == view {
		return nil
	}
	wrapper, err := filepath.Abs("../cgroup-view")
	if err != nil {
		return err
	}
	args := append([]string{wrapper, view, os.Args[0]}, os.Args[1:]...)
	return syscall.Exec(wrapper, args, append(os.Environ(), "WRUN_CGROUP_VIEW_IS="+view))
}

func TestScripts(t *testing.T) {
	host.NeedRoot(t)
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	before := mounts(t)
	t.Cleanup(func() {
		for _, line := range mounts(t) {
			if !slices.Contains(before, line) {
				t.Errorf("a mount was left: %s", line)
			}
		}
	})
	for _, rt := range runtimes(t) {
		t.Run(rt.name, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files:               rt.scripts(t, scripts),
				Setup:               rt.setup,
				Cmds:                commands(rt),
				Condition:           rt.condition,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

func mounts(t *testing.T) []string {
	lines, err := leaks.Mounts("")
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// runtimes returns the runtime under test and the peers that the scripts are
// checked against.
func runtimes(t *testing.T) []*runtime {
	rts := []*runtime{newRuntime(host.Runtime(t, "../.."))}
	if os.Getenv("WRUN_PEERS") == "none" || rts[0].name == "runc" {
		return rts
	}
	peer, err := exec.LookPath("runc")
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("the scripts are checked against runc too: apt-get install runc, or WRUN_PEERS=none")
	} else if err != nil {
		t.Fatal(err)
	}
	return append(rts, newRuntime(peer))
}

// runtime is a program with runc's command line.
type runtime struct {
	name string // wrun or runc
	path string
}

func newRuntime(path string) *runtime {
	name := "wrun"
	if strings.Contains(filepath.Base(path), "runc") {
		name = "runc"
	}
	return &runtime{name, path}
}

// scripts leaves out those that do not name a peer in their `# also:` line.
func (rt *runtime) scripts(t *testing.T, all []string) []string {
	if rt.name == "wrun" {
		return all
	}
	var some []string
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "# also: "+rt.name+"\n") {
			some = append(some, path)
		}
	}
	return some
}
