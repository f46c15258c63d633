package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// printVersion prints what engines parse: dockerd takes the last line with the
// word "version", so there is but one. It needs neither root nor a disk.
func (p *program) printVersion() error {
	version, commit := p.version, p.commit
	if version == "" || commit == "" {
		version, commit = builtFrom(version, commit)
	}
	return p.write([]byte("wrun version " + version +
		"\ncommit: " + commit +
		"\nspec: " + specs.Version +
		"\ngo: " + runtime.Version() +
		"\n+CGROUPS_V1 +CGROUPS_V2 +WASM:wazero\n"))
}

// builtFrom fills in what the linker was not told from what the go command
// notes in every binary.
func builtFrom(version, commit string) (string, string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	if version == "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && commit == "" {
			commit = s.Value
		}
	}
	if version == "" {
		version = "unknown"
	}
	if commit == "" {
		commit = "unknown"
	}
	return version, commit
}
