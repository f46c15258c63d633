package state

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

const (
	stateFile  = "state.json"
	configFile = "config.json"
	fifoFile   = "exec.fifo"
)

// Dir is the open folder of one container. Its descriptor is close-on-exec. Not
// for use by several goroutines at once.
type Dir struct {
	id      string
	path    string
	fd      int
	locked  bool // by this Dir
	creator bool // this Dir comes from Store.Create
}

// ID returns the container's id.
func (d *Dir) ID() string { return d.id }

// Path returns the folder's path.
func (d *Dir) Path() string { return d.path }

// FIFO returns the path of the FIFO that start opens. It exists from create
// until start.
func (d *Dir) FIFO() string { return filepath.Join(d.path, fifoFile) }

// Lock waits until nobody else holds the container's lock and takes it. It fails
// with ErrNotExist if the container was deleted meanwhile. Close gives it back,
// and so does the end of the process. Every command that
// changes a container holds the lock; state and list never take it.
func (d *Dir) Lock() error {
	if d.locked {
		return nil
	}
	if err := flock(d.fd, syscall.LOCK_EX); err != nil {
		return pathError("flock", d.path, err)
	}
	d.locked = true
	// Whoever held it may have removed the folder, and the next one may have
	// made it anew: this descriptor then locks something nobody sees.
	if same, err := d.inPlace(); err != nil {
		return err
	} else if !same {
		return notExist(d.id)
	}
	return nil
}

// Unlock gives the lock back.
func (d *Dir) Unlock() error {
	if !d.locked {
		return nil
	}
	if err := flock(d.fd, syscall.LOCK_UN); err != nil {
		return pathError("flock", d.path, err)
	}
	d.locked = false
	return nil
}

// Close closes the folder and thereby unlocks it. Further calls do nothing.
func (d *Dir) Close() error {
	if d.fd < 0 {
		return nil
	}
	err := syscall.Close(d.fd)
	d.fd, d.locked = -1, false
	if err != nil {
		return pathError("close", d.path, err)
	}
	return nil
}

// Load reads the state file. Errors: ErrNoState, ErrCorrupt, ErrNewer, a
// *os.PathError.
func (d *Dir) Load() (*Container, error) {
	raw, err := readAt(d.fd, stateFile)
	if errors.Is(err, syscall.ENOENT) {
		return nil, ErrNoState
	}
	if err != nil {
		return nil, err
	}
	return decode(raw, d.id)
}

// Save sets c's Version and ID and replaces the state file in one step. The
// caller holds the lock.
func (d *Dir) Save(c *Container) error {
	c.Version, c.ID = Version, d.id
	raw, err := encode(c)
	if err != nil {
		return err
	}
	return replaceAt(d.fd, stateFile, raw)
}

// SaveConfig keeps a copy of the bundle's config.json: what comes after create
// never reads the bundle again. The caller holds the lock, and calls it once,
// before the first Save: nobody reads the copy before there is a state file, so
// it is written in place.
func (d *Dir) SaveConfig(raw []byte) error {
	return createAt(d.fd, configFile, raw)
}

// Config returns what SaveConfig kept.
func (d *Dir) Config() ([]byte, error) {
	return readAt(d.fd, configFile)
}

// Owner returns the uid that created the container.
func (d *Dir) Owner() (uint32, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(d.fd, &st); err != nil {
		return 0, pathError("stat", d.path, err)
	}
	return st.Uid, nil
}

// Remove deletes the folder with all that is in it. The caller holds the lock,
// and keeps it until Close. The state file goes last: as long as there is
// anything else to remove, delete can still be repeated.
func (d *Dir) Remove() error {
	for _, name := range []string{fifoFile, configFile, stateFile} {
		if err := syscall.Unlinkat(d.fd, name); err != nil && err != syscall.ENOENT {
			break // RemoveAll tries again and has the better error
		}
	}
	switch err := syscall.Rmdir(d.path); err {
	case nil, syscall.ENOENT:
		return nil
	case syscall.ENOTEMPTY, syscall.EEXIST:
		return os.RemoveAll(d.path)
	default:
		return pathError("rmdir", d.path, err)
	}
}

// inPlace tells whether the path still leads to the open folder.
func (d *Dir) inPlace() (bool, error) {
	var mine, there syscall.Stat_t
	if err := syscall.Fstat(d.fd, &mine); err != nil {
		return false, pathError("stat", d.path, err)
	}
	switch err := syscall.Lstat(d.path, &there); err {
	case nil:
		return mine.Dev == there.Dev && mine.Ino == there.Ino, nil
	case syscall.ENOENT:
		return false, nil
	default:
		return false, pathError("lstat", d.path, err)
	}
}

func flock(fd, how int) error {
	for {
		// EINTR is the Go scheduler's own signal.
		if err := syscall.Flock(fd, how); err != syscall.EINTR {
			return err
		}
	}
}
