package spec

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// testdata/default.golden is what runc 1.5.2 writes, with this project's hostname.
func TestDefaultJSON(t *testing.T) {
	want, err := os.ReadFile("testdata/default.golden")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DefaultJSON(true)
	if err != nil || string(got) != string(want) {
		t.Errorf("%v, got:\n%s", err, got)
	}
}

func TestDefaultIsGood(t *testing.T) {
	for _, cgroupNS := range []bool{false, true} {
		s := Default(cgroupNS)
		if w, err := Validate(s); err != nil || len(w) > 0 {
			t.Errorf("Validate: %q, %v", w, err)
		}
		if err := Unsupported(s); err != nil {
			t.Error(err)
		}
		if has(s, specs.CgroupNamespace) != cgroupNS {
			t.Errorf("cgroup namespace, want %v", cgroupNS)
		}
		raw, err := DefaultJSON(cgroupNS)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(raw, "c.json"); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("written and read again: %v", err)
		}
	}
	// The sets are three lists: an edit of one is not an edit of all.
	c := Default(false).Process.Capabilities
	c.Bounding[0] = "x"
	if c.Effective[0] == "x" || c.Permitted[0] == "x" {
		t.Error("capability sets share memory")
	}
}

func TestStateJSON(t *testing.T) {
	for _, s := range []specs.State{
		{Version: specs.Version, ID: "c1", Status: specs.StateCreated, Pid: 7, Bundle: "/b", Annotations: map[string]string{"k": "v", "a": "<\u2028\xff>"}},
		{Version: specs.Version, ID: "c1", Status: specs.StateStopped, Bundle: "/b\"\n"},
		{Version: specs.Version, Annotations: map[string]string{}},
	} {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := StateJSON(s.ID, s.Status, s.Pid, s.Bundle, s.Annotations)
		if err != nil || string(got) != string(want) {
			t.Errorf("got %s %v, want %s", got, err, want)
		}
	}
}
