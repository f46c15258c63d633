package libcontainer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"wrun/linux/kernel"
	"wrun/wasm/embedded"
)

const engineName = "wrun-engine"

// engineSource says where wrun-engine may come from: the folder wrun is in,
// ../libexec/wrun from there, and wrun itself. Never from a bundle, the working
// directory or PATH.
type engineSource struct {
	self    string   // wrun's own file, absolute; "" if it cannot be told
	carried string   // the engine's content, or ""
	digest  string   // names the folder the carried engine is unpacked into
	stores  []string // folders to unpack to; the first that works is used
	uid     int
	log     *Log
}

// openEngine gives a descriptor of wrun-engine for execveat(2), which closes on
// exec: nothing it leads to can be changed from inside a container.
func (r *Runtime) openEngine() (int, error) {
	s := engineSource{carried: embedded.Engine(), digest: embedded.Digest(), uid: os.Geteuid(), log: r.Log}
	if self, err := os.Executable(); err != nil {
		r.Log.Debugf("wrun-engine: wrun's own file: %v", err)
	} else {
		s.self = self
	}
	s.stores = engineStores(s.uid, os.Getenv)
	return s.open()
}

// engineStores gives the folders that engines are unpacked to. Whoever is not
// the host's root has one of their own.
func engineStores(uid int, getenv func(string) string) (stores []string) {
	if uid == 0 {
		stores = append(stores, "/var/lib/wrun/engine")
	}
	if uid == 0 && !kernel.InUserNamespace() {
		return stores
	}
	cache := getenv("XDG_CACHE_HOME") // XDG base directory specification
	if home := getenv("HOME"); !filepath.IsAbs(cache) && filepath.IsAbs(home) {
		cache = filepath.Join(home, ".cache")
	}
	if filepath.IsAbs(cache) {
		stores = append(stores, filepath.Join(cache, "wrun", "engine"))
	}
	return stores
}

func (s *engineSource) open() (int, error) {
	var reasons []string
	for _, path := range s.installed() {
		fd, err := s.openFile(path, -1)
		switch {
		case err == nil:
			s.log.Debugf("wrun-engine: %s", path)
			return fd, nil
		case !errors.Is(err, fs.ErrNotExist):
			reasons = append(reasons, err.Error())
		}
	}
	if s.carried == "" {
		reasons = append(reasons, fmt.Sprintf("this wrun carries none, and looked for %s", strings.Join(s.installed(), " and ")))
		return -1, fmt.Errorf("wrun-engine, which WebAssembly needs: %s", strings.Join(reasons, "; "))
	}
	for _, reason := range reasons {
		s.log.Debugf("wrun-engine: passed over: %s", reason)
	}
	for _, store := range s.stores {
		fd, err := s.unpacked(store)
		if err == nil {
			return fd, nil
		}
		s.log.Debugf("wrun-engine: cannot be unpacked: %v", err)
	}
	return execCopy([]byte(s.carried))
}

// installed gives the places an installed engine may be in, in order.
func (s *engineSource) installed() []string {
	if s.self == "" {
		return nil
	}
	dir := filepath.Dir(s.self)
	return []string{filepath.Join(dir, engineName), filepath.Join(filepath.Dir(dir), "libexec", "wrun", engineName)}
}

// openFile opens a file (O_PATH) if it is fit to be the engine: a regular file of
// the given size (-1 for any) that all may execute and nobody but root, or the
// user wrun runs as, may have changed. What it gives is a read-only mount of
// its own, or, where wrun may not mount (rootless), a sealed copy in memory.
func (s *engineSource) openFile(path string, size int64) (fd int, err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return -1, err
	}
	fd, mountErr := kernel.OpenReadonly(filepath.Dir(path), filepath.Base(path))
	if mountErr != nil {
		if fd, err = kernel.Open(path, kernel.O_PATH, 0); err != nil {
			return -1, err
		}
	}
	if err := s.checkFile(fd, path, size); err != nil {
		kernel.Close(fd)
		return -1, err
	}
	if mountErr == nil {
		return fd, nil
	}
	defer kernel.Close(fd)
	s.log.Debugf("wrun-engine: copied into memory: %v", mountErr)
	content, err := readEngine(fd)
	if err != nil {
		return -1, err
	}
	return execCopy(content)
}

