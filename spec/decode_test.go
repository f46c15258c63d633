package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// same decodes raw both ways and compares. taken says whether decode did it.
func same(t *testing.T, raw []byte) (taken bool) {
	t.Helper()
	got, ok := decode(raw)
	if !ok {
		return false
	}
	want, err := unmarshal(raw, "config.json")
	if err != nil {
		t.Errorf("decode takes what encoding/json does not: %v\n%s", err, raw)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("decode: %s\nencoding/json: %s\nof %s", show(got), show(want), raw)
	}
	return true
}

// show tells nil from empty.
func show(s *specs.Spec) string {
	return fmt.Sprintf("%#v process %#v linux %#v", s, s.Process, s.Linux)
}

func taken(t *testing.T, name string, raw []byte) {
	t.Helper()
	if !same(t, raw) {
		t.Errorf("%s: decode leaves it to encoding/json", name)
	}
}

// What clients write must not become slow.
func TestDecodeTakesClients(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		taken(t, name, raw)
		var dense bytes.Buffer
		if err := json.Compact(&dense, raw); err != nil {
			t.Fatal(err)
		}
		taken(t, name+" without blanks", dense.Bytes())
	}
	for _, cgroupNS := range []bool{false, true} {
		raw, err := DefaultJSON(cgroupNS)
		if err != nil {
			t.Fatal(err)
		}
		taken(t, "the default", raw)
	}
}

// A field that a newer runtime-spec adds needs its case.
func TestDecodeTakesEveryField(t *testing.T) {
	for _, full := range []bool{true, false} {
		taken(t, fmt.Sprintf("every field, full %v", full), encode(t, sample(reflect.TypeFor[specs.Spec](), full)))
	}
}

// Whatever one value is replaced by, decode leaves it or is right about it.
func TestDecodeSame(t *testing.T) {
	top := sample(reflect.TypeFor[specs.Spec](), true)
	mutants := []any{
		nil, true, "x", 0, -1, 1.5, 1 << 16, 1 << 32, json.Number("1e2"), json.Number("18446744073709551616"),
		json.Number("9223372036854775808"), []any{}, []any{nil}, []any{1}, []any{"x"}, map[string]any{}, map[string]any{"x": 1}, map[string]any{"x": "y"},
	}
	n := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, element := range v {
				walk(element)
			}
		case map[string]any:
			for key, value := range v {
				for _, v[key] = range mutants {
					same(t, encode(t, top))
					n++
				}
				delete(v, key)
				for _, other := range []string{strings.ToUpper(key), key + "x", "x"} {
					v[other] = value
					same(t, encode(t, top))
					delete(v, other)
				}
				v[key] = value
				walk(value)
			}
		}
	}
	walk(top)
	if n < 200*len(mutants) {
		t.Errorf("only %d documents", n)
	}
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sample makes a JSON value of type typ: with everything in it, or of nothing
// but zeros and empty arrays.
func sample(typ reflect.Type, full bool) any {
	switch typ.Kind() {
	case reflect.Pointer:
		return sample(typ.Elem(), full)
	case reflect.Struct:
		object := map[string]any{}
		for _, field := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !foreign(field) {
				object[name] = sample(field.Type, full)
			}
		}
		return object
	case reflect.Slice:
		if !full {
			return []any{}
		}
		return []any{sample(typ.Elem(), true), sample(typ.Elem(), false)}
	case reflect.Map:
		if !full {
			return map[string]any{}
		}
		return map[string]any{"": sample(typ.Elem(), false), "<k&\u2028\n>": sample(typ.Elem(), true)}
	case reflect.Bool:
		return full
	case reflect.String:
		if !full {
			return ""
		}
		return "ä\"\\\x00<"
	}
	switch {
	case !full:
		return 0
	case typ.Kind() >= reflect.Uint:
		return uint64(math.MaxUint64) >> (64 - typ.Bits())
	default:
		return int64(math.MinInt64) >> (64 - typ.Bits())
	}
}

// foreign tells the sections of other platforms.
func foreign(field reflect.StructField) bool {
	platform := field.Tag.Get("platform")
	return field.Type.Kind() == reflect.Pointer && platform != "" && !strings.Contains(platform, "linux")
}

// FuzzParseSame: what decode takes, it reads as encoding/json does.
func FuzzParseSame(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if json.Valid(raw) {
			f.Add(raw)
		}
	}
	for _, full := range []bool{true, false} {
		f.Add(encode(f, sample(reflect.TypeFor[specs.Spec](), full)))
	}
	for _, s := range []string{
		"", "null", "[]", "{}", " {} ", "\ufeff{}", "{}{}", `{"linux":null}`, `{"Linux":{}}`, `{"windows":{"layerFolders":null}}`,
		`{"linux":{},"LINUX":null}`, `{"linux":null,"root":null,"mounts":null,"windows":null,"mounts":null}`,
		`{"linux":{"resources":{}},"linux":{"devices":[]}}`, `{"mounts":[{"options":["ro"]}],"mounts":[{}]}`,
		`{"annotations":{"a":"b","a":"c"}}`, `{"linux":{"rdma":{"a":{"hcaHandles":1},"a":{}}}}`, `{"linux":{"rdma":{"a":{"hcaHandles":1},"A":null}}}`,
		`{"process":{"user":{"umask":18},"args":[],"env":null}}`, "{\"hostname\":\"\xff\"}", `{"hostname":"\ud800"}`, `{"process":{"oomScoreAdj":-0,"rlimits":[{"soft":-0}]}}`,
		`{"process":{"oomScoreAdj":1e2}}`, `{"linux":{"blockIO":{"weight":65536}}}`, `{"\u0072oot":{"path":"\u002f"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { same(t, raw) })
}
