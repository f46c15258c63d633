package spec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// FuzzParse: no text makes Parse, Validate or Unsupported panic, errors are one
// line, and a config that Validate lets through keeps the promises that the rest
// of the runtime builds on.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, s := range []string{
		"", "null", "{}", "[1e999]", "\ufeff{}", `{"a":[{"b":`, `{"process":{"user":{"uid":-1}}}`, `{"annotations":{"":1}}`,
		`{"ociVersion":"1.0.0","root":{"path":"r"},"mounts":[{"destination":"a/../b","type":"x"}]}`,
		`{"ociVersion":"2.0.0-rc.1+b"}`,
		`{"root":{"path":"r"},"linux":{"sysctl":{"net/ipv4/../x":"1"},"resources":{"unified":{"a.b":"1"},"hugepageLimits":[{"pageSize":"1GB"}]}}}`,
		`{"root":{"path":"r"},"linux":{"namespaces":[{"type":"user"}],"uidMappings":[{}],"gidMappings":[{}],"devices":[{"path":"/a","type":"p"}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Parse(raw, "config.json")
		oneLine(t, err)
		if err != nil {
			return
		}
		warns, err := Validate(s)
		oneLine(t, err)
		for _, w := range warns {
			if strings.ContainsRune(w, '\n') {
				t.Errorf("warning of more than one line: %q", w)
			}
		}
		oneLine(t, Unsupported(s))
		if err == nil {
			promises(t, s)
			again(t, s)
		}
	})
}

func oneLine(t *testing.T, err error) {
	if err != nil && strings.ContainsAny(err.Error(), "\n\x00") {
		t.Errorf("error of more than one line: %q", err)
	}
}

func promises(t *testing.T, s *specs.Spec) {
	if s.Root == nil || s.Root.Path == "" {
		t.Error("no root")
	}
	if p := s.Process; p != nil {
		if len(p.Args) == 0 || !strings.HasPrefix(p.Cwd, "/") || p.User.UID == noID || p.User.GID == noID {
			t.Errorf("process: %v", p)
		}
		for _, e := range p.Env {
			if strings.IndexByte(e, '=') < 1 {
				t.Errorf("env %q", e)
			}
		}
		for _, r := range p.Rlimits {
			if r.Soft > r.Hard {
				t.Errorf("rlimit %v", r)
			}
		}
	}
	for _, m := range s.Mounts {
		inside(t, "/"+m.Destination)
	}
	if s.Linux == nil {
		if s.Hostname != "" || s.Domainname != "" {
			t.Error("the host's own name would change")
		}
		return
	}
	seen := map[specs.LinuxNamespaceType]bool{}
	for _, n := range s.Linux.Namespaces {
		if seen[n.Type] || n.Path != "" && n.Path[0] != '/' {
			t.Errorf("namespace %v", n)
		}
		seen[n.Type] = true
	}
	for _, p := range append(s.Linux.MaskedPaths, s.Linux.ReadonlyPaths...) {
		inside(t, p)
	}
	for _, d := range s.Linux.Devices {
		inside(t, d.Path)
	}
	for _, part := range strings.Split(s.Linux.CgroupsPath, "/") {
		if part == ".." {
			t.Errorf("cgroupsPath %q", s.Linux.CgroupsPath)
		}
	}
	if r := s.Linux.Resources; r != nil {
		for k := range r.Unified {
			if strings.Contains(k, "/") || !strings.Contains(k, ".") {
				t.Errorf("unified %q", k)
			}
		}
		for _, h := range r.HugepageLimits {
			if strings.ContainsAny(h.Pagesize, "./") {
				t.Errorf("pageSize %q", h.Pagesize)
			}
		}
	}
}

// inside checks a path of the container in another way than climbs does: below
// a marker, cleaning it as text must not take the marker away.
func inside(t *testing.T, p string) {
	if !strings.HasPrefix(p, "/") || strings.ContainsRune(p, 0) || !strings.HasPrefix(filepath.Join("/root-of-it", p)+"/", "/root-of-it/") {
		t.Errorf("path %q", p)
	}
}

// again: a valid config stays valid when it is written and read, as the copy in
// the state directory is.
func again(t *testing.T, s *specs.Spec) {
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(raw, "config.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Validate(back); err != nil {
		t.Errorf("valid, but not once written and read: %v\n%s", err, raw)
	}
}
