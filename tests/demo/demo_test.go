package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wrun/tests/bundle"
)

// What is missing is said in one line, with what helps, before anything is
// built. The programs that the script asks are stand-ins.
func TestMissing(t *testing.T) {
	const good = `case $1 in version) echo go version go1.26.1 linux/amd64;; list) exit 0;; *) echo built >built;; esac`
	for _, tt := range []struct {
		name        string
		uid         int
		goProgram   string // a shell script; empty: there is none
		unshare     string
		want, helps string
	}{
		{"no root", 65534, good, "exit 0", "need root", "sudo"},
		{"no Go", 0, "", "exit 0", "no Go", "https://go.dev/dl/"},
		{"old Go", 0, `echo go version go1.19.8 linux/amd64`, "exit 0", "Go 1.19 is too old", "install 1.26"},
		{"Go cannot fetch itself", 0, `echo go: download go1.26 for linux/amd64: toolchain not available >&2; exit 1`, "exit 0", "toolchain not available", "network"},
		{"no modules", 0, `case $1 in version) echo go version go1.26.1 linux/amd64;; *) echo "main.go:3:2: dial tcp: no route to host" >&2; exit 1;; esac`, "exit 0", "no route to host", "GOPROXY"},
		{"no mounts", 0, good, "exit 1", "mounting is not allowed", "--privileged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.uid == 0 && os.Geteuid() != 0 {
				t.Skip("the script asks for root first")
			}
			top := fakeTop(t, tt.goProgram, tt.unshare)
			cmd := exec.Command("/bin/sh", filepath.Join(top, "tests/demo/demo"))
			cmd.Env = []string{"PATH=" + filepath.Join(top, "bin")}
			if os.Geteuid() == 0 && tt.uid != 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(tt.uid), Gid: uint32(tt.uid)}}
			}
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("no error: %s", out)
			}
			if line := string(out); strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "make demo: ") ||
				!strings.Contains(line, tt.want) || !strings.Contains(line, tt.helps) {
				t.Errorf("want one line with %q and %q, got:\n%s", tt.want, tt.helps, out)
			}
			if _, err := os.Stat(filepath.Join(top, "built")); err == nil {
				t.Error("something was built")
			}
		})
	}
}

// fakeTop makes a repository that holds only the script, and a PATH that holds
// only what the script may call.
func fakeTop(t *testing.T, goProgram, unshare string) string {
	top := t.TempDir()
	for _, dir := range []string{"bin", "tests/demo"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir := top; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // for the plain user
			t.Fatal(err)
		}
	}
	if err := bundle.Copy("demo", filepath.Join(top, "tests/demo/demo"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Copy("../../go.mod", filepath.Join(top, "go.mod"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"sh", "id", "sed", "tail", "dirname", "cat", "rm"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(top, "bin", tool)); err != nil {
			t.Fatal(err)
		}
	}
	scripts := map[string]string{"unshare": unshare, "make": "echo built >built"}
	if goProgram != "" {
		scripts["go"] = goProgram
	}
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(top, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return top
}
