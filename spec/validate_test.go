package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// rule is one change of the default config, and what Validate must say to it.
type rule struct {
	name   string
	change func(*specs.Spec)
	err    string // how the error begins; "" when there must be none
	warns  string // how the only warning begins; "" when there must be none
}

func check(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := Default(true)
			r.change(s)
			warns, err := Validate(s)
			switch {
			case r.err == "" && err != nil:
				t.Errorf("refused: %v", err)
			case r.err != "" && (err == nil || !strings.HasPrefix(err.Error(), r.err)):
				t.Errorf("got error %v, want %s…", err, r.err)
			case err != nil && strings.ContainsAny(err.Error(), "\n\x00"):
				t.Errorf("more than one line: %q", err)
			}
			if r.err != "" {
				return
			}
			if all := strings.Join(warns, "\n"); r.warns == "" && all != "" || r.warns != "" && (len(warns) != 1 || !strings.HasPrefix(all, r.warns)) {
				t.Errorf("got warnings %q, want %q", warns, r.warns)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestVersion(t *testing.T) {
	v := func(v string) func(*specs.Spec) { return func(s *specs.Spec) { s.Version = v } }
	check(t, []rule{
		{"youki", v("1.0.2-dev"), "", ""},
		{"newer minor", v("1.99.0"), "", ""},
		{"missing", v(""), "", "ociVersion: missing"},
		{"older major", v("0.5.0"), "", `ociVersion: "0.5.0" is from before 1.0`},
		{"newer major", v("2.0.0"), `ociVersion: "2.0.0" is newer than 1.3.0`, ""},
		{"newer major's candidate", v("2.0.0-rc1"), `ociVersion: "2.0.0-rc1" is newer`, ""},
		{"no version", v("latest"), `ociVersion: "latest" is not a version`, ""},
	})
}

func TestRoot(t *testing.T) {
	check(t, []rule{
		{"missing", func(s *specs.Spec) { s.Root = nil }, "root: missing", ""},
		{"empty", func(s *specs.Spec) { s.Root.Path = "" }, "root.path: is empty", ""},
		{"nul", func(s *specs.Spec) { s.Root.Path = "a\x00b" }, `root.path: "a\x00b" holds a NUL byte`, ""},
		{"absolute", func(s *specs.Spec) { s.Root.Path = "/var/lib/x" }, "", ""},
		{"bundle itself", func(s *specs.Spec) { s.Root.Path = "." }, "", ""},
		{"beside the bundle", func(s *specs.Spec) { s.Root.Path = "../rootfs" }, "", ""},
	})
}

func TestProcess(t *testing.T) {
	p := func(change func(*specs.Process)) func(*specs.Spec) { return func(s *specs.Spec) { change(s.Process) } }
	check(t, []rule{
		{"none", func(s *specs.Spec) { s.Process = nil }, "", ""},
		{"no args", p(func(p *specs.Process) { p.Args = nil }), "process.args: is empty", ""},
		{"args nul", p(func(p *specs.Process) { p.Args = []string{"a", "b\x00"} }), "process.args[1]: ", ""},
		{"args any bytes", p(func(p *specs.Process) { p.Args = []string{"a", "", "\n\xff"} }), "", ""},
		{"no cwd", p(func(p *specs.Process) { p.Cwd = "" }), `process.cwd: "" is empty`, ""},
		{"relative cwd", p(func(p *specs.Process) { p.Cwd = "tmp" }), `process.cwd: "tmp" is not an absolute path`, ""},
		{"escaping cwd", p(func(p *specs.Process) { p.Cwd = "/a/../../b" }), `process.cwd: "/a/../../b" climbs out of the root`, ""},
		{"cwd nul", p(func(p *specs.Process) { p.Cwd = "/a\x00" }), `process.cwd: "/a\x00" holds a NUL byte`, ""},
		{"cwd with dots", p(func(p *specs.Process) { p.Cwd = "/a/.././b/..x/" }), "", ""},

		{"env without =", p(func(p *specs.Process) { p.Env = []string{"A=1", "hunter2"} }), `process.env[1]: has no "="`, ""},
		{"env without a name", p(func(p *specs.Process) { p.Env = []string{"=hunter2"} }), "process.env[0]: has no name", ""},
		{"env nul", p(func(p *specs.Process) { p.Env = []string{"A=hunter\x002"} }), `process.env[0]: "A" holds a NUL byte`, ""},
		{"env odd", p(func(p *specs.Process) { p.Env = []string{"A=", "A=b=c", "A=\n", "a b=c"} }), "", ""},

		{"uid", p(func(p *specs.Process) { p.User.UID = noID }), "process.user.uid: 4294967295 is no user's id", ""},
		{"gid", p(func(p *specs.Process) { p.User.GID = noID }), "process.user.gid: 4294967295 is no group's id", ""},
		{"groups", p(func(p *specs.Process) { p.User.AdditionalGids = []uint32{1, noID} }), "process.user.additionalGids[1]: ", ""},
		{"many groups", p(func(p *specs.Process) { p.User.AdditionalGids = make([]uint32, 65537) }), "process.user.additionalGids: 65537 groups", ""},
		{"largest ids", p(func(p *specs.Process) {
			p.User = specs.User{UID: noID - 1, GID: noID - 1, AdditionalGids: make([]uint32, 65536), Umask: ptr(uint32(0o777))}
		}), "", ""},
		{"umask", p(func(p *specs.Process) { p.User.Umask = ptr(uint32(0o1000)) }), "process.user.umask: 512 (octal 1000)", ""},

		{"rlimit unknown", p(func(p *specs.Process) { p.Rlimits = []specs.POSIXRlimit{{Type: "NOFILE"}} }), `process.rlimits[0].type: "NOFILE" is not`, ""},
		{"rlimit twice", p(func(p *specs.Process) {
			p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_AS"}, {Type: "RLIMIT_CPU"}, {Type: "RLIMIT_AS"}}
		}), "process.rlimits[2].type: RLIMIT_AS is there twice", ""},
		{"rlimit soft above hard", p(func(p *specs.Process) {
			p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_CORE", Soft: 2, Hard: 1}}
		}), "process.rlimits[0]: RLIMIT_CORE: soft 2 is above hard 1", ""},
		{"rlimit infinity", p(func(p *specs.Process) {
			p.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_RTTIME", Soft: 1<<64 - 1, Hard: 1<<64 - 1}, {Type: "RLIMIT_CPU"}}
		}), "", ""},

		{"console", p(func(p *specs.Process) { p.ConsoleSize = &specs.Box{Height: 65536} }), "process.consoleSize: 65536x0", ""},
		{"console without terminal", p(func(p *specs.Process) { p.Terminal, p.ConsoleSize = false, &specs.Box{Width: 1 << 40} }), "", ""},
		{"console zero", p(func(p *specs.Process) { p.ConsoleSize = &specs.Box{} }), "", ""},
		{"oom low", p(func(p *specs.Process) { p.OOMScoreAdj = ptr(-1001) }), "process.oomScoreAdj: -1001", ""},
		{"oom high", p(func(p *specs.Process) { p.OOMScoreAdj = ptr(1001) }), "process.oomScoreAdj: 1001", ""},
		{"oom", p(func(p *specs.Process) { p.OOMScoreAdj = ptr(-1000) }), "", ""},
	})
}

func TestCapabilities(t *testing.T) {
	c := func(c specs.LinuxCapabilities) func(*specs.Spec) {
		return func(s *specs.Spec) { s.Process.Capabilities = &c }
	}
	chown, kill := []string{"CAP_CHOWN"}, []string{"CAP_KILL"}
	check(t, []rule{
		{"none", func(s *specs.Spec) { s.Process.Capabilities = nil }, "", ""},
		{"empty", c(specs.LinuxCapabilities{}), "", ""},
		{"unknown once", c(specs.LinuxCapabilities{Bounding: []string{"CAP_EAT", "CAP_EAT"}, Permitted: []string{"CAP_EAT"}}), "", `process.capabilities: "CAP_EAT" is unknown`},
		{"lower case", c(specs.LinuxCapabilities{Bounding: []string{"cap_chown"}}), "", `process.capabilities: "cap_chown" is unknown`},
		{"effective", c(specs.LinuxCapabilities{Effective: []string{"CAP_KILL", "CAP_CHOWN"}, Permitted: kill}), "", "process.capabilities.effective: not in permitted, ignored: CAP_CHOWN"},
		{"ambient", c(specs.LinuxCapabilities{Ambient: kill, Permitted: kill}), "", "process.capabilities.ambient: not in both permitted and inheritable, ignored: CAP_KILL"},
		{"ambient raised", c(specs.LinuxCapabilities{Ambient: kill, Permitted: kill, Inheritable: kill, Effective: kill}), "", ""},
		{"bounding only", c(specs.LinuxCapabilities{Bounding: chown}), "", ""},
	})
	if w, err := Validate(&specs.Spec{Version: "1.0.0", Root: &specs.Root{Path: "r"}, Process: &specs.Process{Args: []string{"a"}, Cwd: "/",
		Capabilities: &specs.LinuxCapabilities{Bounding: strings.Fields(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J ", 100))}}}); len(w) != 32 || err != nil {
		t.Errorf("%d warnings, %v; want 32", len(w), err)
	}
	names := CapabilityNames()
	for i, want := range map[int]string{0: "CAP_CHOWN", 7: "CAP_SETUID", 12: "CAP_NET_ADMIN", 21: "CAP_SYS_ADMIN", 31: "CAP_SETFCAP", 34: "CAP_SYSLOG", 40: "CAP_CHECKPOINT_RESTORE"} {
		if got, ok := Capability(want); !ok || got != i || names[i] != want {
			t.Errorf("Capability(%s) = %d, %v; want %d; its name is %s", want, got, ok, i, names[i])
		}
	}
	if len(names) != 41 {
		t.Errorf("%d names", len(names))
	}
	if n, ok := Rlimit("RLIMIT_NOFILE"); n != 7 || !ok {
		t.Errorf("RLIMIT_NOFILE = %d, %v", n, ok)
	}
}

func TestMounts(t *testing.T) {
	m := func(m specs.Mount) func(*specs.Spec) { return func(s *specs.Spec) { s.Mounts[2] = m } }
	check(t, []rule{
		{"none", func(s *specs.Spec) { s.Mounts = nil }, "", ""},
		{"no destination", m(specs.Mount{Type: "tmpfs"}), "mounts[2].destination: is empty", ""},
		{"relative", m(specs.Mount{Destination: "tmp/x", Type: "tmpfs"}), "", `mounts[2].destination: "tmp/x" is relative, read as "/tmp/x"`},
		{"escaping", m(specs.Mount{Destination: "/../etc", Type: "tmpfs"}), `mounts[2].destination: "/../etc" climbs out of the root`, ""},
		{"relative escaping", m(specs.Mount{Destination: "x/../../etc", Type: "tmpfs"}), `mounts[2].destination: "x/../../etc" climbs out`, ""},
		{"dots inside", m(specs.Mount{Destination: "/a/../b//./c/..", Type: "tmpfs"}), "", ""},
		{"destination nul", m(specs.Mount{Destination: "/a\x00b", Type: "tmpfs"}), "mounts[2].destination: ", ""},
		{"type nul", m(specs.Mount{Destination: "/a", Type: "tmp\x00fs"}), "mounts[2].type: ", ""},
		{"source nul", m(specs.Mount{Destination: "/a", Type: "tmpfs", Source: "\x00"}), "mounts[2].source: ", ""},
		{"option nul", m(specs.Mount{Destination: "/a", Type: "tmpfs", Options: []string{"ro", "mode=\x00"}}), "mounts[2].options[1]: ", ""},
		{"no type", m(specs.Mount{Destination: "/a", Source: "x", Options: []string{"ro"}}), "mounts[2].type: is empty", ""},
		{"bind without source", m(specs.Mount{Destination: "/a", Type: "none", Options: []string{"rbind"}}), "mounts[2].source: is empty", ""},
		{"bind", m(specs.Mount{Destination: "/a", Source: "data", Options: []string{"bind"}}), "", ""},
		{"remount", m(specs.Mount{Destination: "/a", Options: []string{"remount", "bind", "ro"}}), "", ""},
	})
}

func TestHooks(t *testing.T) {
	h := func(h specs.Hook) func(*specs.Spec) {
		return func(s *specs.Spec) { s.Hooks = &specs.Hooks{Poststop: []specs.Hook{{Path: "/bin/true"}, h}} }
	}
	rules := []rule{
		{"empty", func(s *specs.Spec) { s.Hooks = &specs.Hooks{} }, "", ""},
		{"good", h(specs.Hook{Path: "/h", Args: []string{"h", ""}, Env: []string{"A=1", "odd"}, Timeout: ptr(1)}), "", ""},
		{"no path", h(specs.Hook{}), `hooks.poststop[1].path: "" is empty`, ""},
		{"relative", h(specs.Hook{Path: "bin/h"}), `hooks.poststop[1].path: "bin/h" is not an absolute path`, ""},
		{"timeout 0", h(specs.Hook{Path: "/h", Timeout: ptr(0)}), "hooks.poststop[1].timeout: 0 seconds", ""},
		{"timeout negative", h(specs.Hook{Path: "/h", Timeout: ptr(-5)}), "hooks.poststop[1].timeout: -5 seconds", ""},
		{"timeout overflow", h(specs.Hook{Path: "/h", Timeout: ptr(1 << 40)}), "hooks.poststop[1].timeout: 1099511627776 seconds", ""},
		{"args nul", h(specs.Hook{Path: "/h", Args: []string{"\x00"}}), "hooks.poststop[1].args[0]: ", ""},
		{"env nul", h(specs.Hook{Path: "/h", Env: []string{"A=\x00"}}), `hooks.poststop[1].env[0]: "A" holds`, ""},
	}
	for name, list := range map[string]func(*specs.Hooks) *[]specs.Hook{
		"prestart":        func(h *specs.Hooks) *[]specs.Hook { return &h.Prestart }, //nolint:staticcheck // docker uses it
		"createRuntime":   func(h *specs.Hooks) *[]specs.Hook { return &h.CreateRuntime },
		"createContainer": func(h *specs.Hooks) *[]specs.Hook { return &h.CreateContainer },
		"startContainer":  func(h *specs.Hooks) *[]specs.Hook { return &h.StartContainer },
		"poststart":       func(h *specs.Hooks) *[]specs.Hook { return &h.Poststart },
	} {
		rules = append(rules, rule{name, func(s *specs.Spec) {
			s.Hooks = new(specs.Hooks)
			*list(s.Hooks) = []specs.Hook{{Path: "x"}}
		}, "hooks." + name + "[0].path: ", ""})
	}
	check(t, rules)
}

func TestNames(t *testing.T) {
	without := func(t specs.LinuxNamespaceType) func(*specs.Spec) {
		return func(s *specs.Spec) { drop(s, t) }
	}
	check(t, []rule{
		{"empty annotation", func(s *specs.Spec) { s.Annotations = map[string]string{"": "x"} }, "annotations: a key is empty", ""},
		{"annotations", func(s *specs.Spec) { s.Annotations = map[string]string{"a": "", "org.opencontainers.x": "y"} }, "", ""},
		{"hostname of the host", without(specs.UTSNamespace), `hostname: "wrun" needs a uts namespace`, ""},
		{"domainname of the host", func(s *specs.Spec) {
			without(specs.UTSNamespace)(s)
			s.Hostname, s.Domainname = "", "d"
		}, `domainname: "d" needs a uts namespace`, ""},
		{"no linux at all", func(s *specs.Spec) { s.Linux = nil }, `hostname: "wrun" needs a uts namespace`, ""},
		{"neither", func(s *specs.Spec) { s.Linux, s.Hostname = nil, "" }, "", ""},
		{"joined uts", func(s *specs.Spec) { s.Linux.Namespaces[3].Path = "/proc/1/ns/uts" }, "", ""},
		{"64 bytes", func(s *specs.Spec) { s.Hostname = strings.Repeat("h", 64) }, "", ""},
		{"65 bytes", func(s *specs.Spec) { s.Domainname = strings.Repeat("h", 65) }, "domainname: ", ""},
		{"hostname nul", func(s *specs.Spec) { s.Hostname = "a\x00" }, `hostname: "a\x00" holds a NUL byte`, ""},
	})
}

// drop takes a namespace away from a config.
func drop(s *specs.Spec, t specs.LinuxNamespaceType) {
	i := namespace(s.Linux, t)
	s.Linux.Namespaces = append(s.Linux.Namespaces[:i:i], s.Linux.Namespaces[i+1:]...)
}

// Configs of the shapes that clients write. The docker one is what the
// start-up budget is measured with.
func TestClientsConfigsAreValid(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse(raw, f)
			if err != nil {
				t.Fatal(err)
			}
			warns, err := Validate(s)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if filepath.Base(f) == "guide-config.json" { // it asks for ambient capabilities that are not inheritable
				want = 1
			}
			if len(warns) != want {
				t.Errorf("warnings: %q", warns)
			}
		})
	}
}
