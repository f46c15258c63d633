package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// MountPoint gives the mount point that a path lies beneath, or is.
func MountPoint(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	best := mountPointIn(string(b), path)
	if best == "" {
		return "", fmt.Errorf("%s lies beneath no mount of /proc/self/mountinfo", path)
	}
	return best, nil
}

func mountPointIn(mountinfo, path string) (best string) {
	for line := range strings.SplitSeq(mountinfo, "\n") {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		at := unescapeMount(f[4])
		if (at == "/" || path == at || strings.HasPrefix(path, at+"/")) && len(at) >= len(best) {
			best = at
		}
	}
	return best
}
