package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// version judges ociVersion: a semantic version (semver.org, 2.0.0) of which
// only the major number matters, since runtime-spec keeps compatible within one
// (config.md, "Specification version"). Versions before 1.0 and none at all are
// read as 1.x, as runc does, which never looks.
func version(s *specs.Spec, w *warnings) error {
	if s.Version == "" {
		w.add("ociVersion: missing, read as %s", specs.Version)
		return nil
	}
	major, ok := semver(s.Version)
	switch {
	case !ok:
		return fmt.Errorf("ociVersion: %q is not a version such as %s", s.Version, specs.Version)
	case major > specs.VersionMajor:
		return fmt.Errorf("ociVersion: %q is newer than %s, the one this wrun knows", s.Version, specs.Version)
	case major < specs.VersionMajor:
		w.add("ociVersion: %q is from before 1.0, read as %s", s.Version, specs.Version)
	}
	return nil
}

// semver returns the major number of MAJOR.MINOR.PATCH[-PRE][+BUILD].
func semver(v string) (major int, ok bool) {
	v, build, hasBuild := strings.Cut(v, "+")
	v, pre, hasPre := strings.Cut(v, "-")
	if hasBuild && !identifiers(build) || hasPre && !identifiers(pre) {
		return 0, false
	}
	for i := range 3 {
		part, rest, more := strings.Cut(v, ".")
		n, ok := number(part)
		if !ok || more != (i < 2) {
			return 0, false
		}
		if i == 0 {
			major = n
		}
		v = rest
	}
	return major, true
}

// number reads decimal digits without a leading zero.
func number(s string) (n int, ok bool) {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// identifiers checks the dot-separated words after "-" or "+".
func identifiers(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for i := 0; i < len(word); i++ {
			c := word[i] | 0x20
			if (c < 'a' || c > 'z') && (word[i] < '0' || word[i] > '9') && word[i] != '-' {
				return false
			}
		}
	}
	return true
}
