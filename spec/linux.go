package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// linux checks the section of that name (config-linux.md). It may be missing:
// then the container shares every namespace with its creator.
func linux(s *specs.Spec, w *warnings) error {
	l := s.Linux
	if l == nil {
		return nil
	}
	for _, check := range [...]func(*specs.Linux) error{
		namespaces,
		needsUser,
		needsTime,
		cgroupsPath,
		devices,
		propagation,
		hiddenPaths,
		mountLabel,
		execution,
		sysctls,
	} {
		if err := check(l); err != nil {
			return err
		}
	}
	return resources(l.Resources, w)
}

func namespaces(l *specs.Linux) error {
	for i := range l.Namespaces {
		n := &l.Namespaces[i]
		switch n.Type {
		case specs.PIDNamespace, specs.NetworkNamespace, specs.MountNamespace, specs.IPCNamespace,
			specs.UTSNamespace, specs.UserNamespace, specs.CgroupNamespace, specs.TimeNamespace:
		default:
			return fmt.Errorf("linux.namespaces[%d].type: %q is none of pid, network, mount, ipc, uts, user, cgroup, time", i, n.Type)
		}
		if first := namespace(l, n.Type); first != i {
			return fmt.Errorf("linux.namespaces[%d].type: %s is there twice, first at [%d]", i, n.Type, first)
		}
		if n.Path == "" {
			continue
		}
		if bad := badHostPath(n.Path); bad != "" {
			return fmt.Errorf("linux.namespaces[%d].path: %s: %q %s", i, n.Type, n.Path, bad)
		}
	}
	return nil
}

// needsUser: id mappings mean nothing without a user namespace, and a new user
// namespace without mappings is of no use.
func needsUser(l *specs.Linux) error {
	i := namespace(l, specs.UserNamespace)
	switch {
	case i < 0 && len(l.UIDMappings) > 0:
		return fmt.Errorf("linux.uidMappings: needs a user namespace, linux.namespaces has none")
	case i < 0 && len(l.GIDMappings) > 0:
		return fmt.Errorf("linux.gidMappings: needs a user namespace, linux.namespaces has none")
	case i >= 0 && l.Namespaces[i].Path == "" && len(l.UIDMappings) == 0:
		return fmt.Errorf("linux.uidMappings: is empty, but linux.namespaces[%d] is a new user namespace", i)
	case i >= 0 && l.Namespaces[i].Path == "" && len(l.GIDMappings) == 0:
		return fmt.Errorf("linux.gidMappings: is empty, but linux.namespaces[%d] is a new user namespace", i)
	}
	return nil
}

// needsTime: offsets can be set only while a time namespace is new (time_namespaces(7)).
func needsTime(l *specs.Linux) error {
	if len(l.TimeOffsets) == 0 {
		return nil
	}
	if i := namespace(l, specs.TimeNamespace); i < 0 || l.Namespaces[i].Path != "" {
		return fmt.Errorf("linux.timeOffsets: needs a new time namespace, linux.namespaces has none")
	}
	return nil
}

// cgroupsPath must not leave the hierarchy, or name a cgroup by way of another.
// The form SLICE:PREFIX:NAME of the systemd driver is judged by the driver.
func cgroupsPath(l *specs.Linux) error {
	switch {
	case strings.IndexByte(l.CgroupsPath, 0) >= 0:
		return fmt.Errorf("linux.cgroupsPath: %q holds a NUL byte", l.CgroupsPath)
	case dotdot(l.CgroupsPath):
		return fmt.Errorf("linux.cgroupsPath: %q has a \"..\"", l.CgroupsPath)
	}
	return nil
}

func devices(l *specs.Linux) error {
	for i := range l.Devices {
		d := &l.Devices[i]
		if bad := badRootPath(d.Path); bad != "" {
			return fmt.Errorf("linux.devices[%d].path: %q %s", i, d.Path, bad)
		}
		switch d.Type {
		case "c", "u", "b":
			// dev_t of the kernel: 12 bits and 20 (linux/kdev_t.h).
			if d.Major < 0 || d.Major > 4095 {
				return fmt.Errorf("linux.devices[%d].major: %s: %d is not within 0 to 4095", i, d.Path, d.Major)
			}
			if d.Minor < 0 || d.Minor > 1048575 {
				return fmt.Errorf("linux.devices[%d].minor: %s: %d is not within 0 to 1048575", i, d.Path, d.Minor)
			}
		case "p":
		default:
			return fmt.Errorf("linux.devices[%d].type: %s: %q is none of c, b, u, p", i, d.Path, d.Type)
		}
		// Some callers leave the file type (S_IFMT) in; runc masks it off.
		if m := d.FileMode; m != nil && *m&^0o177777 != 0 {
			return fmt.Errorf("linux.devices[%d].fileMode: %s: %d (octal %o) is no file mode", i, d.Path, *m, *m)
		}
		if d.UID != nil && *d.UID == noID {
			return fmt.Errorf("linux.devices[%d].uid: %s: %d is no user's id", i, d.Path, *d.UID)
		}
		if d.GID != nil && *d.GID == noID {
			return fmt.Errorf("linux.devices[%d].gid: %s: %d is no group's id", i, d.Path, *d.GID)
		}
	}
	return nil
}

func propagation(l *specs.Linux) error {
	switch l.RootfsPropagation {
	case "", "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable":
		return nil
	}
	return fmt.Errorf("linux.rootfsPropagation: %q is none of private, slave, shared, unbindable", l.RootfsPropagation)
}

// execution checks what every process of the container is executed with.
func execution(l *specs.Linux) error {
	if _, _, err := Personality(l.Personality); err != nil {
		return err
	}
	_, _, _, err := MemoryPolicy(l.MemoryPolicy)
	return err
}

// mountLabel goes into mount options within double quotes.
func mountLabel(l *specs.Linux) error {
	if strings.ContainsAny(l.MountLabel, "\"\x00") {
		return fmt.Errorf("linux.mountLabel: %q holds a quote or a NUL byte", l.MountLabel)
	}
	return nil
}

// hiddenPaths checks maskedPaths and readonlyPaths. Without a mount namespace
// they would hide the paths from the whole host.
func hiddenPaths(l *specs.Linux) error {
	for _, f := range [...]struct {
		field string
		paths []string
	}{
		{"maskedPaths", l.MaskedPaths},
		{"readonlyPaths", l.ReadonlyPaths},
	} {
		if len(f.paths) > 0 && namespace(l, specs.MountNamespace) < 0 {
			return fmt.Errorf("linux.%s: needs a mount namespace, linux.namespaces has none", f.field)
		}
		for i, p := range f.paths {
			if bad := badRootPath(p); bad != "" {
				return fmt.Errorf("linux.%s[%d]: %q %s", f.field, i, p, bad)
			}
		}
	}
	return nil
}
