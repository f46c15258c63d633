package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	libcontainer "wrun/libcontainer-lite"
)

// state and list print, byte for byte, what encoding/json would.
func TestDocIsJSON(t *testing.T) {
	created := time.Date(2026, 7, 31, 12, 0, 0, 5000, time.UTC)
	docs := []libcontainer.StateDoc{
		{},
		{
			OCIVersion: "1.3.0", ID: "c1", Pid: 4711, Status: "running", Bundle: "/b", Rootfs: "/b/rootfs",
			Created: created, Annotations: map[string]string{"z": "1", "a": "2", "": ""}, Owner: "root",
		},
		{
			OCIVersion: "<&>", ID: "\x00\x1f\x7f\b\f\n\r\t\"\\/", Pid: -1, Status: "\xff\xed\xa0\x80", Bundle: "/bündel/\u2028\u2029\ufffd😀", Rootfs: "€",
			Created: created.In(time.FixedZone("", -5400)), Annotations: map[string]string{}, Owner: "é\xe9",
		},
		{Created: created.Truncate(time.Second), Annotations: map[string]string{"\xff": "<", "\xfe": "[1, 2]", "a{": "}"}},
	}
	for i := range docs {
		want, err := json.MarshalIndent(&docs[i], "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if got := call(t, &fake{state: docs[i]}, "state", "c1"); got.stdout != string(want)+"\n" {
			t.Errorf("got %swant %s", got.stdout, want)
		}
	}
	want, err := json.Marshal(docs)
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, new(fake))
	if err := p.writeList(docs); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.output(t); got != string(want)+"\n" {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestDocWithoutTime(t *testing.T) {
	late := libcontainer.StateDoc{ID: "c1", Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if got := call(t, &fake{state: late}, "state", "c1"); got.code != 1 || !strings.Contains(got.stderr, "year outside of range") {
		t.Errorf("%+v", got)
	}
	if got := call(t, &fake{list: []libcontainer.StateDoc{late}}, "list", "-f", "json"); got.code != 1 || !strings.Contains(got.stderr, "container c1: ") {
		t.Errorf("%+v", got)
	}
}
