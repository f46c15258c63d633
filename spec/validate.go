package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Validate judges a config without looking at the host: whatever it refuses
// could not work, or would not mean what its author thinks, on any Linux.
// The error names the field (mounts[3].destination). Warnings, one line each,
// name what is read otherwise than written; they are returned with an error too.
// s is not changed: a relative mounts[].destination is still relative, and means
// the same path with a slash before it (config.md, "Mounts").
func Validate(s *specs.Spec) ([]string, error) {
	var w warnings
	for _, check := range [...]func(*specs.Spec, *warnings) error{
		version,
		root,
		process,
		mounts,
		hooks,
		annotations,
		names,
		linux,
	} {
		if err := check(s, &w); err != nil {
			return w, err
		}
	}
	return w, nil
}

// warnings gathers lines that are worth a log entry but no failure.
type warnings []string

func (w *warnings) add(format string, args ...any) {
	*w = append(*w, fmt.Sprintf(format, args...))
}

func root(s *specs.Spec, _ *warnings) error {
	switch {
	case s.Root == nil:
		return fmt.Errorf("root: missing: name the root filesystem in root.path")
	case s.Root.Path == "":
		return fmt.Errorf("root.path: is empty: name the root filesystem, absolute or relative to the bundle")
	case strings.IndexByte(s.Root.Path, 0) >= 0:
		return fmt.Errorf("root.path: %q holds a NUL byte", s.Root.Path)
	}
	return nil
}

// annotations: keys "MUST NOT be an empty string" (config.md, "Annotations").
func annotations(s *specs.Spec, _ *warnings) error {
	if _, ok := s.Annotations[""]; ok {
		return fmt.Errorf("annotations: a key is empty")
	}
	return nil
}

// names checks hostname and domainname. Both would change the host's own
// without a UTS namespace; the kernel takes 64 bytes (__NEW_UTS_LEN, uts(7)).
func names(s *specs.Spec, _ *warnings) error {
	for _, n := range [...]struct{ field, value string }{
		{"hostname", s.Hostname},
		{"domainname", s.Domainname},
	} {
		switch {
		case n.value == "":
		case !has(s, specs.UTSNamespace):
			return fmt.Errorf("%s: %q needs a uts namespace, linux.namespaces has none", n.field, n.value)
		case len(n.value) > 64:
			return fmt.Errorf("%s: %q has %d bytes, the kernel takes 64", n.field, n.value, len(n.value))
		case strings.IndexByte(n.value, 0) >= 0:
			return fmt.Errorf("%s: %q holds a NUL byte", n.field, n.value)
		}
	}
	return nil
}

// has reports whether the container gets, or joins, a namespace of a type.
func has(s *specs.Spec, t specs.LinuxNamespaceType) bool {
	return s.Linux != nil && namespace(s.Linux, t) >= 0
}

// namespace returns the index of the first namespace of a type, or -1.
func namespace(l *specs.Linux, t specs.LinuxNamespaceType) int {
	for i := range l.Namespaces {
		if l.Namespaces[i].Type == t {
			return i
		}
	}
	return -1
}
