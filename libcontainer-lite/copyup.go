package libcontainer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// maxCopyDepth bounds how deep tmpcopyup follows directories: two descriptors
// are open for each level.
const maxCopyDepth = 128

// copyBufferSize is how much of a file is copied at once, in bytes.
const copyBufferSize = 1 << 17

// copyUp serves the option tmpcopyup. The init sends two descriptors: the
// directory that a tmpfs is about to cover, which waits in c.covered for the
// other, and the tmpfs. Then one answer is due.
func (c *container) copyUp(value uint32, fd int) (err error) {
	if value == 0 {
		if c.covered != nil {
			return errors.New("tmpcopyup: the init sent two directories")
		}
		from, err := kernel.DupFrom(fd, 3)
		c.covered = &from
		return err
	}
	if c.covered == nil {
		return errors.New("tmpcopyup: the init sent a tmpfs without a directory")
	}
	from := *c.covered
	c.covered = nil
	err = copyTree(from, fd, c.rootIDs())
	kernel.Close(from)
	if err != nil {
		return fmt.Errorf("tmpcopyup: %w", err)
	}
	return c.sync.send([]byte{1})
}

// copyTree copies what the directory from holds into the directory to, which
// nobody else sees yet: files of all kinds, with their modes, owners, extended
// attributes and times. Hard links become files of their own, as with runc.
//
// The source is an image's or a volume's, and may change meanwhile. Each file
// is opened once, with O_PATH, and judged and read by that descriptor: a name
// that is swapped for a symlink or a device leads nowhere. Devices, FIFOs and
// sockets are made anew and never opened.
//
// New files belong to owner until they get their own: a tmpfs of a user
// namespace takes no files of others. Owners that the namespace has no id for
// become owner.
func copyTree(from, to int, owner ids) error {
	t := tree{owner: owner, buf: make([]byte, copyBufferSize)}
	return t.directory(from, to)
}

// tree is a copy on its way.
type tree struct {
	owner ids
	buf   []byte
	at    []string // names of the directories we are in
}

// failed names the file, quoted: what it is called is up to the image.
func (t *tree) failed(name string, err error) error {
	return fmt.Errorf("%q: %w", path.Join(append(t.at, name)...), err)
}

// directory copies the entries of one directory. Both descriptors may be O_PATH.
func (t *tree) directory(from, to int) error {
	fd, err := kernel.Openat(from, ".", kernel.O_RDONLY|kernel.O_DIRECTORY, 0)
	if err != nil {
		return t.failed("", err)
	}
	list := os.NewFile(uintptr(fd), "directory")
	defer list.Close()
	for {
		names, err := list.Readdirnames(256)
		for _, name := range names {
			if err := t.entry(fd, to, name); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return t.failed("", err)
		}
	}
}

// entry copies one file, whatever it is.
func (t *tree) entry(from, to int, name string) error {
	fd, err := kernel.OpenatNoFollow(from, name)
	if kernel.Errno(err) == syscall.ENOENT {
		return nil // removed since it was listed
	}
	if err != nil {
		return t.failed(name, kernel.Errno(err))
	}
	defer kernel.Close(fd)
	st, err := kernel.Fstat(fd)
	if err != nil {
		return t.failed(name, err)
	}
	switch st.Kind() {
	case kernel.S_IFREG:
		err = t.regular(fd, to, name, &st)
	case kernel.S_IFLNK:
		err = t.symlink(fd, to, name)
	case kernel.S_IFDIR:
		if err := t.subdirectory(fd, to, name); err != nil {
			return err // names its file itself
		}
	default:
		err = t.create(func() error { return kernel.MakeNode(to, name, st.Kind()|0o600, st.Rdev, "") })
	}
	if err == nil {
		err = t.attributes(fd, to, name, &st)
	}
	if err != nil {
		return t.failed(name, err)
	}
	return nil
}

// create runs f with the rights and ids that files of the tmpfs are made with.
func (t *tree) create(f func() error) error {
	if t.owner.uid <= 0 && t.owner.gid <= 0 {
		return f()
	}
	return kernel.AsOwner(t.owner.uid, t.owner.gid, f)
}

func (t *tree) regular(from, to int, name string, st *kernel.Inode) error {
	// A file that somebody holds a lease on must not make us wait for it.
	in, err := kernel.Reopen(from, kernel.O_RDONLY|kernel.O_NONBLOCK|kernel.O_NOCTTY)
	if err != nil {
		return err
	}
	defer kernel.Close(in)
	out := -1
	err = t.create(func() (err error) {
		out, err = kernel.Openat(to, name, kernel.O_WRONLY|kernel.O_CREAT|kernel.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer kernel.Close(out)
	return kernel.CopyData(in, out, st.Size, t.buf)
}

func (t *tree) symlink(from, to int, name string) error {
	target, err := kernel.Readlinkat(from, "")
	if err != nil {
		return kernel.Errno(err)
	}
	return t.create(func() error { return kernel.MakeNode(to, name, kernel.S_IFLNK, 0, target) })
}

func (t *tree) subdirectory(from, to int, name string) error {
	if len(t.at) == maxCopyDepth {
		return t.failed(name, fmt.Errorf("more than %d directories deep", maxCopyDepth))
	}
	err := t.create(func() error { return kernel.MakeNode(to, name, kernel.S_IFDIR|0o700, 0, "") })
	if err != nil {
		return t.failed(name, err)
	}
	made, err := kernel.Openat(to, name, kernel.O_PATH|kernel.O_DIRECTORY, 0)
	if err != nil {
		return t.failed(name, err)
	}
	defer kernel.Close(made)
	t.at = append(t.at, name)
	err = t.directory(from, made)
	t.at = t.at[:len(t.at)-1]
	return err
}

// attributes completes a copy whose content is there: the owner first, because
// a new one takes file capabilities and set-user-id bits away; the times last,
// because everything else changes them.
func (t *tree) attributes(from, to int, name string, st *kernel.Inode) error {
	err := kernel.SetOwner(to, name, st.UID, st.GID)
	if kernel.Errno(err) == syscall.EOVERFLOW {
		err = kernel.SetOwner(to, name, t.owner.uid, t.owner.gid)
	}
	if err != nil {
		return err
	}
	if err := copyXattrs(from, to, name); err != nil {
		return err
	}
	if st.Kind() != kernel.S_IFLNK {
		if err := kernel.SetMode(to, name, st.Mode); err != nil {
			return err
		}
	}
	return kernel.SetTimes(to, name, st)
}

// copyXattrs copies extended attributes, access lists and file capabilities
// among them. What overlayfs keeps for itself means nothing elsewhere.
func copyXattrs(from, to int, name string) error {
	names, err := kernel.Xattrs(from)
	if err != nil || len(names) == 0 {
		return err
	}
	fd, err := kernel.Openat(to, name, kernel.O_PATH, 0)
	if err != nil {
		return err
	}
	defer kernel.Close(fd)
	for _, x := range names {
		if strings.HasPrefix(x, "trusted.overlay.") || strings.HasPrefix(x, "user.overlay.") {
			continue
		}
		if err := kernel.CopyXattr(from, fd, x); err != nil {
			return err
		}
	}
	return nil
}
