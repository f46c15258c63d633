package wasm

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// AnnotationPreopen lists the directories that the guest has from the start, in
// place of the container's "/": DIR[:GUEST[:ro]], separated by spaces. GUEST is
// the name the guest sees, DIR if it is left out. In a pod,
// run.wrun.wasi.preopen/CONTAINER holds for the container of that name.
const AnnotationPreopen = "run.wrun.wasi.preopen"

// MaxPreopen bounds how many directories can be preopened: libraries look
// through all of them for every path.
const MaxPreopen = 64

// Preopen is a directory that the guest has from the start. Both names are
// absolute and clean.
type Preopen struct {
	Dir, Guest string
	ReadOnly   bool
}

// Preopens reads AnnotationPreopen; none means the container's "/". The error
// names the annotation and the entry.
func Preopens(s *specs.Spec) ([]Preopen, error) {
	key, value, ok := Annotation(s, AnnotationPreopen)
	if !ok {
		return nil, nil
	}
	var all []Preopen
	for entry := range strings.FieldsSeq(value) {
		p, err := parsePreopen(entry)
		if err != nil {
			return nil, fmt.Errorf("annotations[%q]: %q: %w: as in /data, /data:/guest or /data:/guest:ro", key, entry, err)
		}
		for _, other := range all {
			if other.Guest == p.Guest {
				return nil, fmt.Errorf("annotations[%q]: %q: the guest has %s already", key, entry, p.Guest)
			}
		}
		all = append(all, p)
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("annotations[%q]: no directory", key)
	case len(all) > MaxPreopen:
		return nil, fmt.Errorf("annotations[%q]: %d entries: at most %d are possible", key, len(all), MaxPreopen)
	}
	return all, nil
}

func parsePreopen(entry string) (Preopen, error) {
	parts := strings.Split(entry, ":")
	p := Preopen{Dir: parts[0], Guest: parts[0]}
	if len(parts) > 1 && parts[1] != "" {
		p.Guest = parts[1]
	}
	if len(parts) > 2 {
		if p.ReadOnly = parts[2] == "ro"; !p.ReadOnly {
			return p, errors.New(`the third part can only be "ro"`)
		}
	}
	switch {
	case len(parts) > 3:
		return p, errors.New("too many parts")
	case !strings.HasPrefix(p.Dir, "/") || !strings.HasPrefix(p.Guest, "/"):
		return p, errors.New("not an absolute path")
	case strings.IndexByte(entry, 0) >= 0:
		return p, errors.New("a NUL byte")
	}
	p.Dir, p.Guest = path.Clean(p.Dir), path.Clean(p.Guest)
	return p, nil
}
