// Package leaks finds what a container must not leave behind on the host:
// cgroups, mounts, processes and file descriptors.
package leaks

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Cgroups returns the cgroup folders of every hierarchy whose name holds name.
func Cgroups(name string) ([]string, error) {
	var found []string
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) {
				return nil // another test's cgroup, gone meanwhile
			}
			return err
		}
		if d.IsDir() && strings.Contains(d.Name(), name) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

// Mounts returns the mountinfo lines of the calling thread that hold text; with
// an empty text, all of them. (/proc/self would be the first thread's, which a
// test may have sent into another namespace.)
func Mounts(text string) ([]string, error) {
	raw, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found, nil
}

// Process is one that should be gone.
type Process struct {
	Pid  int
	Name string // its command line, or comm in brackets
}

// Processes returns the living processes, this one excepted, whose command
// line, cgroup or standard streams hold text: an init that never got as far as
// its cgroup still has its creator's streams. Zombies are not living.
func Processes(text string) ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		// Any file may vanish with its process between two reads.
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		if _, rest, ok := strings.Cut(string(stat), ") "); !ok || strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X") {
			continue
		}
		cmd, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		group, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		line := strings.TrimSpace(strings.ReplaceAll(string(cmd), "\x00", " "))
		if !strings.Contains(line, text) && !strings.Contains(string(group), text) && !strings.Contains(streams(dir), text) {
			continue
		}
		if line == "" {
			comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
			line = "[" + strings.TrimSpace(string(comm)) + "]"
		}
		found = append(found, Process{pid, line})
	}
	return found, nil
}

// streams returns where the first three file descriptors point to.
func streams(dir string) string {
	var all strings.Builder
	for fd := range 3 {
		to, _ := os.Readlink(filepath.Join(dir, "fd", strconv.Itoa(fd)))
		all.WriteString(to + " ")
	}
	return all.String()
}

// FDs returns what the open file descriptors of a process point to, sorted.
func FDs(pid int) ([]string, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var fds []string
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // ReadDir's own descriptor of dir
		}
		fds = append(fds, e.Name()+" "+to)
	}
	slices.Sort(fds)
	return fds, nil
}