func (s *engineSource) checkFile(fd int, path string, size int64) error {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return fmt.Errorf("%s: fstat: %w", path, err)
	}
	switch {
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return fmt.Errorf("%s: not a regular file", path)
	case !s.trusted(st.Uid):
		return fmt.Errorf("%s: owned by uid %d, neither root nor the user of wrun; it could be changed behind wrun's back: chown root it", path, st.Uid)
	case st.Mode&(syscall.S_ISUID|syscall.S_ISGID) != 0:
		return fmt.Errorf("%s: mode %04o: set-user-id or set-group-id: chmod 0755 it", path, st.Mode&0o7777)
	case st.Mode&0o022 != 0:
		return fmt.Errorf("%s: mode %04o: others than its owner may write it: chmod 0755 it", path, st.Mode&0o7777)
	case st.Mode&0o111 != 0o111:
		return fmt.Errorf("%s: mode %04o: not everybody may execute it: chmod 0755 it", path, st.Mode&0o7777)
	case size >= 0 && st.Size != size:
		return fmt.Errorf("%s: %d bytes, not %d", path, st.Size, size)
	}
	return nil
}

// trusted tells whether a file of this owner can be trusted: root's, one's own,
// and, in a user namespace, that of whoever owns wrun, where the host's root
// may be nobody (user_namespaces(7), "Unmapped user and group IDs").
func (s *engineSource) trusted(uid uint32) bool {
	if uid == 0 || int(uid) == s.uid {
		return true
	}
	var self syscall.Stat_t
	return s.self != "" && kernel.InUserNamespace() && syscall.Stat(s.self, &self) == nil && self.Uid == uid
}

// unpacked gives the engine that wrun carries as a file in a store, one folder
// per version. What is not fit there is written anew.
func (s *engineSource) unpacked(store string) (fd int, err error) {
	if len(s.digest) != 64 {
		return -1, fmt.Errorf("this wrun was built without its engine's SHA-256, but with %q", s.digest)
	}
	dir := filepath.Join(store, s.digest)
	path := filepath.Join(dir, engineName)
	if fd, err := s.checkUnpacked(dir, path); err == nil {
		return fd, nil
	}
	if err := unpack(dir, path, s.carried); err != nil {
		return -1, err
	}
	return s.checkUnpacked(dir, path)
}

func (s *engineSource) checkUnpacked(dir, path string) (fd int, err error) {
	st, err := os.Lstat(dir)
	if err != nil {
		return -1, err
	}
	owner := st.Sys().(*syscall.Stat_t).Uid
	if !st.IsDir() || int(owner) != s.uid || st.Mode()&0o022 != 0 {
		return -1, fmt.Errorf("%s: mode %v, owner %d: must be a folder that uid %d alone may write", dir, st.Mode(), owner, s.uid)
	}
	return s.openFile(path, int64(len(s.carried)))
}

// temporaryEngine is what an engine is called while it is written.
const temporaryEngine = ".wrun-engine-"

// unpack writes the engine so that, whenever the machine stops, there is either
// none or all of it.
func unpack(dir, path, content string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := removeStale(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, temporaryEngine)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	for _, do := range []func() error{func() error { return f.Chmod(0o755) }, f.Sync} {
		if err == nil {
			err = do()
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		return syncFolder(dir)
	}
	if e := os.Remove(f.Name()); e != nil {
		return fmt.Errorf("%w; %w", err, e)
	}
	return err
}

// removeStale removes what an unpacking that was killed has left behind.
func removeStale(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), temporaryEngine) {
			continue
		}
		// Another wrun may be writing it, and may be done by now.
		info, err := e.Info()
		if err == nil && time.Since(info.ModTime()) > time.Hour {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// readEngine reads the file behind an O_PATH descriptor, which has to be opened
// again for that.
func readEngine(fd int) ([]byte, error) {
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// execCopy gives a sealed memfd of the engine, or a file in a detached tmpfs
// where the sysctl vm.memfd_noexec forbids that.
func execCopy(content []byte) (int, error) {
	fd, err := kernel.ExecMemfd(engineName, content)
	if errors.Is(err, kernel.ErrMemfdNoexec) {
		fd, err = kernel.ExecTmpfs(engineName, content)
	}
	if err != nil {
		return -1, fmt.Errorf("wrun-engine: %w", err)
	}
	return fd, nil
}
