package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is the version of the state files this wrun writes and reads. Raise
// it when a field changes its meaning; an added field that an older wrun may
// ignore needs no new version.
const Version = 1

// maxPid is the kernel's PID_MAX_LIMIT (proc_sys_kernel(5), pid_max).
const maxPid = 4 << 20

// Phase tells how far create has come.
type Phase string

const (
	// Creating: the creator is still at work, or died at it.
	Creating Phase = "creating"
	// Created: create has succeeded; whether the container was started, runs or
	// has ended is read off the system, see Container.Status.
	Created Phase = "created"
)

// Container is what is known of a container besides the copy of its config. It
// is the content of state.json; a new field needs its lines in codec.go, too.
type Container struct {
	Version    int    `json:"version"`
	OCIVersion string `json:"ociVersion"`
	ID         string `json:"id"`
	Phase      Phase  `json:"phase"`
	// Pid is the init's in the caller's pid namespace, 0 before there is one.
	Pid int `json:"pid,omitempty"`
	// StartTime of the init in clock ticks since boot (proc_pid_stat(5), field
	// 22): with the pid it names one process for as long as the machine is up.
	StartTime uint64 `json:"startTime,omitempty"`
	// Bundle and Rootfs are absolute paths.
	Bundle  string    `json:"bundle"`
	Rootfs  string    `json:"rootfs,omitempty"`
	Created time.Time `json:"created"`

	Annotations map[string]string `json:"annotations,omitempty"`
	// CgroupPaths are directories of the host: by controller on cgroup v1, under
	// the empty key for the unified hierarchy.
	CgroupPaths map[string]string `json:"cgroupPaths,omitempty"`
	// Wasm: the init is wrun-engine, not a native program.
	Wasm bool `json:"wasm,omitempty"`
	// SharedPID: there is no pid namespace that ends with the init.
	SharedPID bool `json:"sharedPid,omitempty"`
	// Hooks: the config has hooks that start or delete must run. Without any they
	// need not parse it.
	Hooks bool `json:"hooks,omitempty"`
}

// Why a state file could not be used. errors.Is finds them in what Dir.Load
// returns.
var (
	// ErrNoState: there is no state file: create is about to write it, or died
	// before it could. delete --force removes such a container.
	ErrNoState = errors.New("state.json does not exist")
	// ErrCorrupt: the file is not one that any wrun has written. delete --force
	// removes such a container.
	ErrCorrupt = errors.New("not a state file of wrun")
	// ErrNewer: a newer wrun has written the file. Nothing may be done to such a
	// container, not even by force: this version does not know what belongs to
	// it.
	ErrNewer = errors.New("written by a newer wrun")
)

// fileError is a bad state file: kind for errors.Is, text for people.
type fileError struct {
	kind error
	text string
}

func (e *fileError) Error() string { return stateFile + ": " + e.text }
func (e *fileError) Unwrap() error { return e.kind }

func corrupt(format string, args ...any) error {
	return &fileError{ErrCorrupt, fmt.Sprintf(format, args...)}
}

func newer(version int) error {
	return &fileError{ErrNewer, fmt.Sprintf("version %d was written by a newer wrun; this one reads version %d: use the newer one for this container", version, Version)}
}

// decode parses a state file of the container named id.
func decode(raw []byte, id string) (*Container, error) {
	c, ok := scan(raw)
	if !ok {
		var err error
		if c, err = unmarshal(raw); err != nil {
			return nil, err
		}
	}
	if err := check(c, id); err != nil {
		return nil, err
	}
	return c, nil
}

// unmarshal parses a state file of any shape.
func unmarshal(raw []byte) (*Container, error) {
	c := new(Container)
	if err := json.Unmarshal(raw, c); err != nil {
		// A newer version may have given a field another type.
		var v struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(raw, &v) == nil && v.Version > Version {
			return nil, newer(v.Version)
		}
		return nil, corrupt("%v", err)
	}
	return c, nil
}

// check refuses values that no wrun writes, above all those that could make a
// signal hit a stranger.
func check(c *Container, id string) error {
	switch {
	case c.Version > Version:
		return newer(c.Version)
	case c.Version != Version:
		return corrupt("version %d is unknown", c.Version)
	case c.ID != id:
		return corrupt("id %q, but the folder is that of %q", c.ID, id)
	case c.Phase != Creating && c.Phase != Created:
		return corrupt("phase %q is unknown", c.Phase)
	case c.Pid < 0 || c.Pid == 1 || c.Pid > maxPid:
		// kill(2) takes a negative pid for a group, or for everybody, and cuts a
		// large one down to 32 bits.
		return corrupt("pid %d cannot be a container's", c.Pid)
	}
	return nil
}

// encode is the reverse of decode.
func encode(c *Container) ([]byte, error) {
	raw, err := appendContainer(make([]byte, 0, 1024), c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stateFile, err)
	}
	return append(raw, '\n'), nil
}
