// Package libcontainer turns bundles into containers and works on containers
// that exist: one method of Runtime per command of the command line.
package libcontainer

import "time"

// Runtime is what every command shares.
type Runtime struct {
	// Root is the folder of the state directories, /run/wrun by default.
	Root string
	// Log takes warnings and debug lines; errors are returned.
	Log *Log
	// Argv0 is the name wrun was called by: wrun-wasm makes wasm-smart the
	// default.
	Argv0 string
	// Version is wrun's own; an engine of another one is refused.
	Version string
	// Commit is the source it was built from.
	Commit string
}

// CreateOptions are the flags of create and run.
type CreateOptions struct {
	ID     string
	Bundle string // absolute path
	// ConsoleSocket is the path of a unix socket that gets the terminal's
	// master side.
	ConsoleSocket string
	// PidfdSocket is the path of a unix socket that gets a pidfd of the init.
	PidfdSocket  string
	PidFile      string
	NoPivot      bool
	NoNewKeyring bool
	PreserveFDs  int // file descriptors 3 to 2+PreserveFDs reach the process
	Detach       bool
	Keep         bool
	NoSubreaper  bool
}

// StateDoc is what `state` prints and `list` lists: runc's JSON.
type StateDoc struct {
	OCIVersion  string            `json:"ociVersion"`
	ID          string            `json:"id"`
	Pid         int               `json:"pid"`
	Status      string            `json:"status"`
	Bundle      string            `json:"bundle"`
	Rootfs      string            `json:"rootfs"`
	Created     time.Time         `json:"created"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Owner       string            `json:"owner"`
}
