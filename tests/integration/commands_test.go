package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wrun/tests/bundle"
)

// commands are what scripts have beside testscript's own commands.
//
//	bundle DIR [ARG...]         make a bundle (default process: true)
//	config DIR PATH JSON        edit its config.json; see bundle.Config.Set
//	config -d DIR PATH          take something out
//	configfile DIR PATH FILE    the same with the JSON in a file
//	rt [-exit N] [-i FILE] [-o NAME] COMMAND...
//	                            run the runtime. create and run write the
//	                            container's streams to the files NAME and
//	                            NAME.err (default out, out.err); when rt returns,
//	                            stdout and stderr hold what is in them so far
//	status ID WANT              the container's status is WANT
//	setstate ID FIELD VAR       $VAR = a field of its state document
//	waitstatus ID WANT          poll until it is
//	waitgrep PATTERN FILE       poll until the file has such a line
//	waitgone PID                poll until there is no such process
//	terminal, expect, send …    see terminal_test.go
func commands(rt *runtime) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"bundle":     rt.cmdBundle,
		"config":     cmdConfig,
		"configfile": cmdConfigFile,
		"rt":         rt.cmdRt,
		"status":     rt.cmdStatus,
		"setstate":   rt.cmdSetState,
		"waitstatus": rt.cmdWaitStatus,
		"waitgrep":   cmdWaitGrep,
		"waitgone":   cmdWaitGone,
		"cgfile":     rt.cmdCgfile,
		"killcreate": rt.cmdKillCreate,
		"terminal":   cmdTerminal,
		"expect":     cmdExpect,
		"send":       cmdSend,
		"resize":     cmdResize,
		"finish":     cmdFinish,
	}
}

// patience is how long a script waits for what must happen soon. The emulated
// guest of tests/vm is slow.
const patience = 60 * time.Second

// limit ends a runtime that hangs. In the emulated guest the engine takes half
// a minute to compile a Go program.
const limit = 90 * time.Second

func (rt *runtime) command(root string, args ...string) *exec.Cmd {
	return exec.Command(rt.path, append([]string{"--root", root}, args...)...)
}

func (rt *runtime) cmdBundle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: bundle DIR [ARG...]")
	}
	ts.Check(bundle.Make(ts.MkAbs(args[0]), rt.path, args[1:]...))
}

func cmdConfig(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: config DIR PATH JSON or config -d DIR PATH")
	}
	remove := args[0] == "-d"
	if remove {
		args = args[1:]
	}
	c, err := bundle.Open(filepath.Join(ts.MkAbs(args[0]), "config.json"))
	ts.Check(err)
	if remove {
		ts.Check(c.Delete(args[1]))
	} else {
		ts.Check(c.SetJSON(args[1], args[2]))
	}
	ts.Check(c.Save())
}

func cmdConfigFile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: configfile DIR PATH FILE")
	}
	cmdConfig(ts, neg, []string{args[0], args[1], ts.ReadFile(args[2])})
}

func (rt *runtime) cmdRt(ts *testscript.TestScript, neg bool, args []string) {
	want, in, out := 0, os.DevNull, "out"
	for len(args) > 1 && strings.HasPrefix(args[0], "-") && !strings.HasPrefix(args[0], "--") {
		switch args[0] {
		case "-exit":
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			want = n
		case "-i":
			in = ts.MkAbs(args[1])
		case "-o":
			out = args[1]
		default:
			ts.Fatalf("rt: unknown flag %s", args[0])
		}
		args = args[2:]
	}
	stdout, stderr := rt.streams(ts, out, args)
	code, err := rt.run(ts, in, stdout, stderr, args)
	ts.Check(err)
	for _, f := range []struct {
		path string
		to   interface{ Write([]byte) (int, error) }
	}{{stdout, ts.Stdout()}, {stderr, ts.Stderr()}} {
		text, err := os.ReadFile(f.path)
		ts.Check(err)
		_, err = f.to.Write(text)
		ts.Check(err)
	}
	switch {
	case neg && code == 0:
		ts.Fatalf("rt %s: unexpected success", strings.Join(args, " "))
	case !neg && code != want:
		ts.Fatalf("rt %s: exit status %d, want %d", strings.Join(args, " "), code, want)
	}
}

// streams names the files of stdout and stderr. create and run get new ones,
// which stay with the container; the others' are the runtime's alone.
func (rt *runtime) streams(ts *testscript.TestScript, out string, args []string) (stdout, stderr string) {
	path := ts.MkAbs(".rt")
	for _, a := range args {
		if a == "create" || a == "run" {
			path = ts.MkAbs(out)
			break
		}
	}
	for _, p := range []string{path, path + ".err"} {
		if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
			ts.Check(err)
		}
	}
	return path, path + ".err"
}

// run returns the runtime's exit status; a signal counts as 128+n.
func (rt *runtime) run(ts *testscript.TestScript, in, out, errs string, args []string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, rt.path, append([]string{"--root", ts.Getenv("ROOT")}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	// What scripts set with env, testscript passes to exec only.
	cmd.Env = scriptEnv(ts)
	for _, f := range []struct {
		path string
		flag int
		to   func(*os.File)
	}{
		{in, os.O_RDONLY, func(f *os.File) { cmd.Stdin = f }},
		{out, os.O_WRONLY | os.O_CREATE | os.O_APPEND, func(f *os.File) { cmd.Stdout = f }},
		{errs, os.O_WRONLY | os.O_CREATE | os.O_APPEND, func(f *os.File) { cmd.Stderr = f }},
	} {
		file, err := os.OpenFile(f.path, f.flag, 0o644)
		if err != nil {
			return 0, err
		}
		defer file.Close()
		f.to(file)
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, fmt.Errorf("rt %s: still running after %v", strings.Join(args, " "), limit)
	}
	return exitStatus(err)
}

func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "ID", "ROOT", "RUNTIME", "UNSHARE", "XDG_RUNTIME_DIR", "LISTEN_FDS"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if n := exit.ExitCode(); n >= 0 {
		return n, nil
	}
	return 0, err
}

// state returns the container's state document.
func (rt *runtime) state(ts *testscript.TestScript, id string) (map[string]any, error) {
	out, err := rt.command(ts.Getenv("ROOT"), "state", id).Output()
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", id, err)
	}
	var doc map[string]any
	return doc, json.Unmarshal(out, &doc)
}

func (rt *runtime) cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: status ID WANT")
	}
	doc, err := rt.state(ts, args[0])
	ts.Check(err)
	if (doc["status"] == args[1]) == neg {
		ts.Fatalf("status of %s: %v", args[0], doc["status"])
	}
}

func (rt *runtime) cmdWaitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitstatus ID WANT")
	}
	var have any
	wait(ts, func() bool {
		doc, err := rt.state(ts, args[0])
		ts.Check(err)
		have = doc["status"]
		return have == args[1]
	}, func() string { return fmt.Sprintf("status of %s is %v", args[0], have) })
}

func (rt *runtime) cmdSetState(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: setstate ID FIELD VAR")
	}
	doc, err := rt.state(ts, args[0])
	ts.Check(err)
	switch v := doc[args[1]].(type) {
	case string:
		ts.Setenv(args[2], v)
	case float64:
		ts.Setenv(args[2], strconv.FormatFloat(v, 'f', -1, 64))
	default:
		ts.Fatalf("state of %s: %s is %v", args[0], args[1], v)
	}
}
