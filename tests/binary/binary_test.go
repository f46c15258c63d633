// Package binary looks at the built wrun as its callers do.
package binary

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// build returns the path of a wrun built for release.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "wrun")
	cmd := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w -X main.version=1.2.3 -X main.commit=abc", "-o", bin, "wrun")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

func TestBinary(t *testing.T) {
	bin := build(t)
	for _, tt := range []struct {
		args           string
		code           int
		stdout, stderr string // parts of
	}{
		{"--version", 0, "wrun version 1.2.3\ncommit: abc\nspec: 1.3.0\ngo: go1.", ""},
		{"--help", 0, "   create    ", ""},
		{"", 0, "   create    ", ""},
		{"create --help", 0, "--pid-file PATH", ""},
		{"foo", 3, "", "No help topic for 'foo'"},
		{"foo --help", 3, "", "No help topic for 'foo'"},
		{"--foo", 1, "", "flag provided but not defined: -foo"},
		{"--root DIR state c1", 1, "", `level=error msg="wrun state c1: container \"c1\" does not exist"`},
		{"--root DIR state ../c1", 1, "", "invalid container ID"},
		{"--root DIR kill c1 9", 1, "", "does not exist"},
		{"--root DIR delete c1", 1, "", "does not exist"},
		{"--root DIR delete --force c1", 0, "", ""},
		{"--root DIR/none list", 1, "", "no such file or directory"},
		{"--root DIR list", 0, "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n", ""},
		{"features", 0, `"ociVersionMin"`, ""},
	} {
		args := strings.Fields(strings.ReplaceAll(tt.args, "DIR", t.TempDir()))
		cmd := exec.Command(bin, args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Env = []string{} // not nil, which would mean this process's
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != tt.code {
			t.Errorf("%s: %v, want exit code %d: %s", tt.args, err, tt.code, &stderr)
		}
		if !strings.Contains(stdout.String(), tt.stdout) || tt.stdout == "" && stdout.Len() > 0 {
			t.Errorf("%s: stdout %s", tt.args, &stdout)
		}
		if !strings.Contains(stderr.String(), tt.stderr) || tt.stderr == "" && stderr.Len() > 0 {
			t.Errorf("%s: stderr %s", tt.args, &stderr)
		}
	}
}

// Engines ask for the version on hosts where nothing else is in place yet: as
// nobody, without /proc, in an empty root that it may not write to.
func TestVersionNeedsNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to chroot")
	}
	bin := build(t)
	cmd := exec.Command("/wrun", "--version")
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     filepath.Dir(bin),
		Credential: &syscall.Credential{Uid: 65534, Gid: 65534},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "wrun version 1.2.3\n") {
		t.Errorf("%v: %s", err, out)
	}
}
