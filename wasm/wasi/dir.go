package wasi

import (
	"bytes"
	"syscall"
)

// dir is what a directory descriptor has beyond others.
type dir struct {
	// name is the guest's path of the directory; beneath a preopen as it was
	// opened, with no look at symlinks.
	name    string
	preopen bool
	scope   scope
	// cwd makes the directory two: names are looked for in cwd, a path beneath
	// it without a leading "/", then in itself. See Preopen.
	cwd string

	list *listing // of fd_readdir, once it was called
}

// scope says how far paths from a directory lead.
type scope uint8

const (
	// scopeRoot is the container's root: absolute symlinks and ".." work as for
	// a native program.
	scopeRoot scope = iota
	// scopeWithin is a directory opened beneath the container's root. Symlinks
	// lead wherever they do natively; a path itself cannot climb out.
	scopeWithin
	// scopeBeneath is a narrower preopen: nothing leads out of it.
	scopeBeneath
)

func (s scope) resolve() uint64 {
	switch s {
	case scopeRoot:
		return resolveNoMagiclinks | resolveInRoot
	case scopeWithin:
		return resolveNoMagiclinks
	}
	return resolveNoMagiclinks | resolveBeneath
}

// maxPath is PATH_MAX, with the NUL.
const maxPath = 4096

// pathBuffer holds a path and its NUL; twice the size, as a working directory
// may come before.
type pathBuffer [2 * maxPath]byte

// directory gives the descriptor that paths start at.
func (h *Host) directory(n uint32, need Rights) (*FD, Errno) {
	f, e := h.table.Get(n)
	switch {
	case e != esuccess:
		return nil, e
	case f.Kind != KindDir:
		return nil, enotdir
	case f.ReadOnly && need&writeRights != 0:
		return nil, erofs
	case f.Rights&need != need:
		return nil, enotcapable
	}
	return f, esuccess
}

// path copies a path of the guest's to buf, with a NUL behind it that is not
// part of the result. What the guest does to its memory meanwhile, by an
// overlapping result, changes nothing then.
func (h *Host) path(m memory, f *FD, p, n uint32, buf *pathBuffer) ([]byte, Errno) {
	b, e := m.bytes(p, n)
	if e != esuccess {
		return nil, e
	}
	switch {
	case len(b) >= maxPath:
		return nil, enametoolong
	case bytes.IndexByte(b, 0) >= 0:
		return nil, einval
	case len(b) == 0:
		return nil, enoent
	case b[0] == '/':
		return nil, eperm
	case f.Dir.scope == scopeWithin && climbs(b):
		return nil, eperm
	}
	path := buf[:copy(buf[:], b)]
	buf[len(path)] = 0
	if f.Dir.cwd != "" {
		path = h.inCwd(f, path, buf)
	}
	return path, esuccess
}

