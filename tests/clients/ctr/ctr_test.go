// Package ctr drives the runtime through Debian's containerd, as `ctr run`.
package ctr

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wrun/tests/bundle"
	"wrun/tests/host"
	"wrun/tests/image"
)

const (
	native  = "localhost/native:1"
	scratch = "localhost/wasm:1" // nothing but modules
	mixed   = "localhost/mixed:1"
)

func compat(variant string) string { return "module.wasm.image/variant=" + variant }

func TestCtr(t *testing.T) {
	d := newDaemon(t)
	d.importImages()
	for _, tt := range []struct {
		name string
		args []string
		want string // a pattern of the output
		code int
		wasm bool
	}{
		{"native", []string{native, "ID", "sh", "-c", "echo out; hostname; exit 3"}, `^out\n`, 3, false},
		{"default command", []string{native, "ID"}, `^default\n$`, 0, false},
		{"environment, cwd, mount", []string{"--env", "A=b c", "--cwd", "/tmp", "--mount", "type=bind,src=/etc,dst=/host,options=rbind:ro", native, "ID",
			"sh", "-c", "echo $A; pwd; test -f /host/passwd && echo mounted"}, `^b c\n/tmp\nmounted\n$`, 0, false},
		{"read-only, host network", []string{"--read-only", "--net-host", native, "ID", "sh", "-c", "touch /x || echo refused"}, `refused`, 0, false},
		{"memory and cpus", []string{"--memory-limit", "67108864", "--cpus", "0.5", native, "ID", "echo", "limited"}, `^limited\n$`, 0, false},
		{"wasm", []string{"--label", compat("compat"), scratch, "ID", "/hello.wasm", "one", "/file"},
			`(?s)hello from wasip1/wasm\nargv\[0\] /hello.wasm\nargv\[1\] one\n.*env PATH=.*/file: in the image`, 0, true},
		{"wasm, default command", []string{"--label", compat("compat"), scratch, "ID"}, `argv\[0\] /hello.wasm`, 0, true},
		{"wasm, exit status", []string{"--label", compat("compat"), scratch, "ID", "/acts.wasm", "print", "x", "exit", "42"}, `^x\n$`, 42, true},
		{"smart, native", []string{"--label", compat("compat-smart"), mixed, "ID", "echo", "native"}, `^native\n$`, 0, true},
		{"smart, wasm", []string{"--label", compat("compat-smart"), mixed, "ID", "/hello.wasm", "two", "/file"}, `(?s)argv\[1\] two.*in the image`, 0, true},
		{"handler annotation", []string{"--annotation", "run.oci.handler=wasm", scratch, "ID", "/hello.wasm"}, `hello from wasip1/wasm`, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.wasm && strings.Contains(d.runtime, "runc") {
				t.Skip("runc has no wasm")
			}
			id := strings.NewReplacer(" ", "-", ",", "").Replace(tt.name)
			r := d.run(append([]string{"--rm"}, replaceID(tt.args, id)...)...)
			if r.code != tt.code || !regexp.MustCompile(tt.want).MatchString(r.out) {
				t.Errorf("want status %d and %s, got %s", tt.code, tt.want, r)
			}
			if left := d.left(); strings.Contains(strings.Join(left, "\n"), id) {
				t.Errorf("left: %q", left)
			}
		})
	}
	t.Run("terminal", d.terminal)
	t.Run("not found", d.notFound)
	t.Run("kill", func(t *testing.T) {
		d.kill(t, "native", native, "sh", "-c", "trap 'exit 15' TERM; while :; do sleep 0.1; done")
	})
	if !strings.Contains(d.runtime, "runc") {
		t.Run("kill wasm", func(t *testing.T) { d.kill(t, "wasm", scratch, "/acts.wasm", "spin") })
	}
}

func replaceID(args []string, id string) []string {
	out := append([]string(nil), args...)
	for i := range out {
		if out[i] == "ID" {
			out[i] = id
		}
	}
	return out
}

