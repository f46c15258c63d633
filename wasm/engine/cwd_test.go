package main

import (
	"os"
	"path/filepath"
	"testing"

	"wrun/wasm"
)

// Paths mean to a guest what they mean to a native program: relative ones start
// at process.cwd.
func TestPaths(t *testing.T) {
	top, err := os.MkdirTemp("/tmp", "wrun-cwd")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(top) })
	cwd := filepath.Join(top, "work")
	check(t, os.MkdirAll(filepath.Join(cwd, "sub"), 0o755))
	write := func(name, text string) {
		t.Helper()
		check(t, os.WriteFile(name, []byte(text), 0o644))
	}
	write(filepath.Join(cwd, "rel"), "R")
	write(filepath.Join(cwd, "sub", "rel"), "S")
	write(filepath.Join(top, "abs"), "A")

	for _, c := range []struct {
		name, module, cwd, want string
		args, env               []string
	}{
		{name: "wasi-libc", module: "paths", args: []string{"rel", "./rel", "sub/rel", "sub/../rel", top + "/abs", "none"},
			want: "rel=R ./rel=R sub/rel=S sub/../rel=R " + top + "/abs=A none! "},
		{name: "wasi-libc in /", module: "paths", cwd: "/", args: []string{top[1:] + "/abs", top + "/abs", "rel"},
			want: top[1:] + "/abs=A " + top + "/abs=A rel! "},
		{name: "wasi-libc writes", module: "paths", args: []string{"w", "w1", "sub/w1", top + "/w2"}, want: "w1= sub/w1= " + top + "/w2= "},
		{name: "Go", module: "acts", args: []string{"cwd", "read", "rel", "read", "./sub/rel", "read", "../abs", "read", top + "/abs"}, want: cwd + "\nRSAA"},
		{name: "Go with PWD", module: "acts", env: []string{"PWD=" + cwd + "/sub"}, args: []string{"cwd", "read", "rel"}, want: cwd + "/sub\nS"},
		{name: "Go in /", module: "acts", cwd: "/", args: []string{"cwd", "read", top[1:] + "/abs"}, want: "/\nA"},
		{name: "Go writes", module: "acts", args: []string{"write", "w3", "write", top + "/w4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.cwd == "" {
				c.cwd = cwd
			}
			code, stdout, stderr := run(t, setup{module: module(t, c.module),
				job: wasm.Job{Cwd: c.cwd, Args: append([]string{"guest"}, c.args...), Env: c.env}})
			if code != 0 || stdout != c.want {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
	for _, name := range []string{"work/w1", "work/sub/w1", "w2", "work/w3", "w4"} {
		if b, err := os.ReadFile(filepath.Join(top, name)); err != nil || string(b) != "new" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