// climbs tells whether a path has more ".." than names before them.
func climbs(path []byte) bool {
	depth := 0
	for len(path) > 0 {
		name := path
		if i := bytes.IndexByte(path, '/'); i >= 0 {
			name, path = path[:i], path[i+1:]
		} else {
			path = nil
		}
		switch string(name) {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// terminated gives path with the NUL that is behind it.
func terminated(path []byte) []byte { return path[:len(path)+1] }

// open opens a path of h.path beneath f.
func (h *Host) open(f *FD, path []byte, flags int, mode uint64) (int, syscall.Errno) {
	if h.walks {
		return walkOpen(f.Host, f.Dir.scope, string(path), flags, mode)
	}
	fd, e := openat2(f.Host, terminated(path), openHow{flags: uint64(flags), mode: mode, resolve: f.Dir.scope.resolve()})
	if e == syscall.EXDEV {
		e = syscall.EPERM // the path leads out
	}
	return fd, e
}

// locate finds the preopen that a path of the guest's begins with, the longest
// one, and the rest of the path, for h.open and h.parent; it stays until the
// next call. A path that is not absolute starts in the first preopen.
func (h *Host) locate(name []byte) (f *FD, rest []byte, e Errno) {
	switch {
	case len(name) == 0:
		return nil, nil, enoent
	case len(name) >= maxPath:
		return nil, nil, enametoolong
	case bytes.IndexByte(name, 0) >= 0:
		return nil, nil, einval
	}
	for _, d := range h.table.fds {
		if d == nil || d.Dir == nil || !d.Dir.preopen || d.Dir.cwd != "" {
			continue
		}
		if name[0] != '/' {
			if f == nil {
				f, rest = d, name
			}
			continue
		}
		tail, ok := beneath(name, d.Dir.name)
		if ok && (f == nil || len(d.Dir.name) > len(f.Dir.name)) {
			f, rest = d, tail
		}
	}
	if f == nil {
		return nil, nil, enotcapable
	}
	if len(rest) == 0 {
		rest = []byte(".")
	}
	rest = h.path1[:copy(h.path1[:], rest)]
	h.path1[len(rest)] = 0
	return f, rest, esuccess
}

// beneath gives what is left of an absolute path in a folder.
func beneath(name []byte, folder string) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(name, []byte(folder))
	if !ok || len(rest) > 0 && rest[0] != '/' && (folder == "" || folder[len(folder)-1] != '/') {
		return nil, false
	}
	return bytes.TrimLeft(rest, "/"), true
}

// place is where a name is, for the calls that act on a name in a directory.
type place struct {
	dir  int    // the directory
	own  bool   // dir is to be closed
	name []byte // the last part of the path, with trailing slashes and a NUL
}

func (p *place) close() {
	if p.own {
		closePath(p.dir)
	}
}

// parent splits a path of h.path, which it changes. The last name is not
// looked at; the calls that take a place do not follow it.
func (h *Host) parent(f *FD, path []byte) (p place, e Errno) {
	end := len(path)
	for end > 1 && path[end-1] == '/' {
		end--
	}
	i := bytes.LastIndexByte(path[:end], '/')
	if i < 0 {
		return place{dir: f.Host, name: terminated(path)}, esuccess
	}
	path[i] = 0
	fd, errno := h.open(f, path[:i], oPath|syscall.O_DIRECTORY, 0)
	if errno != 0 {
		return place{}, errnoOf(errno)
	}
	return place{dir: fd, own: true, name: terminated(path[i+1:])}, esuccess
}

// slashed tells whether a name ends with a slash, which makes system calls
// follow it.
func (p *place) slashed() bool { return len(p.name) > 1 && p.name[len(p.name)-2] == '/' }

// inCwd replaces a path by the one it stands for in a directory that is two: in
// the working directory, or in the root. What is in neither is made where the
// directory it would be in is found first. This is for guests that cannot tell
// "/a" from "a", see Preopen.
func (h *Host) inCwd(f *FD, path []byte, buf *pathBuffer) []byte {
	name := path
	if string(name) != "." {
		here := h.joined(f, name)
		if !h.exists(f, here) && (h.exists(f, name) || !h.exists(f, folder(here)) && h.exists(f, folder(name))) {
			return path
		}
	}
	here := h.joined(f, name)
	path = buf[:copy(buf[:maxPath], here)]
	buf[len(path)] = 0
	return path
}

// joined gives name beneath the working directory, in scratch.
func (h *Host) joined(f *FD, name []byte) []byte {
	b := append(h.cwdPath[:0], f.Dir.cwd...)
	b = append(b, '/')
	b = append(b, name...)
	b = append(b, 0)
	return b[:len(b)-1]
}

// folder gives the directory part of a path, "." if there is none.
func folder(path []byte) []byte {
	end := len(path)
	for end > 1 && path[end-1] == '/' {
		end--
	}
	i := bytes.LastIndexByte(path[:end], '/')
	if i <= 0 {
		return []byte(".\x00")[:1]
	}
	b := append(make([]byte, 0, i+1), path[:i]...)
	return append(b, 0)[:i]
}

// exists says no only if there is nothing; what may not be looked at exists.
func (h *Host) exists(f *FD, path []byte) bool {
	fd, e := h.open(f, path, oPath|syscall.O_NOFOLLOW, 0)
	if e == 0 {
		closePath(fd)
	}
	return e != syscall.ENOENT && e != syscall.ENOTDIR
}
