package state

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() *Container {
	return &Container{
		Version: Version, OCIVersion: "1.3.0", ID: "c1", Phase: Created,
		Pid: 4711, StartTime: 123456, Bundle: "/b", Rootfs: "/b/rootfs",
		Created:     time.Date(2026, 7, 31, 12, 0, 0, 5000, time.UTC),
		Annotations: map[string]string{"a": "b"},
		CgroupPaths: map[string]string{"": "/sys/fs/cgroup/c1"},
		Wasm:        true,
		SharedPID:   true,
		Hooks:       true,
	}
}

// The file is read by other versions of wrun: what it looks like may grow, but
// not change.
func TestEncodeGolden(t *testing.T) {
	const want = `{"version":1,"ociVersion":"1.3.0","id":"c1","phase":"created","pid":4711,"startTime":123456,` +
		`"bundle":"/b","rootfs":"/b/rootfs","created":"2026-07-31T12:00:00.000005Z","annotations":{"a":"b"},` +
		`"cgroupPaths":{"":"/sys/fs/cgroup/c1"},"wasm":true,"sharedPid":true,"hooks":true}` + "\n"
	got, err := encode(sample())
	if err != nil || string(got) != want {
		t.Errorf("encode = %s%v, want %s", got, err, want)
	}
	if byJSON, err := json.Marshal(sample()); err != nil || string(byJSON)+"\n" != want {
		t.Errorf("encoding/json: %s%v", byJSON, err)
	}
	for i, v := 0, reflect.ValueOf(*sample()); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the sample leaves %s out", v.Type().Field(i).Name)
		}
	}
	if c, ok := scan([]byte(want)); !ok || !reflect.DeepEqual(c, sample()) {
		t.Errorf("scan = %+v, %v", c, ok)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		kind      error
		text      string
	}{
		{"empty", "", ErrCorrupt, "state.json: unexpected end of JSON input"},
		{"garbled", "\x00\x00", ErrCorrupt, "invalid character"},
		{"cut off", `{"version":1,"id":"c1"`, ErrCorrupt, "unexpected end"},
		{"not an object", `[]`, ErrCorrupt, "cannot unmarshal array"},
		{"null", `null`, ErrCorrupt, "version 0 is unknown"},
		{"two documents", `{"version":1,"id":"c1","phase":"created"}{}`, ErrCorrupt, "after top-level value"},
		{"no version", `{"id":"c1","phase":"created"}`, ErrCorrupt, "version 0 is unknown"},
		{"negative version", `{"version":-1,"id":"c1","phase":"created"}`, ErrCorrupt, "version -1"},
		{"another id", `{"version":1,"id":"c2","phase":"created"}`, ErrCorrupt, `id "c2", but the folder is that of "c1"`},
		{"unknown phase", `{"version":1,"id":"c1","phase":"gone"}`, ErrCorrupt, `phase "gone" is unknown`},
		{"everybody", `{"version":1,"id":"c1","phase":"created","pid":-1}`, ErrCorrupt, "pid -1"},
		{"the host's init", `{"version":1,"id":"c1","phase":"created","pid":1}`, ErrCorrupt, "pid 1 "},
		{"-1 in 32 bits", `{"version":1,"id":"c1","phase":"created","pid":4294967295}`, ErrCorrupt, "pid 4294967295"},
		{"newer", `{"version":2,"id":"c1"}`, ErrNewer, "state.json: version 2 was written by a newer wrun; this one reads version 1"},
		{"newer with other types", `{"version":3,"id":{"name":"c1"},"pid":"x"}`, ErrNewer, "version 3 was written by a newer wrun"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := decode([]byte(tt.raw), "c1")
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("decode = %v, %v; want %q", c, err, tt.text)
			}
		})
	}
}

// A field that a later wrun of the same version adds is ignored.
func TestDecodeIgnoresUnknownField(t *testing.T) {
	if _, err := decode([]byte(`{"version":1,"id":"c1","phase":"creating","colour":"blue"}`), "c1"); err != nil {
		t.Error(err)
	}
}

