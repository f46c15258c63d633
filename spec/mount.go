package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func mounts(s *specs.Spec, w *warnings) error {
	for i := range s.Mounts {
		if err := mount(&s.Mounts[i], i, w); err != nil {
			return err
		}
	}
	return nil
}

func mount(m *specs.Mount, i int, w *warnings) error {
	if m.Destination == "" {
		return fmt.Errorf("mounts[%d].destination: is empty", i)
	}
	absolute := m.Destination
	if m.Destination[0] != '/' {
		absolute = "/" + m.Destination
	}
	if bad := badRootPath(absolute); bad != "" {
		return fmt.Errorf("mounts[%d].destination: %q %s", i, m.Destination, bad)
	}
	// Deprecated, but "MUST be interpreted as relative to /" (config.md, "Mounts").
	if absolute != m.Destination {
		w.add("mounts[%d].destination: %q is relative, read as %q", i, m.Destination, absolute)
	}
	if strings.IndexByte(m.Type, 0) >= 0 {
		return fmt.Errorf("mounts[%d].type: %q holds a NUL byte", i, m.Type)
	}
	if strings.IndexByte(m.Source, 0) >= 0 {
		return fmt.Errorf("mounts[%d].source: %q holds a NUL byte", i, m.Source)
	}
	if n := nulIn(m.Options); n >= 0 {
		return fmt.Errorf("mounts[%d].options[%d]: %q holds a NUL byte", i, n, m.Options[n])
	}
	bind, remount := false, false
	for _, o := range m.Options {
		switch o {
		case "bind", "rbind":
			bind = true
		case "remount":
			remount = true
		}
	}
	switch {
	case remount: // of what is there already: source and type are not read
	case bind && m.Source == "":
		return fmt.Errorf("mounts[%d].source: is empty, but %s is a bind mount", i, m.Destination)
	case !bind && m.Type == "":
		return fmt.Errorf("mounts[%d].type: is empty, but %s is no bind mount", i, m.Destination)
	}
	return nil
}
