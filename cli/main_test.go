package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	libcontainer "wrun/libcontainer-lite"
	"wrun/state"
)

// optionsOf prints the options of create and run as the fake notes them.
func optionsOf(o libcontainer.CreateOptions) string { return fmt.Sprintf("%+v", o) }

func TestCommandLines(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	plain := libcontainer.CreateOptions{ID: "c1", Bundle: dir}
	full := libcontainer.CreateOptions{
		ID: "c1", Bundle: "/b", ConsoleSocket: "/tmp/s", PidfdSocket: filepath.Join(dir, "f"), PidFile: filepath.Join(dir, "p"),
		NoPivot: true, NoNewKeyring: true, PreserveFDs: 2,
	}
	ran := full
	ran.Detach, ran.Keep, ran.NoSubreaper = true, true, true
	relative := plain
	relative.Bundle = filepath.Join(dir, "b")
	const every = "--bundle /b --console-socket /tmp/s --pidfd-socket f --pid-file p --no-pivot --no-new-keyring --preserve-fds 2"
	for _, tt := range []struct {
		args, want string // want: the call, or the error
	}{
		{"create c1", "create " + optionsOf(plain)},
		{"create -b b c1", "create " + optionsOf(relative)},
		{"create --bundle=b/ c1", "create " + optionsOf(relative)},
		{"create " + every + " c1", "create " + optionsOf(full)},
		{"run " + every + " -d --keep --no-subreaper c1", "run " + optionsOf(ran)},
		{"run c1", "run " + optionsOf(plain)},
		{"start c1", "start c1"},
		{"state c1", "state c1"},
		{"state help", "state help"},
		{"state h", "state h"},
		{"kill c1", "kill c1 15 false"},
		{"kill c1 9", "kill c1 9 false"},
		{"kill c1 SIGKILL", "kill c1 9 false"},
		{"kill --all c1 9", "kill c1 9 true"},
		{"kill -a c1 KILL", "kill c1 9 true"},
		{"delete c1", "delete c1 false"},
		{"delete --force c1", "delete c1 true"},
		{"delete -f c1", "delete c1 true"},
		{"list", "list"},
		{"features", "features"},
		{"explain", "explain " + optionsOf(libcontainer.CreateOptions{Bundle: dir})},
		{"explain -b /b", "explain " + optionsOf(libcontainer.CreateOptions{Bundle: "/b"})},
		{"explain c1", "explain " + optionsOf(libcontainer.CreateOptions{ID: "c1"})},
		{"--debug --root /r --log-format json --rootless auto start c1", "start c1"},

		{"create", `error: wrun: "create" requires exactly 1 argument(s): see "wrun create --help"`},
		{"start a b", `error: wrun: "start" requires exactly 1 argument(s): see "wrun start --help"`},
		{"kill", `error: wrun: "kill" requires a minimum of 1 argument(s): see "wrun kill --help"`},
		{"kill a b c", `error: wrun: "kill" requires a maximum of 2 argument(s): see "wrun kill --help"`},
		{"list a", `error: wrun: "list" requires exactly 0 argument(s): see "wrun list --help"`},
		{"kill c1 FOO", `error: wrun kill c1: unknown signal "FOO"`},
		{"kill c1 -9", `error: wrun kill c1: unknown signal "-9": numbers go from 0 to 64`},
		{"create --frob c1", `error: wrun create: flag provided but not defined: -frob: see "wrun create --help"`},
		{"create -b /b --bundle /c c1", `error: wrun create: Cannot use two forms of the same flag: b bundle: see "wrun create --help"`},
		{"create --preserve-fds x c1", `error: wrun create: invalid value "x" for flag -preserve-fds: parse error: see "wrun create --help"`},
		{"create --preserve-fds -1 c1", `error: wrun create c1: --preserve-fds: -1 is negative`},
		{"--frob state c1", `error: flag provided but not defined: -frob: see "wrun --help"`},
		{"frob", `error: No help topic for 'frob': see "wrun --help" for the commands`},
		{"--log-format xml state c1", `error: --log-format: "xml" is not known, only text and json are`},
		{"--log /nowhere/log state c1", `error: --log: open /nowhere/log: no such file or directory`},
		{"--rootless maybe state c1", `error: --rootless: "maybe" is not known, only true, false and auto are`},
		{"--root / state c1", `error: --root: / cannot be the folder of the containers' state`},
		{"list -f xml", `error: wrun list: invalid format option: "xml" is neither table nor json`},
		{"explain -b /b c1", `error: wrun explain c1: --bundle: not together with a container, whose config is known`},
		{"spec --rootless", `error: wrun spec: --rootless: this version writes the config for root only`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args := strings.Fields(tt.args)
			f := new(fake)
			p := newProgram(t, f, args...)
			if got := outcome(f, p.run()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			// The way through urfave/cli comes to the same.
			f = new(fake)
			p = newProgram(t, f, args...)
			if got := outcome(f, p.app().Run(p.args)); got != tt.want {
				t.Errorf("by App.Run: got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func outcome(f *fake, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.Join(f.calls, "; ")
}

func TestSystemdCgroupIsRefused(t *testing.T) {
	for _, cmd := range []string{"create", "run"} {
		got := call(t, new(fake), "--systemd-cgroup", cmd, "c1")
		if got.code != 1 || !strings.Contains(got.stderr, "--systemd-cgroup: this version") || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: %+v", cmd, got)
		}
	}
	// containerd passes the flag to every command.
	if got := call(t, new(fake), "--systemd-cgroup", "delete", "--force", "c1"); got.code != 0 {
		t.Errorf("delete: %+v", got)
	}
}

func TestRuntimeSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	f := new(fake)
	if got := call(t, f, "--root", "r/../s", "start", "c1"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if f.rt.Root != filepath.Join(cwd, "s") || f.rt.Argv0 != "/usr/bin/wrun" || f.rt.Version != "1.2.3" || f.rt.Log == nil {
		t.Errorf("%+v", f.rt)
	}
}

func TestDefaultRoot(t *testing.T) {
	for _, tt := range []struct {
		xdg, user string
		euid      int
		userNS    bool
		want      string
	}{
		{"", "", 0, false, "/run/wrun"},
		{"/run/user/0", "root", 0, false, "/run/wrun"},
		{"/run/user/0", "", 0, false, "/run/wrun"},
		{"/run/user/1000", "anna", 0, true, "/run/user/1000/wrun"},
		{"/run/user/0", "root", 0, true, "/run/wrun"},
		{"/run/user/1000", "anna", 1000, false, "/run/user/1000/wrun"},
		{"", "anna", 1000, false, "/run/wrun"},
		{"relative", "anna", 1000, false, "/run/wrun"},
	} {
		env := func(name string) string {
			return map[string]string{"XDG_RUNTIME_DIR": tt.xdg, "USER": tt.user}[name]
		}
		if got := defaultRoot(env, tt.euid, func() bool { return tt.userNS }); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		f    *fake
		args string
		want int
	}{
		{&fake{exit: 143}, "run c1", 143},
		{&fake{exit: 0}, "run c1", 0},
		{&fake{exit: 7, err: errFake}, "run c1", 1},
		{&fake{err: errFake}, "create c1", 1},
		{&fake{}, "create", 1},
		{&fake{}, "create --frob", 1},
		{&fake{}, "frob", 3},
		{&fake{}, "help frob", 3},
		{&fake{}, "frob --help", 3},
		{&fake{}, "", 0},
		{&fake{}, "--help", 0},
		{&fake{}, "create --help", 0},
		{&fake{}, "--version", 0},
		{&fake{err: state.ErrNotExist}, "delete --force c1", 0},
		{&fake{err: state.ErrNotExist}, "delete c1", 1},
		{&fake{err: state.ErrInvalidID}, "delete --force c1", 1},
	} {
		if got := call(t, tt.f, strings.Fields(tt.args)...); got.code != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.args, got.code, tt.want, got.stderr)
		}
	}
}

// Engines take the last line of level error of the log, people look at stderr.
func TestErrorIsReported(t *testing.T) {
	const msg = "wrun create c1: mounts[3] /dev/shm: fsconfig(mode=1777): invalid argument"
	got := call(t, &fake{err: errFake}, "create", "c1")
	if !strings.HasPrefix(got.stderr, `time="`) || !strings.HasSuffix(got.stderr, ` level=error msg="`+msg+"\"\n") {
		t.Errorf("text on stderr: %q", got.stderr)
	}
	for _, format := range []string{"text", "json"} {
		log := filepath.Join(t.TempDir(), "log")
		got = call(t, &fake{err: errFake}, "--log", log, "--log-format", format, "create", "c1")
		if got.stderr != msg+"\n" {
			t.Errorf("%s: stderr %q", format, got.stderr)
		}
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if format == "text" {
			if !strings.HasSuffix(string(data), ` level=error msg="`+msg+"\"\n") {
				t.Errorf("text: %s", data)
			}
			continue
		}
		var line struct {
			Level, Msg string
			Time       time.Time
		}
		if err := json.Unmarshal(data, &line); err != nil || line.Level != "error" || line.Msg != msg || time.Since(line.Time) > time.Hour {
			t.Errorf("json: %s%v", data, err)
		}
		if st, err := os.Stat(log); err != nil || st.Mode().Perm()&^0o644 != 0 {
			t.Errorf("%v, %v", st.Mode(), err)
		}
	}
	// The log is appended to, and usage errors reach it, too.
	log := filepath.Join(t.TempDir(), "log")
	call(t, &fake{err: errFake}, "--log", log, "create", "c1")
	call(t, &fake{}, "--log", log, "create", "--frob")
	call(t, &fake{}, "--log", log, "frob")
	data, err := os.ReadFile(log)
	if err != nil || strings.Count(string(data), "level=error") != 3 {
		t.Errorf("%s%v", data, err)
	}
	// It need not be a good place.
	got = call(t, &fake{err: errFake}, "--log", "/dev/full", "create", "c1")
	if want := msg + "\nwrun: --log: write /dev/full: no space left on device\n"; got.code != 1 || got.stderr != want {
		t.Errorf("full disk: %+v", got)
	}
}

func TestStdoutIsChecked(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range []string{"state c1", "list", "features", "explain -b /", "--version"} {
		p := newProgram(t, &fake{}, strings.Fields(args)...)
		written := p.stdout
		p.stdout = full
		code := p.main()
		p.stdout = written
		if _, stderr := p.output(t); code != 1 || !strings.Contains(stderr, "no space left on device") {
			t.Errorf("%s: %d %s", args, code, stderr)
		}
	}
}

func TestStateOutput(t *testing.T) {
	const want = `{
  "ociVersion": "1.3.0",
  "id": "c1",
  "pid": 4711,
  "status": "running",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-07-31T12:00:00.000005Z",
  "annotations": {
    "k": "v"
  },
  "owner": ""
}
`
	doc := libcontainer.StateDoc{
		OCIVersion: "1.3.0", ID: "c1", Pid: 4711, Status: "running", Bundle: "/b", Rootfs: "/b/rootfs",
		Created: time.Date(2026, 7, 31, 12, 0, 0, 5000, time.UTC), Annotations: map[string]string{"k": "v"},
	}
	if got := call(t, &fake{state: doc}, "state", "c1"); got.code != 0 || got.stdout != want || got.stderr != "" {
		t.Errorf("%+v", got)
	}
}

func TestListOutput(t *testing.T) {
	created := time.Date(2026, 7, 31, 12, 0, 0, 5000, time.UTC)
	docs := []libcontainer.StateDoc{
		{ID: "zz", Pid: 0, Status: "stopped", Bundle: "/b", Created: created, Owner: "root"},
		{ID: "a-rather-long-name", Pid: 4194304, Status: "running", Bundle: "/bündel", Created: created, Owner: "#1000"},
	}
	const wantTable = "" +
		"ID                   PID         STATUS      BUNDLE      CREATED                       OWNER\n" +
		"a-rather-long-name   4194304     running     /bündel     2026-07-31T12:00:00.000005Z   #1000\n" +
		"zz                   0           stopped     /b          2026-07-31T12:00:00.000005Z   root\n"
	if got := call(t, &fake{list: docs}, "list"); got.stdout != wantTable {
		t.Errorf("got\n%swant\n%s", got.stdout, wantTable)
	}
	if got := call(t, &fake{list: docs}, "list", "-q", "--format", "json"); got.stdout != "a-rather-long-name\nzz\n" {
		t.Errorf("%+v", got)
	}
	got := call(t, &fake{list: docs}, "list", "--format", "json")
	var back []libcontainer.StateDoc
	if err := json.Unmarshal([]byte(got.stdout), &back); err != nil || len(back) != 2 || back[1].ID != "zz" || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("%s%v", got.stdout, err)
	}
	if got := call(t, &fake{}, "list", "--format", "json"); got.stdout != "[]\n" {
		t.Errorf("%+v", got)
	}
}

func TestListWithoutRoot(t *testing.T) {
	missing := &fake{err: &fs.PathError{Op: "open", Path: "/run/wrun", Err: fs.ErrNotExist}}
	if got := call(t, missing, "list"); got.code != 0 || got.stdout != "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n" {
		t.Errorf("default root: %+v", got)
	}
	if got := call(t, missing, "--root", "/run/wrun", "list"); got.code != 1 || !strings.Contains(got.stderr, "open /run/wrun: file does not exist") {
		t.Errorf("explicit root: %+v", got)
	}
	if got := call(t, &fake{err: fs.ErrPermission}, "list"); got.code != 1 {
		t.Errorf("other error: %+v", got)
	}
}

func TestSpec(t *testing.T) {
	dir := t.TempDir()
	if got := call(t, new(fake), "spec", "-b", dir); got.code != 0 || got.stdout+got.stderr != "" {
		t.Fatalf("%+v", got)
	}
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil || !json.Valid(data) || !strings.HasSuffix(string(data), "}\n") {
		t.Fatalf("%s%v", data, err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := call(t, new(fake), "spec", "-b", dir); got.code != 1 || !strings.Contains(got.stderr, "File config.json exists. Remove it first") {
		t.Errorf("%+v", got)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
		t.Errorf("%s%v", data, err)
	}
	if got := call(t, new(fake), "spec", "-b", filepath.Join(dir, "missing")); got.code != 1 || !strings.Contains(got.stderr, "no such file or directory") {
		t.Errorf("%+v", got)
	}
}

// dockerd takes the last line that has the word version in it.
func TestVersionOutput(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"-v"}, {"--version", "create"}, {"--debug", "-v"}} {
		got := call(t, new(fake), args...)
		lines := strings.Split(got.stdout, "\n")
		if got.code != 0 || got.stderr != "" || len(lines) != 6 {
			t.Fatalf("%v: %+v", args, got)
		}
		if lines[0] != "wrun version 1.2.3" || lines[1] != "commit: abc" || lines[2] != "spec: 1.3.0" ||
			!strings.HasPrefix(lines[3], "go: go1.") || !strings.Contains(lines[4], "+WASM:wazero") {
			t.Errorf("%v: %s", args, got.stdout)
		}
		if strings.Count(strings.ToLower(got.stdout), "version") != 1 {
			t.Errorf("%v: more than one line with the word: %s", args, got.stdout)
		}
	}
	// The linker was told nothing.
	p := newProgram(t, new(fake), "--version")
	p.version, p.commit = "", ""
	if code := p.main(); code != 0 {
		t.Error(code)
	}
	stdout, _ := p.output(t)
	if strings.Contains(stdout, "version \n") || strings.Contains(stdout, "commit: \n") {
		t.Errorf("%s", stdout)
	}
}

func TestHelp(t *testing.T) {
	top := call(t, new(fake), "--help")
	for _, name := range commandNames() {
		p := newProgram(t, new(fake))
		cmd := p.command(name)
		if cmd == nil || cmd.Name != name {
			t.Fatalf("%s: %v", name, cmd)
		}
		if !strings.Contains(top.stdout, "   "+name+" ") || !strings.Contains(top.stdout, cmd.Usage) {
			t.Errorf("%s is not in the help", name)
		}
		got := call(t, new(fake), name, "--help")
		if !strings.Contains(got.stdout, "EXAMPLE:") || !strings.Contains(got.stdout, "wrun "+name) || !strings.Contains(got.stdout, cmd.Usage) {
			t.Errorf("%s --help: %s", name, got.stdout)
		}
		if by := call(t, new(fake), "help", name); by.stdout != got.stdout {
			t.Errorf("help %s differs from %s --help", name, name)
		}
		if by := call(t, new(fake), name, "-h"); by.stdout != got.stdout || by.code != 0 {
			t.Errorf("%s -h differs from %s --help", name, name)
		}
	}
	if none := call(t, new(fake)); none.stdout != top.stdout {
		t.Error("wrun alone does not print the help")
	}
	if strings.Contains(top.stdout, "--all") || strings.Contains(call(t, new(fake), "kill", "--help").stdout, "--all") {
		t.Error("the obsolete --all is shown")
	}
}

// Every flag is of a kind that the direct way parses.
func TestDirectKnowsAllFlags(t *testing.T) {
	p := newProgram(t, new(fake))
	if _, err := parse(globalFlags(), nil); err != nil {
		t.Error(err)
	}
	for _, name := range commandNames() {
		if _, err := parse(p.command(name).Flags, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is typed, the direct way and urfave/cli's agree.
func FuzzDirect(f *testing.F) {
	for _, s := range []string{
		"create --bundle /b c1", "run -d=false --keep=1 c1", "kill -a -- c1 9", "-- state c1", "state -- --help", "list -q -f json",
		"--debug=x state c1", "--root= list", "create -b", "--log", "state - c1", "state --version", "help", "-h create", "delete -f -force c1",
		"run --preserve-fds 0x10 c1", "create -b /b --bundle /c c1", "list --quiet=maybe", "=", "-", "--", "---", "state c1 extra",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		for _, a := range args {
			if strings.Contains(a, "log") || strings.Contains(a, "spec") {
				t.Skip("writes files")
			}
		}
		way := func(run func(*program) error) string {
			f := new(fake)
			p := newProgram(t, f, args...)
			got := outcome(f, run(p))
			stdout, stderr := p.output(t)
			return got + stdout + stderr
		}
		direct := way((*program).run)
		if app := way(func(p *program) error { return p.app().Run(p.args) }); app != direct {
			t.Errorf("%q:\n%s\n-- by App.Run:\n%s", args, direct, app)
		}
	})
}
