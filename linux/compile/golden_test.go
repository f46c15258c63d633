package compile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/tools/txtar"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden compiles each testdata/*.txtar and compares the printed program
// with the one in the file. A file holds:
//
//	config.json   the config; its absence means options has config=
//	options       key=value lines, see golden.option
//	program       what the parent must know, and the program as `wrun explain` prints it
//	error         instead of a program: the error line
//
// Each program must also pass the abstract run of checker.
func TestGolden(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(goldenName(path), func(t *testing.T) {
			g := readGolden(t, path)
			got, failed := g.compile(t)
			if *update {
				g.write(t, got, failed)
				return
			}
			file := "program"
			if failed {
				file = "error"
			}
			want, ok := g.file(file)
			if !ok {
				t.Fatalf("%s has no %s; got:\n%s", g.path, file, got)
			}
			if d := firstDifference(want, got); d != "" {
				t.Errorf("%s: %s\n`make golden` rewrites the files: read what changed", g.path, d)
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		line := func(l []string) string {
			if i < len(l) {
				return l[i]
			}
			return "(nothing)"
		}
		if line(w) != line(g) {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, line(w), line(g))
		}
	}
	return ""
}

// golden is one file of testdata.
type golden struct {
	name, path string
	archive    *txtar.Archive

	config []byte
	spec   *specs.Spec
	opt    compile.Options
	feats  kernel.Features
	exec   *compile.Join // compile an exec instead of the init
}

// goldens gives the paths of all files.
func goldens(t testing.TB) []string {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return paths
}

func goldenName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".txtar") }

func readGolden(t testing.TB, path string) *golden {
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{name: goldenName(path), path: path, archive: a}
	g.feats = kernel.Features{Major: 6, Minor: 18, LastCap: 40}
	g.opt = compile.Options{
		ID: "c1", Bundle: "/bundle", Rootfs: "/bundle/rootfs",
		EngineJob: "WRUN_ENGINE_JOB", EngineEnv: []string{"GODEBUG=containermaxprocs=0,updatemaxprocs=0"},
	}
	if c, ok := g.file("config.json"); ok {
		g.config = []byte(c)
	}
	opts, _ := g.file("options")
	for _, line := range strings.Split(opts, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		g.option(t, key, value)
	}
	g.load(t)
	return g
}

// option takes one line of options.
func (g *golden) option(t testing.TB, key, value string) {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s: options: %s=%s: %v", g.path, key, value, err)
		}
		return n
	}
	switch key {
	case "config": // a file of spec/testdata
		b, err := os.ReadFile(filepath.Join("../../spec/testdata", value))
		if err != nil {
			t.Fatal(err)
		}
		g.config = b
	case "drop": // fields of the config that this version refuses
		g.drop(t, strings.Fields(value))
	case "kernel": // 6.18 unless given
		major, minor, _ := strings.Cut(value, ".")
		g.feats.Major, g.feats.Minor = number(major), number(minor)
	case "lastcap":
		g.feats.LastCap = number(value)
	case "cgroup":
		g.cgroup(t, value)
	case "preserve-fds":
		g.opt.PreserveFDs = number(value)
	case "no-pivot": // the host's mounts of proc and sysfs
		g.opt.NoPivot, g.opt.HostProc = true, strings.Fields(value)
	case "root-mount":
		g.opt.RootMount = value
	case "selinux":
		g.opt.SELinux = true
	case "apparmor":
		g.opt.AppArmor = true
	case "seccomp": // a filter with that many instructions, all the same
		g.opt.Seccomp = &compile.Filter{Insns: bytes.Repeat([]byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f}, number(value)), Flags: 4}
	case "no-keyring":
		g.opt.NoKeyring = true
	case "ignored": // signal numbers
		for _, n := range strings.Fields(value) {
			g.opt.Ignored |= 1 << (number(n) - 1)
		}
	case "wasm":
		g.opt.Wasm = true
	case "exec": // the namespaces to enter, as setns(2) names them, and chroot
		g.exec = new(compile.Join)
		for _, w := range strings.Fields(value) {
			g.join(t, w)
		}
	default:
		t.Fatalf("%s: options: unknown key %q", g.path, key)
	}
}

func (g *golden) join(t testing.TB, word string) {
	switch word {
	case "CLONE_NEWNS":
		g.exec.Namespaces |= kernel.CLONE_NEWNS
	case "CLONE_NEWPID":
		g.exec.Namespaces |= kernel.CLONE_NEWPID
	case "CLONE_NEWUSER":
		g.exec.Namespaces |= kernel.CLONE_NEWUSER
	case "chroot":
		g.exec.Chroot = true
	default:
		t.Fatalf("%s: options: exec=%s", g.path, word)
	}
}

// cgroup sets up what the parent would say of a host.
func (g *golden) cgroup(t testing.TB, mode string) {
	c := &g.opt.Cgroup
	v1 := func(name string, links ...string) {
		dir := "/sys/fs/cgroup/" + name + "/c1"
		c.Join = append(c.Join, dir+"/tasks")
		c.Binds = append(c.Binds, compile.CgroupBind{Name: name, Source: dir, Symlinks: links})
	}
	switch mode {
	case "v2":
		c.V2 = true
		c.Binds = []compile.CgroupBind{{Source: "/sys/fs/cgroup/c1"}}
	case "v1", "hybrid": // on a hybrid host the clone puts it into the v2 hierarchy
		v1("cpu,cpuacct", "cpu", "cpuacct")
		v1("memory")
		v1("systemd")
	default:
		t.Fatalf("%s: options: cgroup=%s", g.path, mode)
	}
}

