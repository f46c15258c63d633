// Package tests holds the rules of the repository itself as tests: who may
// import whom, what package-level state there may be, how long a file is.
package tests

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// rooms says what each room may import of this module: "linux/" stands for
// every room below. Rooms that are not listed may import nothing.
func rooms() map[string][]string {
	return map[string][]string{
		".":                 {"cli"},
		"cli":               {"libcontainer-lite", "spec", "spec/jsonscan", "state", "wasm"},
		"libcontainer-lite": {"spec", "state", "wasm", "wasm/embedded", "linux/"},
		"spec":              {"spec/jsonscan"},
		"spec/jsonscan":     {},
		"state":             {"spec", "spec/jsonscan"},
		"wasm":              {"spec"},
		"wasm/embedded":     {},
		"wasm/engine":       {"wasm", "wasm/wasi"},
		"wasm/wasi":         {},
		"linux/compile":     {"linux/prog", "linux/kernel", "spec"},
		"linux/interp":      {"linux/prog", "linux/kernel"},
		"linux/prog":        {"linux/kernel"},
		"linux/seccomp":     {"linux/kernel"},
		"linux/cgroup":      {"linux/kernel"},
		"linux/kernel":      {},
	}
}

// modules says which rooms may import another module's packages.
func modules() map[string][]string {
	return map[string][]string{
		"github.com/opencontainers/runtime-spec": {"cli", "libcontainer-lite", "spec", "state", "wasm", "linux/"},
		"github.com/opencontainers/selinux":      {"libcontainer-lite", "linux/"},
		"github.com/urfave/cli/v2":               {"cli"},
		"github.com/tetratelabs/wazero":          {"wasm/engine", "wasm/wasi"},
		"golang.org/x/sys":                       {"linux/kernel"},
		"github.com/rogpeppe/go-internal":        {"tests/"},
		"golang.org/x/tools":                     {"tests/"},
	}
}

func TestImports(t *testing.T) {
	for _, f := range goFiles(t) {
		room := path.Dir(f.path)
		for _, spec := range f.ast.Imports {
			imp := strings.Trim(spec.Path.Value, `"`)
			if why := forbidden(room, f.test(), imp); why != "" {
				t.Errorf("%s imports %s: %s", f.path, imp, why)
			}
		}
	}
}

// forbidden says why a file of room may not import imp, or nothing.
func forbidden(room string, test bool, imp string) string {
	if imp == "wrun" || strings.HasPrefix(imp, "wrun/") {
		to := strings.TrimPrefix(imp, "wrun/")
		if strings.HasPrefix(to, "tests/") && (test || strings.HasPrefix(room, "tests/")) {
			return ""
		}
		if within(to, rooms()[room]) || test && to == room { // a test from outside its package
			return ""
		}
		if strings.HasPrefix(room, "tests") {
			return "tests see wrun from outside"
		}
		return "not an arrow of ARCHITECTURE.md"
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for mod, allowed := range modules() {
		if imp != mod && !strings.HasPrefix(imp, mod+"/") {
			continue
		}
		if within(room, allowed) || test && slices.Contains(allowed, "tests/") {
			return ""
		}
		return "that module is for " + strings.Join(allowed, ", ")
	}
	return "not one of this repository's modules"
}

func within(room string, list []string) bool {
	for _, l := range list {
		if room == l || strings.HasSuffix(l, "/") && strings.HasPrefix(room, l) {
			return true
		}
	}
	return false
}

// What wrun links is paid at every command. These are the heavy ones, and what
// only the engine needs. (regexp comes with urfave/cli.)
func TestLinked(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		cmd := exec.Command("go", "list", "-deps", "-tags", "urfave_cli_no_docs", "wrun")
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", cmd, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			switch {
			// os/user comes with opencontainers/selinux, and costs nothing until used.
			case dep == "net", dep == "net/http", dep == "os/exec",
				dep == "crypto/tls", dep == "go/ast", dep == "runtime/cgo", strings.HasPrefix(dep, "github.com/tetratelabs/"):
				t.Errorf("wrun links %s (%s)", dep, arch)
			}
		}
	}
}
