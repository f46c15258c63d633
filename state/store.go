// Package state keeps what is known of containers on disk, and tells what has
// become of them since.
//
// A container is the folder ROOT/ID: state.json (Container), config.json (the
// bundle's, copied by create) and, until start, exec.fifo. The folder carries
// the lock: a flock(2) on its descriptor, which the kernel drops with its
// holder.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

var (
	// ErrNotExist and ErrExist carry the phrases that callers of runc look for.
	ErrNotExist = errors.New("does not exist")
	ErrExist    = errors.New("container with given ID already exists")
)

// Store is a folder of containers.
type Store struct {
	root string
}

// Open returns the store in the folder root. It touches no disk: create makes
// the folder when it is missing.
func Open(root string) *Store {
	return &Store{root: root}
}

// Create makes the folder of a new container and locks it. Errors: ErrExist,
// ErrInvalidID, a *os.PathError.
func (s *Store) Create(id string) (*Dir, error) {
	if err := checkName(id); err != nil {
		return nil, err
	}
	path := filepath.Join(s.root, id)
	err := syscall.Mkdir(path, 0o711)
	if err == syscall.ENOENT {
		if err := s.makeRoot(); err != nil {
			return nil, err
		}
		err = syscall.Mkdir(path, 0o711)
	}
	if err == syscall.EEXIST {
		return nil, fmt.Errorf("%w: %s", ErrExist, path)
	}
	if err != nil {
		return nil, pathError("mkdir", path, err)
	}
	d, err := s.Dir(id)
	if err != nil {
		return nil, deleted(path, err)
	}
	d.creator = true
	if err := d.Lock(); err != nil {
		d.Close()
		return nil, deleted(path, err)
	}
	return d, nil
}

// deleted explains that a folder just made is gone: between mkdir and flock
// delete --force may take it.
func deleted(path string, err error) error {
	if errors.Is(err, ErrNotExist) {
		return fmt.Errorf("%s was deleted while it was being created", path)
	}
	return err
}

// makeRoot creates the store's folder for its owner alone. The sticky bit keeps
// the cleaners of $XDG_RUNTIME_DIR away (XDG base directory specification) and
// means nothing else in a folder that only its owner may enter.
func (s *Store) makeRoot() error {
	if err := os.MkdirAll(filepath.Dir(s.root), 0o700); err != nil {
		return err
	}
	if err := syscall.Mkdir(s.root, 0o700|syscall.S_ISVTX); err != nil && err != syscall.EEXIST {
		return pathError("mkdir", s.root, err)
	}
	return nil
}

// Dir opens the folder of an existing container, unlocked. Errors: ErrNotExist,
// ErrInvalidID, a *os.PathError.
func (s *Store) Dir(id string) (*Dir, error) {
	if err := checkName(id); err != nil {
		return nil, err
	}
	path := filepath.Join(s.root, id)
	fd, err := openAt(cwd, path, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	switch err {
	case nil:
		return &Dir{id: id, path: path, fd: fd}, nil
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP:
		return nil, notExist(id)
	}
	return nil, pathError("open", path, err)
}

func notExist(id string) error {
	return fmt.Errorf("container %q %w", id, ErrNotExist)
}

// List returns the ids of all containers, sorted. A missing root gives an error
// that is fs.ErrNotExist.
func (s *Store) List() ([]string, error) {
	entries, err := os.ReadDir(s.root)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() && ValidateID(e.Name()) == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}
