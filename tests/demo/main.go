// Command demo shows wrun running a native container, a WebAssembly one, both
// under one annotation, and how a bundle fails. It leaves nothing behind.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"wrun/tests/bundle"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo BINARIES")
		os.Exit(2)
	}
	if err := demo(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// show is one container of the demo.
type show struct {
	title string
	guest string // a file of BINARIES/guests
	args  []string
	set   [][2]string // edits of config.json: path and JSON
	fails bool
}

func shows() []show {
	smart := [2]string{"annotations", `{"module.wasm.image/variant": "compat-smart"}`}
	return []show{
		{"A native container: its pid, host name, mounts and capabilities", "probe", []string{"/probe"}, nil, false},
		{"A WebAssembly container: arguments, environment, and a file of its rootfs", "hello.wasm", []string{"/hello.wasm", "/greeting"},
			[][2]string{{"annotations", `{"module.wasm.image/variant": "compat"}`}, {"process.env.+", `"DEMO=wasm"`}}, false},
		{"compat-smart, one of two: a native program runs natively", "hello", []string{"/hello", "/greeting"}, [][2]string{smart}, false},
		{"compat-smart, two of two: a module runs in the engine", "hello.wasm", []string{"/hello.wasm", "/greeting"}, [][2]string{smart}, false},
		{"A bundle that cannot run says where and why", "hello", []string{"/hello"},
			[][2]string{{"mounts.+", `{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs", "options": ["mode=rwx"]}`}}, true},
	}
}

func demo(binaries string) (err error) {
	binaries, err = filepath.Abs(binaries)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wrun-demo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for i, s := range shows() {
		d := stage{wrun: filepath.Join(binaries, "wrun"), dir: filepath.Join(dir, fmt.Sprint(i+1)), id: fmt.Sprintf("demo%d-%d", i+1, os.Getpid())}
		fmt.Printf("\n=== %d. %s\n", i+1, s.title)
		if err := d.play(s, filepath.Join(binaries, "guests")); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
	}
	fmt.Println("\nAll containers are gone again. Next: README.md")
	return nil
}

type stage struct{ wrun, dir, id string }

func (d stage) play(s show, guests string) error {
	if err := d.bundle(s, guests); err != nil {
		return err
	}
	for _, e := range s.set {
		fmt.Printf("    config.json: %s = %s\n", strings.TrimSuffix(e[0], ".+"), e[1])
	}
	fmt.Printf("$ wrun run --bundle %s %s\n", d.dir, d.id)
	cmd := exec.Command(d.wrun, "run", "--bundle", d.dir, d.id)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case s.fails && err == nil:
		return errors.New("it should have failed")
	case s.fails && errors.As(err, &exit):
		fmt.Printf("(exit status %d)\n", exit.ExitCode())
		return nil
	}
	return err
}

// bundle writes the bundle: a rootfs of the guest and a greeting, and wrun's
// default config with the show's edits.
func (d stage) bundle(s show, guests string) error {
	root := filepath.Join(d.dir, "rootfs")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := bundle.Copy(filepath.Join(guests, s.guest), filepath.Join(root, s.guest), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "greeting"), []byte("this line is a file of the container's rootfs\n"), 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(d.wrun, "spec", "--bundle", d.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("wrun spec: %w: %s", err, out)
	}
	c, err := bundle.Open(filepath.Join(d.dir, "config.json"))
	if err != nil {
		return err
	}
	if err := errors.Join(c.Set("process.terminal", false), c.Set("process.args", s.args), c.Set("hostname", "demo")); err != nil {
		return err
	}
	for _, e := range s.set {
		if err := c.SetJSON(e[0], e[1]); err != nil {
			return err
		}
	}
	return c.Save()
}
