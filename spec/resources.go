package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// resources checks what would otherwise be written to a wrong file, or be
// refused by the kernel with a bare EINVAL. Limits that are good or bad only
// beside others, or on one cgroup version, are for the cgroup code to judge.
func resources(r *specs.LinuxResources, w *warnings) error {
	if r == nil {
		return nil
	}
	if err := deviceRules(r.Devices); err != nil {
		return err
	}
	if err := memory(r.Memory, w); err != nil {
		return err
	}
	for i := range r.HugepageLimits {
		// Part of a file name: hugetlb.2MB.max
		if size := r.HugepageLimits[i].Pagesize; !pageSize(size) {
			return fmt.Errorf("linux.resources.hugepageLimits[%d].pageSize: %q is not a size such as 64KB, 2MB, 1GB", i, size)
		}
	}
	return unified(r.Unified)
}

func deviceRules(rules []specs.LinuxDeviceCgroup) error {
	for i := range rules {
		d := &rules[i]
		switch d.Type {
		case "", "a", "b", "c":
		default:
			return fmt.Errorf("linux.resources.devices[%d].type: %q is none of a, b, c", i, d.Type)
		}
		if d.Access == "" || strings.Trim(d.Access, "rwm") != "" {
			return fmt.Errorf("linux.resources.devices[%d].access: %q is not made of r, w, m", i, d.Access)
		}
		// -1, like no value, is every number. The filter compares 32 bits.
		if d.Major != nil && (*d.Major < -1 || *d.Major > 1<<32-1) {
			return fmt.Errorf("linux.resources.devices[%d].major: %d is not within -1 to 4294967295", i, *d.Major)
		}
		if d.Minor != nil && (*d.Minor < -1 || *d.Minor > 1<<32-1) {
			return fmt.Errorf("linux.resources.devices[%d].minor: %d is not within -1 to 4294967295", i, *d.Minor)
		}
	}
	return nil
}

func memory(m *specs.LinuxMemory, w *warnings) error {
	if m == nil {
		return nil
	}
	for _, l := range [...]struct {
		field string
		bytes *int64
	}{
		{"limit", m.Limit},
		{"reservation", m.Reservation},
		{"swap", m.Swap},
	} {
		if l.bytes != nil && *l.bytes < -1 {
			return fmt.Errorf("linux.resources.memory.%s: %d bytes: want -1 (no limit) or more", l.field, *l.bytes)
		}
	}
	if m.Swappiness != nil && *m.Swappiness > 100 {
		return fmt.Errorf("linux.resources.memory.swappiness: %d is not within 0 to 100", *m.Swappiness)
	}
	if m.Kernel != nil && *m.Kernel != 0 { //nolint:staticcheck // deprecated, which is why
		w.add("linux.resources.memory.kernel: ignored, Linux has no such limit since 5.4")
	}
	if m.KernelTCP != nil && *m.KernelTCP != 0 {
		w.add("linux.resources.memory.kernelTCP: ignored, cgroup v2 has no such limit")
	}
	return nil
}

// pageSize checks the form [1-9][0-9]*[KMG]B of the schema.
func pageSize(s string) bool {
	digits := len(s) - 2
	if digits < 1 || s[0] == '0' || s[digits+1] != 'B' || strings.IndexByte("KMG", s[digits]) < 0 {
		return false
	}
	for i := range digits {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// unified: a key is the name of a file in the cgroup's own directory,
// CONTROLLER.PARAMETER. Of several bad ones the first by name is reported.
func unified(files map[string]string) error {
	key, bad := "", false
	for k, v := range files {
		dot := strings.IndexByte(k, '.')
		ok := dot > 0 && dot < len(k)-1 && strings.IndexByte(k, '/') < 0 && strings.IndexByte(k, 0) < 0 && strings.IndexByte(v, 0) < 0
		if !ok && (!bad || k < key) {
			key, bad = k, true
		}
	}
	if bad {
		return fmt.Errorf("linux.resources.unified: %q is not CONTROLLER.PARAMETER, or its value holds a NUL byte", key)
	}
	return nil
}