func (g *golden) drop(t testing.TB, fields []string) {
	var c map[string]any
	if err := json.Unmarshal(g.config, &c); err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		at, parts := c, strings.Split(f, ".")
		for _, p := range parts[:len(parts)-1] {
			at = at[p].(map[string]any)
		}
		last := parts[len(parts)-1]
		if _, ok := at[last]; !ok {
			t.Fatalf("%s: options: drop=%s: it is not in the config", g.path, f)
		}
		delete(at, last)
	}
	var err error
	if g.config, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
}

// load parses the config. What package spec refuses never reaches the
// compiler, so a golden file cannot hold it.
func (g *golden) load(t testing.TB) {
	var err error
	if g.spec, err = spec.Parse(g.config, "config.json"); err != nil {
		t.Fatalf("%s: %v", g.path, err)
	}
	if _, err = spec.Validate(g.spec); err == nil {
		err = spec.Unsupported(g.spec)
	}
	if err != nil {
		t.Fatalf("%s: %v", g.path, err)
	}
}

func (g *golden) file(name string) (string, bool) {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

func (g *golden) compile(t testing.TB) (text string, failed bool) {
	c, err := g.program()
	if err != nil {
		return err.Error() + "\n", true
	}
	for _, fault := range check(c) {
		t.Errorf("%s: %s", g.path, fault)
	}
	return describe(t, c), false
}

func (g *golden) program() (*compile.Compiled, error) {
	if g.exec != nil {
		return compile.CompileExec(g.spec, &g.opt, *g.exec, g.feats)
	}
	return compile.Compile(g.spec, &g.opt, g.feats)
}

func (g *golden) write(t testing.TB, got string, failed bool) {
	var kept []txtar.File
	for _, f := range g.archive.Files {
		if f.Name != "program" && f.Name != "error" {
			kept = append(kept, f)
		}
	}
	name := "program"
	if failed {
		name = "error"
	}
	g.archive.Files = append(kept, txtar.File{Name: name, Data: []byte(got)})
	if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// describe prints what Compile gives: what the parent must know first.
func describe(t testing.TB, c *compile.Compiled) string {
	var b bytes.Buffer
	switch {
	case c.Stub:
		fmt.Fprintln(&b, "start: a stub")
	case c.Clone == kernel.CLONE_NEWPID:
		fmt.Fprintln(&b, "start: clone(CLONE_NEWPID)")
	case c.Clone == 0:
		fmt.Fprintln(&b, "start: clone()")
	default:
		t.Errorf("Clone is %#x", c.Clone)
	}
	for _, f := range c.Files {
		fmt.Fprintf(&b, "fd %d: %s\n", f.FD, fileText(f))
	}
	if c.ModuleFD >= 0 {
		fmt.Fprintf(&b, "fd %d: the module, for the engine\n", c.ModuleFD)
	}
	for i, m := range c.Modules {
		fmt.Fprintf(&b, "module %d: %s", i, m.Path)
		if m.Split {
			b.WriteString(" (without #func)")
		}
		b.WriteByte('\n')
	}
	for i, x := range c.Barriers {
		fmt.Fprintf(&b, "barrier %d: %s\n", i, barrierText(x))
	}
	if c.UserNS {
		fmt.Fprintln(&b, "the parent sets the resource limits")
	}
	if c.Home {
		fmt.Fprintln(&b, "the last answer carries HOME")
	}
	b.WriteByte('\n')
	if err := c.Prog.Print(&b); err != nil {
		t.Error(err)
	}
	return b.String()
}

func fileText(f compile.File) string {
	switch f.Kind {
	case compile.FileSync:
		return "sync socket"
	case compile.FileFIFO:
		return "exec FIFO"
	case compile.FileNamespace:
		return f.Path + ", " + f.Field
	case compile.FilePidfd:
		return "pidfd of the container's init"
	case compile.FileRoot:
		return "the container's root, " + f.Field
	case compile.FileEngine:
		return "engine"
	case compile.FileJob:
		return "engine's job"
	}
	return "?"
}

func barrierText(x compile.Barrier) string {
	kind := "?"
	switch x.Kind {
	case compile.BarrierTarget:
		kind = "make target " + x.Path
	case compile.BarrierHooks:
		kind = "run hooks"
	case compile.BarrierIDMaps:
		kind = "write the id maps"
	case compile.BarrierRoot:
		kind = "attach and send the root " + x.Path
	case compile.BarrierTree:
		kind = "send a copy of the mount at " + x.Path
		if x.Recursive {
			kind += " and all below"
		}
	case compile.BarrierConsole:
		kind = "take the console"
	case compile.BarrierCopyUp:
		kind = "copy a directory into the tmpfs over it"
	case compile.BarrierPasswd:
		kind = "look up HOME"
	case compile.BarrierModule:
		kind = "judge " + x.Path
	case compile.BarrierReady:
		kind = "ready"
	}
	if x.Field != "" {
		kind += ", " + x.Field
	}
	return kind
}
