package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"

	libcontainer "wrun/libcontainer-lite"
)

// fake notes what the commands call.
type fake struct {
	rt    libcontainer.Runtime
	calls []string
	err   error // what every call returns
	exit  int
	state libcontainer.StateDoc
	list  []libcontainer.StateDoc
}

func (f *fake) note(format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fake) Create(o libcontainer.CreateOptions) error { return f.note("create %+v", o) }
func (f *fake) Run(o libcontainer.CreateOptions) (int, error) {
	return f.exit, f.note("run %+v", o)
}
func (f *fake) Exec(o libcontainer.ExecOptions) (int, error) {
	return f.exit, f.note("exec %s %q", o.ID, o.Process.Args)
}
func (f *fake) ExecProcess(id string) (*specs.Process, error) {
	return &specs.Process{Cwd: "/", Env: []string{"A=b"}}, f.err
}
func (f *fake) Start(id string) error { return f.note("start %s", id) }
func (f *fake) State(id string) (*libcontainer.StateDoc, error) {
	return &f.state, f.note("state %s", id)
}
func (f *fake) List() ([]libcontainer.StateDoc, error) { return f.list, f.note("list") }
func (f *fake) Kill(id string, sig syscall.Signal, all bool) error {
	return f.note("kill %s %d %v", id, int(sig), all)
}
func (f *fake) Delete(id string, force bool) error { return f.note("delete %s %v", id, force) }
func (f *fake) Pause(id string) error              { return f.note("pause %s", id) }
func (f *fake) Resume(id string) error             { return f.note("resume %s", id) }
func (f *fake) Processes(id string) ([]int, error) {
	return []int{1, 23}, f.note("ps %s", id)
}
func (f *fake) Update(id string, r *specs.LinuxResources) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return f.note("update %s %s", id, text)
}
func (f *fake) Features() *features.Features {
	f.calls = append(f.calls, "features")
	return &features.Features{OCIVersionMin: "1.0.0"}
}
func (f *fake) Explain(w io.Writer, o libcontainer.CreateOptions) error {
	if _, err := io.WriteString(w, "program\n"); err != nil {
		return err
	}
	return f.note("explain %+v", o)
}

// result is what a call of wrun leaves behind.
type result struct {
	code           int
	stdout, stderr string
}

// newProgram returns a program that calls f and writes to files.
func newProgram(t testing.TB, f *fake, args ...string) *program {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) *os.File {
		out, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { out.Close() })
		return out
	}
	return &program{
		args:    append([]string{"/usr/bin/wrun"}, args...),
		version: "1.2.3",
		commit:  "abc",
		stdout:  file("stdout"),
		stderr:  file("stderr"),
		open: func(r *libcontainer.Runtime) containers {
			f.rt = *r
			return f
		},
	}
}

func (p *program) output(t testing.TB) (stdout, stderr string) {
	t.Helper()
	for _, f := range []struct {
		file *os.File
		text *string
	}{{p.stdout, &stdout}, {p.stderr, &stderr}} {
		data, err := os.ReadFile(f.file.Name())
		if err != nil {
			t.Fatal(err)
		}
		*f.text = string(data)
	}
	return stdout, stderr
}

func call(t testing.TB, f *fake, args ...string) result {
	t.Helper()
	p := newProgram(t, f, args...)
	code := p.main()
	stdout, stderr := p.output(t)
	return result{code, stdout, stderr}
}

var errFake = errors.New("mounts[3] /dev/shm: fsconfig(mode=1777): invalid argument")
