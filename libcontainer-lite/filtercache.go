package libcontainer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/linux/seccomp"
)

// filterCache keeps compiled seccomp filters in ROOT/.seccomp, a name that no
// container can have. A file is named by a hash of its key and holds the key
// itself: two profiles with one hash take turns, and never get each other's
// filter.
type filterCache struct {
	dir string
}

const (
	filterMagic = "wrunbpf1"
	// filterHeader: the magic, a checksum of all behind it, the flags, the
	// lengths of the key and of the instructions.
	filterHeader = 8 + 8 + 4 + 4 + 4
	// maxFilterFile is far more than a profile of every call takes, in bytes.
	maxFilterFile = 1 << 20
	// maxFilters bounds the cache: profiles that are made for one container
	// each must not fill the tmpfs.
	maxFilters = 64
)

// errDamaged marks a file that cannot be believed; it is made anew.
var errDamaged = errors.New("damaged")

func (f *filterCache) path(key []byte) string {
	return filepath.Join(f.dir, strconv.FormatUint(fnv(key), 16))
}

// fnv is the 64-bit FNV-1a hash. It finds damage and spreads names; nobody but
// the owner of the root can write here.
func fnv(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// load gives the filter of a key, nil without an error if there is none.
func (f *filterCache) load(key []byte) (*compile.Filter, error) {
	path := f.path(key)
	fd, err := kernel.Open(path, kernel.O_RDONLY|kernel.O_NOFOLLOW|kernel.O_NONBLOCK, 0)
	if kernel.Errno(err) == syscall.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer kernel.Close(fd)
	i, err := kernel.Fstat(fd)
	if err != nil {
		return nil, err
	}
	if i.Kind() != kernel.S_IFREG || i.Mode&0o022 != 0 || int(i.UID) != os.Geteuid() || i.Size < filterHeader || i.Size > maxFilterFile {
		return nil, fmt.Errorf("%s: not a file of ours: %w", path, errDamaged)
	}
	b := make([]byte, i.Size)
	for n := 0; n < len(b); {
		m, err := kernel.Read(fd, b[n:])
		if err != nil {
			return nil, err
		}
		if m == 0 {
			return nil, fmt.Errorf("%s: %d bytes of %d: %w", path, n, len(b), errDamaged)
		}
		n += m
	}
	return decodeFilter(b, key, path)
}

// decodeFilter checks every part of a file. One with another key is no error:
// it is another profile's.
func decodeFilter(b, key []byte, path string) (*compile.Filter, error) {
	le := binary.LittleEndian
	if string(b[:8]) != filterMagic || le.Uint64(b[8:]) != fnv(b[16:]) {
		return nil, fmt.Errorf("%s: the checksum is wrong: %w", path, errDamaged)
	}
	keyLen, insns := uint64(le.Uint32(b[20:])), uint64(le.Uint32(b[24:]))
	if filterHeader+keyLen+insns != uint64(len(b)) || insns == 0 || insns%8 != 0 || insns > 8*seccomp.MaxInsns {
		return nil, fmt.Errorf("%s: the lengths are wrong: %w", path, errDamaged)
	}
	if !bytes.Equal(b[filterHeader:][:keyLen], key) {
		return nil, nil
	}
	return &compile.Filter{Insns: b[filterHeader+keyLen:], Flags: le.Uint32(b[16:])}, nil
}

func encodeFilter(x *compile.Filter, key []byte) []byte {
	b := make([]byte, filterHeader, filterHeader+len(key)+len(x.Insns))
	le := binary.LittleEndian
	copy(b, filterMagic)
	le.PutUint32(b[16:], x.Flags)
	le.PutUint32(b[20:], uint32(len(key)))
	le.PutUint32(b[24:], uint32(len(x.Insns)))
	b = append(append(b, key...), x.Insns...)
	le.PutUint64(b[8:], fnv(b[16:]))
	return b
}

// save puts a filter in the cache: whole or not at all.
func (f *filterCache) save(x *compile.Filter, key []byte) error {
	b := encodeFilter(x, key)
	if len(b) > maxFilterFile {
		return nil
	}
	if err := f.makeRoom(); err != nil {
		return err
	}
	temp := filepath.Join(f.dir, "new-"+strconv.Itoa(os.Getpid()))
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) { // of a process that died
		return err
	}
	fd, err := kernel.Open(temp, kernel.O_WRONLY|kernel.O_CREAT|kernel.O_EXCL|kernel.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	err = kernel.Write(fd, b)
	kernel.Close(fd)
	if err == nil {
		err = os.Rename(temp, f.path(key))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// makeRoom makes the folder, and empties it when it is full.
func (f *filterCache) makeRoom() error {
	err := syscall.Mkdir(f.dir, 0o700)
	if err == nil || err != syscall.EEXIST {
		return os.NewSyscallError("mkdir "+f.dir, err)
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil || len(entries) < maxFilters {
		return err
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(f.dir, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
