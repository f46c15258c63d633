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
		if err := Unsupported(s, Host{SELinux: on, AppArmor: on}); err != nil {
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
	got, err := StateJSON("c1", specs.StateCreated, 7, "/b", map[string]string{"k": "v"})
	const want = `{"ociVersion":"1.3.0","id":"c1","status":"created","pid":7,"bundle":"/b","annotations":{"k":"v"}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	var s specs.State
	if got, err = StateJSON("c1", specs.StateStopped, 0, "/b", nil); err != nil || json.Unmarshal(got, &s) != nil || s.Pid != 0 || s.Status != specs.StateStopped {
		t.Errorf("got %s, %v", got, err)
	}
}
