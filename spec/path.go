package spec

import "strings"

// The checks below return what is wrong with a value, "" when nothing is, so
// that a good config costs no allocation; the caller puts field and value before it.

// badHostPath judges a path of the host that must be absolute.
func badHostPath(p string) string {
	switch {
	case p == "":
		return "is empty"
	case strings.IndexByte(p, 0) >= 0:
		return "holds a NUL byte"
	case p[0] != '/':
		return "is not an absolute path"
	}
	return ""
}

// badRootPath judges a path of the container that must be absolute and, read
// as text, stay inside the root. Symlinks are the business of whoever opens it.
func badRootPath(p string) string {
	if bad := badHostPath(p); bad != "" {
		return bad
	}
	if climbs(p) {
		return "climbs out of the root"
	}
	return ""
}

// climbs reports whether a path has, at any point, more ".." than names before it.
func climbs(p string) bool {
	depth := 0
	for part, rest := cut(p); ; part, rest = cut(rest) {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
		if rest == "" {
			return false
		}
	}
}

// dotdot reports whether ".." is a component of a path.
func dotdot(p string) bool {
	for part, rest := cut(p); ; part, rest = cut(rest) {
		if part == ".." {
			return true
		}
		if rest == "" {
			return false
		}
	}
}

func cut(p string) (part, rest string) {
	part, rest, _ = strings.Cut(p, "/")
	return part, rest
}

// nulIn returns the index of the first string that holds a NUL byte, or -1.
// The kernel would end the string there, silently.
func nulIn(list []string) int {
	for i, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return i
		}
	}
	return -1
}
