package libcontainer

import (
	"fmt"
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// maxSymlinks is the kernel's own limit for a walk (path_resolution(7)).
const maxSymlinks = 40

// makeTarget makes a mount target that is missing beneath root, a descriptor
// of the container's root: every missing directory, and the last component as
// a directory or an empty file. Symlinks of the image are followed inside the
// root, and what a dangling one points to is made there. Each step works on a
// descriptor that was just opened without following anything, so nothing that
// is swapped meanwhile leads outside (CVE-2024-45310).
//
// What is made belongs to owner: the container's root, which may be somebody
// else outside of its user namespace.
func makeTarget(root int, target string, dir bool, owner ids) error {
	cur, err := kernel.DupFrom(root, 3)
	if err != nil {
		return err
	}
	w := walk{root: root, at: []int{cur}, owner: owner}
	defer w.close()
	parts := split(target)
	for links := 0; len(parts) > 0; {
		name := parts[0]
		parts = parts[1:]
		if name == ".." {
			w.up()
			continue
		}
		last := len(parts) == 0
		to, err := w.step(name, !last || dir)
		if err != nil {
			return fmt.Errorf("make %s in the root: %w", target, err)
		}
		if to == "" {
			continue
		}
		if links++; links > maxSymlinks {
			return fmt.Errorf("make %s in the root: %w", target, syscall.ELOOP)
		}
		if strings.HasPrefix(to, "/") {
			w.reset()
		}
		parts = append(split(to), parts...)
	}
	return nil
}

func split(path string) (parts []string) {
	for _, p := range strings.Split(path, "/") {
		if p != "" && p != "." {
			parts = append(parts, p)
		}
	}
	return parts
}

// walk is a place beneath the root, as the descriptors of its directories from
// the root down: `..` never asks the kernel.
type walk struct {
	root  int
	at    []int
	owner ids
}

// ids are a user and a group of the host; -1 is nobody.
type ids struct{ uid, gid int }

// rootIDs is the container's root as the host knows it.
func (c *container) rootIDs() ids {
	return ids{hostID(c.spec.Linux.UIDMappings, 0), hostID(c.spec.Linux.GIDMappings, 0)}
}

func (w *walk) close() {
	for _, fd := range w.at {
		kernel.Close(fd)
	}
}

func (w *walk) reset() {
	for len(w.at) > 1 {
		w.up()
	}
}

func (w *walk) up() {
	if n := len(w.at); n > 1 {
		kernel.Close(w.at[n-1])
		w.at = w.at[:n-1]
	}
}

// step enters name, made if it is missing; for a symlink it gives its target.
func (w *walk) step(name string, dir bool) (link string, err error) {
	here := w.at[len(w.at)-1]
	fd, err := kernel.OpenatNoFollow(here, name)
	if kernel.Errno(err) == syscall.ENOENT {
		fd, err = w.make(here, name, dir)
	}
	if err != nil {
		return "", err
	}
	st, err := kernel.Fstat(fd)
	switch {
	case err != nil:
		kernel.Close(fd)
		return "", err
	case st.Kind() == kernel.S_IFLNK:
		link, err = kernel.Readlinkat(fd, "")
		kernel.Close(fd)
		return link, err
	case st.Kind() == kernel.S_IFDIR:
		w.at = append(w.at, fd)
		return "", nil
	case dir:
		kernel.Close(fd)
		return "", fmt.Errorf("%s: %w", name, syscall.ENOTDIR)
	}
	kernel.Close(fd)
	return "", nil
}

// make makes a directory or an empty file, of mode 0755 whatever our umask,
// and opens it. If somebody else was faster, it opens what they have made.
func (w *walk) make(here int, name string, dir bool) (fd int, err error) {
	const mode = 0o755
	if dir {
		err = kernel.Mkdirat(here, name, mode)
	} else {
		err = kernel.Touchat(here, name, mode)
	}
	made := err == nil
	if !made && kernel.Errno(err) != syscall.EEXIST {
		return -1, err
	}
	if made && (w.owner.uid > 0 || w.owner.gid > 0) {
		if err := kernel.ChownNoFollow(here, name, w.owner.uid, w.owner.gid); err != nil {
			return -1, err
		}
	}
	if fd, err = kernel.OpenatNoFollow(here, name); err != nil || !made {
		return fd, err
	}
	st, err := kernel.Fstat(fd)
	if err == nil && st.Kind() != kernel.S_IFLNK && st.Mode&0o777 != mode {
		err = kernel.Chmod(fd, st.Mode&^0o777|mode) // set-group-ID stays
	}
	if err != nil {
		kernel.Close(fd)
		return -1, err
	}
	return fd, nil
}