// importImages makes and imports the three images.
func (d *daemon) importImages() {
	t := d.t
	guests, err := host.Guests("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, im := range []image.Image{
		{Name: native, Args: []string{"echo", "default"}},
		{Name: scratch, Args: []string{"/hello.wasm"}},
		{Name: mixed, Args: []string{"true"}},
	} {
		im.Root = filepath.Join(d.dir, "image")
		if err := os.MkdirAll(im.Root, 0o755); err != nil {
			t.Fatal(err)
		}
		if im.Name != scratch {
			if err := bundle.Rootfs(im.Root); err != nil {
				t.Fatal(err)
			}
		}
		if im.Name != native {
			for _, g := range []string{"hello.wasm", "acts.wasm"} {
				if err := bundle.Copy(filepath.Join(guests, g), filepath.Join(im.Root, g), 0o644); err != nil {
					t.Fatalf("%v: run `make guests`", err)
				}
			}
			if err := os.WriteFile(filepath.Join(im.Root, "file"), []byte("in the image\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tar := filepath.Join(d.dir, "image.tar")
		if err := im.Write(tar); err != nil {
			t.Fatal(err)
		}
		if r := d.ctr("images", "import", tar); r.code != 0 {
			t.Fatalf("import %s: %s", im.Name, r)
		}
		if err := os.RemoveAll(im.Root); err != nil {
			t.Fatal(err)
		}
	}
}

// terminal runs a container on a pty that script(1) makes.
func (d *daemon) terminal(t *testing.T) {
	line := strings.Join([]string{"ctr", "-a", d.socket(), "-n", d.ns, "run", "--rm", "-t", "--runc-binary", d.runtime,
		"--runtime", "io.containerd.runc.v2", native, "terminal", "sh", "-c", "'tty; test -t 0 && echo on a terminal; exit 6'"}, " ")
	r := d.command("script", "-qec", line, "/dev/null")
	if r.code != 6 || !strings.Contains(r.out, "on a terminal") {
		t.Errorf("want status 6 and a terminal, got %s", r)
	}
}

// notFound: the runtime's line reaches the user, and nothing is left.
func (d *daemon) notFound(t *testing.T) {
	r := d.run("--rm", native, "notfound", "nothing")
	if r.code == 0 || !strings.Contains(r.err, "executable file not found in $PATH") {
		t.Errorf("want an error that says so, got %s", r)
	}
	if left := d.left(); len(left) > 0 && strings.Contains(strings.Join(left, "\n"), "notfound") {
		t.Errorf("left: %q", left)
	}
}

// kill: SIGTERM reaches a detached container, whose exit status `task rm` has.
func (d *daemon) kill(t *testing.T, name, img string, args ...string) {
	id, want := "kill-"+name, 15
	flags := []string{"-d"}
	if name == "wasm" {
		flags, want = append(flags, "--label", compat("compat")), 143
	}
	if r := d.run(append(append(flags, img, id), args...)...); r.code != 0 {
		t.Fatalf("run -d: %s", r)
	}
	d.eventually("it runs", func() bool { return strings.Contains(d.status(id), "RUNNING") })
	if r := d.ctr("tasks", "kill", "-s", "SIGTERM", id); r.code != 0 {
		t.Errorf("kill: %s", r)
	}
	d.eventually("it has stopped", func() bool { return strings.Contains(d.status(id), "STOPPED") })
	// ctr reports the status as a warning.
	if r := d.ctr("tasks", "rm", id); !strings.Contains(r.err, fmt.Sprintf("exit code %d", want)) {
		t.Errorf("task rm: want exit code %d, got %s", want, r)
	}
	if r := d.ctr("containers", "rm", id); r.code != 0 {
		t.Errorf("rm: %s", r)
	}
}

// status returns the line of `ctr task ls` for id.
func (d *daemon) status(id string) string {
	for line := range strings.Lines(d.ctr("tasks", "ls").out) {
		if strings.HasPrefix(line, id+" ") {
			return line
		}
	}
	return ""
}
