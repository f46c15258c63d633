package spec

import (
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

// StateJSON returns the state document that hooks and agents read on stdin
// (runtime.md, "State"; config.md, "POSIX-platform Hooks"). pid is the init's in
// the runtime's pid namespace, 0 when there is none; bundle is absolute.
//
// It is what json.Marshal makes of specs.State; the error is always nil.
func StateJSON(id string, status specs.ContainerState, pid int, bundle string, annotations map[string]string) ([]byte, error) {
	b := append([]byte(nil), `{"ociVersion":`...)
	b = jsonscan.AppendText(b, specs.Version)
	b = append(b, `,"id":`...)
	b = jsonscan.AppendText(b, id)
	b = append(b, `,"status":`...)
	b = jsonscan.AppendText(b, string(status))
	if pid != 0 {
		b = append(b, `,"pid":`...)
		b = strconv.AppendInt(b, int64(pid), 10)
	}
	b = append(b, `,"bundle":`...)
	b = jsonscan.AppendText(b, bundle)
	if len(annotations) > 0 {
		b = append(b, `,"annotations":`...)
		b = jsonscan.AppendMap(b, annotations)
	}
	return append(b, '}'), nil
}
