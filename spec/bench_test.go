package spec

import (
	"os"
	"testing"
)

// Every create parses one config in a new process, so the first iteration is
// what counts: go test -run '^$' -bench Docker -benchtime 1x.
func BenchmarkParseDocker(b *testing.B) {
	raw, err := os.ReadFile("testdata/docker.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, "config.json"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateDocker(b *testing.B) {
	raw, err := os.ReadFile("testdata/docker.json")
	if err != nil {
		b.Fatal(err)
	}
	s, err := Parse(raw, "config.json")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Validate(s); err != nil {
			b.Fatal(err)
		}
		_ = Unsupported(s)
	}
}
