package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cgfile ID CONTROLLER FILE prints a file of the container's cgroup to stdout;
// on v2 the controller is not looked at.
func (rt *runtime) cmdCgfile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: cgfile ID CONTROLLER FILE")
	}
	doc, err := rt.state(ts, args[0])
	ts.Check(err)
	dir, err := cgroupOf(int(doc["pid"].(float64)), args[1])
	ts.Check(err)
	text, err := os.ReadFile(filepath.Join(dir, args[2]))
	if neg {
		if err == nil {
			ts.Fatalf("%s/%s exists: %s", dir, args[2], text)
		}
		return
	}
	ts.Check(err)
	_, err = ts.Stdout().Write(text)
	ts.Check(err)
}

// cgroupOf returns the cgroup folder that a process is in.
func cgroupOf(pid int, controller string) (string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", err
	}
	version := cgroupVersion()
	for line := range strings.Lines(string(raw)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // cgroups(7): id:controllers:path
		switch {
		case parts[0] == "0" && version == "v2":
			return filepath.Join("/sys/fs/cgroup", parts[2]), nil
		case version != "v2" && slices.Contains(strings.Split(parts[1], ","), controller):
			return filepath.Join("/sys/fs/cgroup", controller, parts[2]), nil
		}
	}
	return "", fmt.Errorf("process %d: no %s cgroup in %q", pid, controller, raw)
}
