package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func hooks(s *specs.Spec, _ *warnings) error {
	h := s.Hooks
	if h == nil {
		return nil
	}
	for _, point := range [...]struct {
		name  string
		hooks []specs.Hook
	}{
		{"prestart", h.Prestart}, //nolint:staticcheck // deprecated, yet docker's bridge network is made by one
		{"createRuntime", h.CreateRuntime},
		{"createContainer", h.CreateContainer},
		{"startContainer", h.StartContainer},
		{"poststart", h.Poststart},
		{"poststop", h.Poststop},
	} {
		for i := range point.hooks {
			if bad := badHook(&point.hooks[i]); bad != "" {
				return fmt.Errorf("hooks.%s[%d].%s", point.name, i, bad)
			}
		}
	}
	return nil
}

// badHook returns "field: cause" of a hook that cannot run (config.md, "POSIX-platform Hooks").
func badHook(h *specs.Hook) string {
	if bad := badHostPath(h.Path); bad != "" {
		return fmt.Sprintf("path: %q %s", h.Path, bad)
	}
	if i := nulIn(h.Args); i >= 0 {
		return fmt.Sprintf("args[%d]: %q holds a NUL byte", i, h.Args[i])
	}
	if i := nulIn(h.Env); i >= 0 { // the name at most, values may be secrets
		name, _, _ := strings.Cut(h.Env[i], "=")
		return fmt.Sprintf("env[%d]: %q holds a NUL byte", i, name)
	}
	// Above: 292 years, where seconds no longer fit a time.Duration.
	if t := h.Timeout; t != nil && (*t <= 0 || *t > 9_000_000_000) {
		return fmt.Sprintf("timeout: %d seconds: want more than 0 and at most 9000000000", *t)
	}
	return ""
}
