// Package cli is wrun's command line: runc's commands, flags, exit codes and
// output, one file per command.
package cli

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

// Main runs the command line args, args[0] being the name wrun was called by,
// and returns the exit code: the process's own for run, else 0 or 1. version and
// commit are the linker's, empty if it was not told.
func Main(args []string, version, commit string) int {
	if len(args) == 0 {
		args = []string{"wrun"} // execve(2) before Linux 5.18 allows no argv at all
	}
	p := &program{
		args:    args,
		version: version,
		commit:  commit,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		open:    func(r *libcontainer.Runtime) containers { return r },
	}
	return p.main()
}

// containers is what the commands call: libcontainer.Runtime.
type containers interface {
	Create(libcontainer.CreateOptions) error
	Run(libcontainer.CreateOptions) (exit int, err error)
	Start(id string) error
	Exec(libcontainer.ExecOptions) (exit int, err error)
	ExecProcess(id string) (*specs.Process, error)
	State(id string) (*libcontainer.StateDoc, error)
	List() ([]libcontainer.StateDoc, error)
	Kill(id string, sig syscall.Signal, all bool) error
	Delete(id string, force bool) error
	Pause(id string) error
	Resume(id string) error
	Processes(id string) ([]int, error)
	Update(id string, r *specs.LinuxResources) error
	Features() *features.Features
	Explain(w io.Writer, o libcontainer.CreateOptions) error
}

// program is one call of wrun.
type program struct {
	args            []string
	version, commit string
	stdout, stderr  *os.File
	open            func(*libcontainer.Runtime) containers

	global globals
	log    *libcontainer.Log
	rt     containers
	exit   int // what run gives
}

// errHandled ends a command whose work is done, as after --version.
var errHandled = errors.New("handled")

func (p *program) main() int {
	err := p.run()
	var coded cli.ExitCoder
	switch {
	case err == nil:
		return p.exit
	case errors.Is(err, errHandled):
		return 0
	case errors.As(err, &coded):
		p.fail(err)
		return coded.ExitCode()
	default:
		p.fail(err)
		return 1
	}
}

// run runs the command: directly if the command line is a plain one, else
// through urfave/cli, which knows how to help and to complain.
func (p *program) run() error {
	if done, err := p.direct(); done {
		return err
	}
	return p.app().Run(p.args)
}

// fail reports why the command failed: in the log, where engines look for the
// last line of level error, and on stderr too when that is another place.
func (p *program) fail(err error) {
	if p.log == nil {
		// Not even the log could be opened.
		p.log = libcontainer.NewLog(p.stderr, p.stderrFormat(), false)
	}
	msg := err.Error()
	if !strings.HasPrefix(msg, "wrun") {
		msg = "wrun: " + msg
	}
	p.log.Errorf("%s", msg)
	if p.global.logPath == "" {
		return
	}
	person := libcontainer.NewLog(p.stderr, libcontainer.LogPlain, false)
	person.Errorf("%s", msg)
	if err := p.log.Err(); err != nil {
		person.Errorf("wrun: --log: %v", err)
	}
}

// write writes a command's result to stdout, where a full disk or a reader that
// has gone is a failure.
func (p *program) write(data []byte) error {
	_, err := p.stdout.Write(data)
	return err
}