// JSON is JSON, however it is written. scan says whether encoding/json is spared.
func TestDecodeUnusual(t *testing.T) {
	for _, tt := range []struct {
		raw, want string
		scan      bool
	}{
		{"\n{ \"version\": 1,\t\"id\" :\"c1\", \"phase\": \"created\",\r\n \"bundle\": \"/b\" } ", "/b", true},
		{`{"bundle":"/b","phase":"created","id":"c1","version":1}`, "/b", true},
		{`{"version":1,"\u0069d":"c1","phase":"created","bundle":"/a\u003c\"\\ä"}`, `/a<"\ä`, true},
		{`{"version":1,"id":"c1","phase":"created","bundle":"/\ud83d\ude00"}`, "/😀", false},
		{"{\"version\":1,\"id\":\"c1\",\"phase\":\"created\",\"bundle\":\"/\xff\"}", "/\ufffd", false},
		{`{"VERSION":1,"id":"c1","phase":"created","bundle":"/b"}`, "/b", false},
		{`{"version":1,"id":"c1","phase":"created","bundle":"/a","bundle":"/b"}`, "/b", false},
		{`{"version":1,"id":"c1","phase":"created","bundle":null}`, "", true},
		{`{"version":1,"id":"c1","phase":"created","bundle":"/b","later":[{"x":1.5e3}]}`, "/b", false},
	} {
		if _, ok := scan([]byte(tt.raw)); ok != tt.scan {
			t.Errorf("scan(%s) = %v", tt.raw, ok)
		}
		if c, err := decode([]byte(tt.raw), "c1"); err != nil || c.Bundle != tt.want {
			t.Errorf("%s: %+v, %v", tt.raw, c, err)
		}
	}
	for _, raw := range []string{
		`{"version":01`, `{"version":1,}`, `{"version":1.0}`, `{"version":1}x`, `{"version":1`, `{"wasm":tru}`, `{"id":"a`, `{`, `{"version":}`,
		`{"created":"\u0032026-07-31T12:00:00Z"}`, `{"startTime":-1}`, `{"pid":9223372036854775808}`,
	} {
		if c, ok := scan([]byte(raw)); ok {
			t.Errorf("scan takes %s: %+v", raw, c)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"version":1,"id":"c1","phase":"creating"}`))
	f.Add([]byte(`{"version":2,"id":"c1"}`))
	f.Add([]byte(`{"version":1,"id":"c1","phase":"created","pid":-1,"startTime":18446744073709551615}`))
	f.Add([]byte(`{"version":1,"id":"c1","phase":"created","created":"2026-07-31T12:00:00+25:00"}`))
	f.Add([]byte("\n{ \"version\": 1, \"id\": \"c\\u0031\", \"phase\": \"created\", \"wasm\": false }\n"))
	f.Add([]byte("{\"version\":1,\"annotations\":{\"\\ud800\":\"\xff\"}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		slow, slowErr := unmarshal(raw)
		if fast, ok := scan(raw); ok && (slowErr != nil || !reflect.DeepEqual(fast, slow)) {
			t.Fatalf("scan: %+v\nencoding/json: %+v, %v", fast, slow, slowErr)
		}
		c, err := decode(raw, "c1")
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if slowErr != nil || !reflect.DeepEqual(slow, c) {
			t.Fatalf("encoding/json: %+v, %v; decode: %+v", slow, slowErr, c)
		}
		if c.Pid < 0 || c.Pid == 1 || c.Pid > maxPid || c.ID != "c1" || c.Version != Version {
			t.Fatalf("decode lets through %+v", c)
		}
		again, err := encode(c)
		if err != nil {
			t.Fatalf("what was decoded does not encode: %v", err)
		}
		if _, err := decode(again, "c1"); err != nil {
			t.Fatalf("what was encoded does not decode: %v", err)
		}
		if want, err := json.Marshal(c); err != nil || string(again) != string(want)+"\n" {
			t.Fatalf("encode: %s\nencoding/json: %s%v", again, want, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	raw, err := encode(sample())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(raw, "c1"); err != nil {
			b.Fatal(err)
		}
	}
}
