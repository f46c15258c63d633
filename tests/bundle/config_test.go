package bundle

import (
	"encoding/json"
	"testing"
)

func TestEdit(t *testing.T) {
	const doc = `{"a":{"n":9007199254740993},"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]}]}`
	for _, tt := range []struct{ name, op, path, value, want string }{
		{"replace", "set", "a.n", `1`, `{"a":{"n":1},"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]}]}`},
		{"make", "set", "b.c", `[]`, `{"a":{"n":9007199254740993},"b":{"c":[]},"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]}]}`},
		{"append", "set", "mounts.+", `{"destination":"/x"}`, `{"a":{"n":9007199254740993},"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]},{"destination":"/x"}]}`},
		{"by name", "set", "mounts.@/dev.options.0", `"rw"`, `{"a":{"n":9007199254740993},"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["rw"]}]}`},
		{"null stays", "set", "a", `null`, `{"a":null,"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]}]}`},
		{"delete element", "del", "mounts.@/proc", ``, `{"a":{"n":9007199254740993},"mounts":[{"destination":"/dev","options":["ro"]}]}`},
		{"delete key", "del", "a", ``, `{"mounts":[{"destination":"/proc"},{"destination":"/dev","options":["ro"]}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := decode([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			c := &Config{doc: d}
			if tt.op == "set" {
				err = c.SetJSON(tt.path, tt.value)
			} else {
				err = c.Delete(tt.path)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(c.doc)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	d, err := decode([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"mounts.@/nowhere.type", "mounts.7", "a.n.x"} {
		if err := (&Config{doc: d}).SetJSON(path, `1`); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}
