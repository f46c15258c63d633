package spec

import (
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// StateJSON returns the state document that hooks and agents read on stdin
// (runtime.md, "State"; config.md, "POSIX-platform Hooks"). pid is the init's in
// the runtime's pid namespace, 0 when there is none; bundle is absolute.
func StateJSON(id string, status specs.ContainerState, pid int, bundle string, annotations map[string]string) ([]byte, error) {
	return json.Marshal(specs.State{
		Version:     specs.Version,
		ID:          id,
		Status:      status,
		Pid:         pid,
		Bundle:      bundle,
		Annotations: annotations,
	})
}
