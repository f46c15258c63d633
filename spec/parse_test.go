package spec

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "c.json:1:1: unexpected end of JSON input"},
		{"cut", "{\n \"root\": {\n  \"path\": \"roo", "c.json:3:15: root.path: unexpected end of JSON input"},
		{"comma", "{\n \"mounts\": [\n  {\"type\": \"proc\"},\n  {\"type\": \"tmpfs\",}\n ]\n}", "c.json:4:20: mounts[1].type: invalid character '}' looking for beginning of object key string"},
		{"garbage", "{} x", "c.json:1:4: invalid character 'x' after top-level value"},
		{"two values", "{}\n{}", "c.json:2:1: invalid character '{' after top-level value"},
		{"bom", "\ufeff{}", "c.json:1:1: starts with a UTF-8 byte order mark"},
		{"null", " null\n", "c.json: null, want an object"},
		{"array", "[]", "c.json:1:1: array, want an object"},
		{"string for number", "{\"process\": {\n  \"user\": {\"uid\": \"root\"}}}", "c.json:2:19: process.user.uid: string, want an integer from 0 to 4294967295"},
		{"negative", `{"process": {"user": {"gid": -1}}}`, "c.json:1:30: process.user.gid: number -1, want an integer from 0 to 4294967295"},
		{"fraction", `{"process":{"rlimits":[{"type":"RLIMIT_CPU"},{"soft":1.5}]}}`, "process.rlimits[1].soft: number 1.5, want an integer from 0 to"},
		{"beyond float64", `{"process":{"rlimits":[{"soft":1e999}, {"hard":"x"}]}}`, "process.rlimits[0].soft: number 1e999, want an integer"},
		{"array in string", `{"mounts":[{},{},{"options":["ro",["rw"]]}]}`, "c.json:1:35: mounts[2].options[1]: array, want a string"},
		{"string for array", `{"process":{"args":"sh"}}`, "c.json:1:20: process.args: string, want an array"},
		{"number for object", `{"linux":{"resources": 7}}`, "linux.resources: number, want an object"},
		{"string for bool", `{"process":{"terminal":"yes"}}`, "process.terminal: string, want true or false"},
		{"map value", `{"annotations":{"a":"b","io.x/y z":3}}`, `c.json:1:36: annotations["io.x/y z"]: number, want a string`},
		{"evil key", "{\"annotations\":{\"a\\nb\":3}}", `annotations["a\nb"]: number, want a string`},
		{"pointer", `{"linux":{"resources":{"memory":{"limit":"1G"}}}}`, "linux.resources.memory.limit: string, want an integer"},
		{"columns are characters", `{"hostname":"äöü","domainname":1}`, "c.json:1:32: domainname: number, want a string"},
		{"missing colon", `{"root" 1}`, "c.json:1:9: root: invalid character '1' after object key"},
		{"missing comma", `{"mounts":[1 2]}`, "c.json:1:14: mounts[0]: invalid character '2' after array element"},
		{"deep", strings.Repeat("[", 1<<20), "c.json:1:10001: [0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: invalid character '[' exceeded max depth"},
		{"long key", `{"` + strings.Repeat("k", 1<<20) + `":tru}`, strings.Repeat("k", 128) + `…"]: invalid character '}' in literal true (expecting 'e')`},
		{"first of two", `{"hostname":1,"domainname":2}`, "hostname: number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text), "c.json")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Parse(%.80q):\n got %v\nwant %s", c.text, err, c.want)
			}
			if strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestParseIgnores(t *testing.T) {
	s, err := Parse([]byte(`{
		"ociVersion": "1.0.0", "OCIversion": "1.1.0", "nobody": {"knows": [1, {"this": null}]},
		"hostname": "a", "hostname": "b",
		"windows": "not even an object", "solaris": {"milestone": 3}, "vm": [], "zos": null, "freebsd": 1,
		"root": {"path": "r", "colour": "red"}}`), "c.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.Version != "1.1.0" || s.Hostname != "b" || s.Root.Path != "r" {
		t.Errorf("got %q %q %v", s.Version, s.Hostname, s.Root)
	}
	if s.Windows != nil || s.Solaris != nil || s.VM != nil || s.ZOS != nil || s.FreeBSD != nil {
		t.Error("a section of another platform was kept")
	}
}

func TestSemver(t *testing.T) {
	for v, want := range map[string]int{
		"1.0.0": 1, "1.0.2-dev": 1, "1.3.0": 1, "1.99.7": 1, "1.0.0-rc5": 1, "1.1.0-rc.1+build.5": 1, "1.0.0+a-b": 1,
		"0.1.0": 0, "2.0.0": 2, "10.0.0-x": 10,
		"": -1, "1": -1, "1.0": -1, "1.0.0.0": -1, "1.0.": -1, "v1.0.0": -1, "1.0.0-": -1, "1.0.0+": -1, "1.0.0-a..b": -1,
		"01.0.0": -1, "1.-1.0": -1, "1.0.0 ": -1, "1.0.x": -1, "99999999999.0.0": -1, "1.0.0-ä": -1,
	} {
		got, ok := semver(v)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("semver(%q) = %d, %v; want %d", v, got, ok, want)
		}
	}
}

// The shadow must leave every section of this platform alone.
func TestDocumentShadowsOnlyOthers(t *testing.T) {
	shadow := reflect.TypeFor[document]()
	for i := 1; i < shadow.NumField(); i++ {
		f, ok := shadow.Field(0).Type.Elem().FieldByName(shadow.Field(i).Name)
		if !ok || strings.Contains(f.Tag.Get("platform"), "linux") || f.Tag.Get("platform") == "" {
			t.Errorf("%s: not a section of another platform only: %q", shadow.Field(i).Name, f.Tag)
		}
	}
}
