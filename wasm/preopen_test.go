package wasm

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestPreopens(t *testing.T) {
	pod := annotated(AnnotationPreopen, "/all", AnnotationPreopen+"/web", "/web", "io.kubernetes.cri.container-name", "web")
	for _, c := range []struct {
		name string
		spec *specs.Spec
		want []Preopen
		err  string // parts, separated by |
	}{
		{name: "none", spec: &specs.Spec{}},
		{name: "one", spec: annotated(AnnotationPreopen, "/data"), want: []Preopen{{"/data", "/data", false}}},
		{name: "renamed", spec: annotated(AnnotationPreopen, "/data:/"), want: []Preopen{{"/data", "/", false}}},
		{name: "read-only", spec: annotated(AnnotationPreopen, "/data:/d:ro"), want: []Preopen{{"/data", "/d", true}}},
		{name: "read-only by its own name", spec: annotated(AnnotationPreopen, "/data::ro"), want: []Preopen{{"/data", "/data", true}}},
		{name: "several", spec: annotated(AnnotationPreopen, " /a/../b/  /:/all "), want: []Preopen{{"/b", "/b", false}, {"/", "/all", false}}},
		{name: "of a pod's container", spec: pod, want: []Preopen{{"/web", "/web", false}}},
		{name: "nothing", spec: annotated(AnnotationPreopen, " "), err: `annotations["run.wrun.wasi.preopen"]|no directory`},
		{name: "relative", spec: annotated(AnnotationPreopen, "data"), err: `"data"|not an absolute path|as in /data`},
		{name: "relative guest", spec: annotated(AnnotationPreopen, "/data:ro"), err: `"/data:ro"|not an absolute path`},
		{name: "rw", spec: annotated(AnnotationPreopen, "/data:/d:rw"), err: `the third part can only be "ro"`},
		{name: "four parts", spec: annotated(AnnotationPreopen, "/data:/d:ro:x"), err: "too many parts"},
		{name: "twice", spec: annotated(AnnotationPreopen, "/a:/x /b:/x/"), err: `"/b:/x/"|the guest has /x already`},
		{name: "too many", spec: annotated(AnnotationPreopen, many()), err: "65 entries: at most 64"},
	} {
		got, err := Preopens(c.spec)
		if c.err == "" && (err != nil || !slices.Equal(got, c.want)) {
			t.Errorf("%s: got %v, %v", c.name, got, err)
		}
		for _, part := range strings.Split(c.err, "|") {
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), part)) {
				t.Errorf("%s: error %v lacks %q", c.name, err, part)
			}
		}
	}
}

func many() string {
	var b strings.Builder
	for i := range MaxPreopen + 1 {
		b.WriteString(" /" + strings.Repeat("d", i+1))
	}
	return b.String()
}
