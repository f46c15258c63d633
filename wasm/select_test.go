package wasm

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func annotated(pairs ...string) *specs.Spec {
	s := &specs.Spec{Annotations: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		s.Annotations[pairs[i]] = pairs[i+1]
	}
	return s
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name  string
		spec  *specs.Spec
		argv0 string
		mode  Mode
		note  string // a part
		err   string // parts, separated by |
	}{
		{name: "none", spec: &specs.Spec{}, mode: Native},
		{name: "handler wasm", spec: annotated(AnnotationHandler, "wasm"), mode: Always},
		{name: "handler smart", spec: annotated(AnnotationHandler, "wasm-smart"), mode: Smart},
		{name: "an engine", spec: annotated(AnnotationHandler, "wasmedge"), mode: Always, note: "run.oci.handler=wasmedge"},
		{name: "our engine", spec: annotated(AnnotationHandler, "wazero"), mode: Always, note: "wazero"},
		{name: "variant", spec: annotated(AnnotationVariant, "compat"), mode: Always},
		{name: "smart variant", spec: annotated(AnnotationVariant, "compat-smart"), mode: Smart},
		{name: "handler first", spec: annotated(AnnotationVariant, "compat", AnnotationHandler, "wasm-smart"), mode: Smart},
		{name: "empty values", spec: annotated(AnnotationVariant, "", AnnotationHandler, ""), mode: Native},
		{name: "empty handler", spec: annotated(AnnotationVariant, "compat", AnnotationHandler, ""), mode: Always},
		{name: "unknown handler", spec: annotated(AnnotationHandler, "krun"), err: `annotations["run.oci.handler"]|"krun"|wasm, wasm-smart, wasmedge`},
		{name: "variant's value as handler", spec: annotated(AnnotationHandler, "compat"), err: `"compat"`},
		{name: "unknown variant", spec: annotated(AnnotationVariant, "Compat"), err: `annotations["module.wasm.image/variant"]|"Compat"|compat, compat-smart`},
		{name: "containerd's sandbox", spec: annotated(AnnotationVariant, "compat", "io.kubernetes.cri.container-type", "sandbox"), mode: Native},
		{name: "CRI-O's sandbox", spec: annotated(AnnotationHandler, "nonsense", "io.kubernetes.cri-o.ContainerType", "sandbox"), mode: Native},
		{name: "containerd's container", spec: annotated(AnnotationVariant, "compat", "io.kubernetes.cri.container-type", "container"), mode: Always},
		{name: "called wrun-wasm", spec: &specs.Spec{}, argv0: "/usr/bin/wrun-wasm", mode: Smart},
		{name: "called wrun-wasm, sandbox", spec: annotated("io.kubernetes.cri.container-type", "sandbox"), argv0: "wrun-wasm", mode: Native},
		{name: "called wrun-wasm, annotated", spec: annotated(AnnotationHandler, "wasm"), argv0: "wrun-wasm", mode: Always},
		{name: "called otherwise", spec: &specs.Spec{}, argv0: "/opt/wrun-wasm/runc", mode: Native},
	} {
		t.Run(c.name, func(t *testing.T) {
			mode, note, err := Select(c.spec, c.argv0)
			if c.err != "" {
				if err == nil {
					t.Fatal("no error")
				}
				for _, part := range strings.Split(c.err, "|") {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q lacks %q", err, part)
					}
				}
				return
			}
			if err != nil || mode != c.mode || !strings.Contains(note, c.note) || (note == "") != (c.note == "") {
				t.Errorf("got %v, %q, %v", mode, note, err)
			}
		})
	}
}

func TestUnknownImports(t *testing.T) {
	for value, want := range map[string]bool{"": false, "refuse": false, "trap": true} {
		if got, err := UnknownImports(annotated(AnnotationUnknownImports, value)); got != want || err != nil {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	if _, err := UnknownImports(annotated(AnnotationUnknownImports, "yes")); err == nil || !strings.Contains(err.Error(), `"yes"`) {
		t.Errorf("yes: %v", err)
	}
}

func TestSoft(t *testing.T) {
	for value, want := range map[string]bool{"": false, "on": false, "off": true} {
		if got, err := Soft(annotated(AnnotationHarden, value)); got != want || err != nil {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	if _, err := Soft(annotated(AnnotationHarden, "no")); err == nil || !strings.Contains(err.Error(), `"no"`) {
		t.Errorf("no: %v", err)
	}
}
