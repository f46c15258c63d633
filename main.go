// The Go runtime would read the cgroup's CPU quota at each start and watch it
// from then on, and name its memory mappings. wrun is too short-lived to profit,
// and what it starts does not inherit the setting.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0
//go:debug decoratemappings=0

// Command wrun is an OCI runtime: runc's command line, WebAssembly included.
package main

import (
	"os"

	"wrun/cli"
)

// Set by the linker: -X main.version=… -X main.commit=….
var version, commit string

func main() {
	os.Exit(cli.Main(os.Args, version, commit))
}
