package libcontainer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/spec"
)

// writeIDMaps gives the stub's user namespace its maps: user_namespaces(7). A
// map is written in one write, and only once.
func (c *container) writeIDMaps() error {
	dir := "/proc/" + strconv.Itoa(c.pid)
	for _, m := range []struct {
		file, field string
		maps        []specs.LinuxIDMapping
	}{
		{"/gid_map", "linux.gidMappings", c.spec.Linux.GIDMappings},
		{"/uid_map", "linux.uidMappings", c.spec.Linux.UIDMappings},
	} {
		if err := kernel.WriteFile(dir+m.file, mapText(m.maps)); err != nil {
			return fmt.Errorf("%s: %w", m.field, err)
		}
	}
	return nil
}

func mapText(maps []specs.LinuxIDMapping) string {
	var b strings.Builder
	for _, m := range maps {
		fmt.Fprintf(&b, "%d %d %d\n", m.ContainerID, m.HostID, m.Size)
	}
	return b.String()
}

// hostID is what an id of the container is outside. An id that no map holds is
// -1, which chown(2) takes for "leave it".
func hostID(maps []specs.LinuxIDMapping, id uint32) int {
	if len(maps) == 0 {
		return int(id)
	}
	for _, m := range maps {
		if id >= m.ContainerID && uint64(id)-uint64(m.ContainerID) < uint64(m.Size) {
			return int(m.HostID + (id - m.ContainerID))
		}
	}
	return -1
}

// tree opens for the init what its own rights would not let it, in its mount
// namespace, and sends it the descriptor.
func (c *container) tree(x *compile.Barrier) error {
	if c.mounts == nil {
		var err error
		if c.mounts, err = kernel.EnterMountNS(c.pid); err != nil {
			return fmt.Errorf("the init's mount namespace: %w", err)
		}
	}
	fd, err := c.mounts.CloneTree(x.Path, x.Recursive || x.Kind == compile.BarrierRoot)
	if err != nil {
		return err
	}
	defer kernel.Close(fd)
	if x.Kind == compile.BarrierRoot {
		if err := c.mounts.Attach(fd, x.Path); err != nil {
			return err
		}
	}
	return kernel.SendDescriptor(c.sync.fd, []byte{1}, fd)
}

// setRlimits sets the resource limits of an init whose user namespace has no
// right to raise them.
func (c *container) setRlimits() error {
	if !c.program.UserNS || c.spec.Process == nil {
		return nil
	}
	for i, r := range c.spec.Process.Rlimits {
		n, ok := spec.Rlimit(r.Type)
		if !ok {
			return fmt.Errorf("process.rlimits[%d].type: %q is no resource limit of Linux", i, r.Type)
		}
		if err := kernel.Prlimit(c.pid, n, r.Soft, r.Hard); err != nil {
			return fmt.Errorf("process.rlimits[%d] %s: %w", i, r.Type, err)
		}
	}
	return nil
}
