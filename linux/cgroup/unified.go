package cgroup

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// ErrUnifiedV1 is the answer to linux.resources.unified on a host whose limits
// are cgroup v1's. Clients match on the words.
var ErrUnifiedV1 = errors.New("invalid configuration: cannot use unified on cgroup v1")

// latePrefix begins the names of the files that ApplyLate writes.
const latePrefix = "pids."

// applyUnified writes linux.resources.unified in the order of its keys: those
// of the late limits, or all others. It comes after the classic fields and so
// overrides them.
func (g *Group) applyUnified(files map[string]string, late bool) error {
	if len(files) == 0 {
		return nil
	}
	d := g.unified()
	if d == nil || g.Mode() != V2 {
		return fmt.Errorf("linux.resources.unified: %w", ErrUnifiedV1)
	}
	for _, name := range sortedKeys(files) {
		if strings.HasPrefix(name, latePrefix) != late {
			continue
		}
		if err := g.writeUnified(d, name, files[name]); err != nil {
			return fmt.Errorf("linux.resources.unified: %w", err)
		}
	}
	return nil
}

func (g *Group) writeUnified(d *dir, name, value string) error {
	controller, _, ok := strings.Cut(name, ".")
	switch {
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("unified resource %q must be a file name (no slashes)", name)
	case !ok || controller == "" || name == "..":
		return fmt.Errorf("unified resource %q must be in the form CONTROLLER.PARAMETER", name)
	case !settable(name):
		return fmt.Errorf("unified resource %q is no limit: it acts on processes", name)
	}
	err := writeLines(d.file(name), value)
	switch errnoOf(err) {
	case syscall.ENOENT, syscall.EPERM, syscall.EACCES:
		if have, e := kernel.CgroupRead(d.file("cgroup.controllers")); e == nil && controller != "cgroup" && !listed(have, controller) {
			return fmt.Errorf("unified resource %q can't be set: controller %q not available%s", name, controller, g.whyNot())
		}
	}
	return err
}

// settable refuses the files that move, stop or kill processes: writing "0" to
// cgroup.procs would put wrun itself into the container's cgroup.
func settable(name string) bool {
	switch name {
	case "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze":
		return false
	}
	return true
}

// writeLines writes a value line by line: files such as io.max take one device
// at a time.
func writeLines(path, value string) error {
	f, err := kernel.CgroupOpenControl(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for line := range strings.Lines(value) {
		if err := f.Write(line); err != nil {
			return err
		}
	}
	if value == "" {
		return f.Write("")
	}
	return nil
}
