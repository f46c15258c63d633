package wasm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestListens(t *testing.T) {
	many := strings.Repeat("tcp:127.0.0.1:0 ", MaxListen+1)
	for _, tt := range []struct {
		annotations map[string]string
		want, err   string
	}{
		{nil, "[]", ""},
		{map[string]string{AnnotationListen: ""}, "[]", ""},
		{map[string]string{AnnotationListen: "tcp:0.0.0.0:8080"}, "[{0.0.0.0:8080 false}]", ""},
		{map[string]string{AnnotationListen: "tcp:0.0.0.0:8080,blocking  tcp:[::]:0"}, "[{0.0.0.0:8080 true} {[::]:0 false}]", ""},
		{map[string]string{AnnotationListen: "tcp:127.0.0.1:0 tcp:127.0.0.1:0"}, "[{127.0.0.1:0 false} {127.0.0.1:0 false}]", ""},
		{map[string]string{AnnotationListen: "tcp:[::1]:1", AnnotationListen + "/web": "tcp:[::1]:2"}, "[{[::1]:1 false}]", ""},
		{map[string]string{AnnotationListen: "tcp:[::1]:1", AnnotationListen + "/web": "tcp:[::1]:2", annotationNameContainerd: "web"}, "[{[::1]:2 false}]", ""},
		{map[string]string{AnnotationListen: "tcp:[::1]:1", AnnotationListen + "/web": "", annotationNameCRIO: "web"}, "[]", ""},
		{map[string]string{AnnotationListen + "/web": "tcp:[::1]:2", annotationNameCRIO: "other"}, "[]", ""},

		{map[string]string{AnnotationListen: "8080"}, "", `annotations["run.wrun.wasi.listen"]: "8080": only tcp is known: as in tcp:0.0.0.0:8080 or tcp:[::]:8080,blocking`},
		{map[string]string{AnnotationListen: "udp:0.0.0.0:53"}, "", `"udp:0.0.0.0:53": only tcp is known: `},
		{map[string]string{AnnotationListen: "tcp:localhost:80"}, "", `"tcp:localhost:80": not an IP address and a port: `},
		{map[string]string{AnnotationListen: "tcp::80"}, "", "not an IP address and a port: "},
		{map[string]string{AnnotationListen: "tcp:0.0.0.0:65536"}, "", "not an IP address and a port: "},
		{map[string]string{AnnotationListen: "tcp:[fe80::1%eth0]:80"}, "", "an address with a zone: "},
		{map[string]string{AnnotationListen: "tcp:0.0.0.0:80,nonblocking"}, "", `unknown option "nonblocking": `},
		{map[string]string{AnnotationListen: "tcp:0.0.0.0:80 tcp:0.0.0.0:80"}, "", "the address is listed twice"},
		{map[string]string{AnnotationListen: many}, "", "65 entries: at most 64 are possible"},
		{map[string]string{AnnotationListen + "/web": "x", annotationNameContainerd: "web"}, "", `annotations["run.wrun.wasi.listen/web"]: "x": `},
	} {
		got, err := Listens(&specs.Spec{Annotations: tt.annotations})
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%v: error %v, want %q", tt.annotations, err, tt.err)
			}
		case err != nil:
			t.Errorf("%v: %v", tt.annotations, err)
		default:
			var s []string
			for _, l := range got {
				s = append(s, fmt.Sprintf("{%v %v}", l.Addr, l.Blocking))
			}
			if text := fmt.Sprint(s); text != tt.want {
				t.Errorf("%v: got %s, want %s", tt.annotations, text, tt.want)
			}
		}
	}
}

func TestDrain(t *testing.T) {
	for value, want := range map[string]time.Duration{"10s": 10 * time.Second, "1m30s": 90 * time.Second, "": -1, "10": -1, "-1s": -1, "0s": -1, "61m": -1} {
		d, err := Drain(&specs.Spec{Annotations: map[string]string{AnnotationDrain: value}})
		if want < 0 {
			if err == nil || !strings.Contains(err.Error(), `annotations["run.wrun.wasi.drain"]`) {
				t.Errorf("%q: %v, %v", value, d, err)
			}
			continue
		}
		if err != nil || d != want {
			t.Errorf("%q: %v, %v", value, d, err)
		}
	}
	if d, err := Drain(&specs.Spec{}); d != 0 || err != nil {
		t.Errorf("none: %v, %v", d, err)
	}
}
