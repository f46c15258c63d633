package integration

import (
	"fmt"
	"os"
	"path/filepath"
	gort "runtime"
	"strconv"
	"strings"
	"syscall"

	"wrun/tests/host"
)

// condition answers the conditions of scripts beside testscript's own:
// [runtime:wrun] [cgroup:v1|v2|hybrid] [controller:memory] [cap:24]
// [kernel:6.5] (or newer) [lsm:apparmor] [guest:x.wasm] (it is built) [nsnet] (PID 1's network namespace may
// be opened) [numa] (the kernel knows memory policies).
func (rt *runtime) condition(cond string) (bool, error) {
	if cond == "nsnet" {
		f, err := os.Open("/proc/1/ns/net")
		if err == nil {
			f.Close()
		}
		return err == nil, nil
	}
	if cond == "numa" {
		_, err := os.Stat("/proc/self/numa_maps")
		return err == nil, nil
	}
	kind, arg, ok := strings.Cut(cond, ":")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	switch kind {
	case "runtime":
		return rt.name == arg, nil
	case "guest":
		guests, err := host.Guests("../..")
		if err != nil {
			return false, err
		}
		_, err = os.Stat(filepath.Join(guests, arg))
		return err == nil, nil
	case "cgroup":
		return cgroupVersion() == arg, nil
	case "controller":
		return hasController(arg), nil
	case "cap":
		bit, err := strconv.Atoi(arg)
		return err == nil && capBounding()&(1<<bit) != 0, err
	case "kernel":
		return kernelAtLeast(arg)
	case "cpus":
		n, err := strconv.Atoi(arg)
		return err == nil && gort.NumCPU() >= n, err
	case "lsm":
		list, err := os.ReadFile("/sys/kernel/security/lsm")
		if err != nil {
			return false, nil // no securityfs: no LSM that tests could use
		}
		return strings.Contains(","+string(list)+",", ","+arg+","), nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// cgroup2Magic is CGROUP2_SUPER_MAGIC of linux/magic.h.
const cgroup2Magic = 0x63677270

func cgroupVersion() string {
	var st syscall.Statfs_t
	if syscall.Statfs("/sys/fs/cgroup", &st) == nil && st.Type == cgroup2Magic {
		return "v2"
	}
	if syscall.Statfs("/sys/fs/cgroup/unified", &st) == nil && st.Type == cgroup2Magic {
		return "hybrid"
	}
	return "v1"
}

func hasController(name string) bool {
	if cgroupVersion() == "v2" {
		list, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
		return err == nil && strings.Contains(" "+strings.TrimSpace(string(list))+" ", " "+name+" ")
	}
	_, err := os.Stat(filepath.Join("/sys/fs/cgroup", name, "cgroup.procs"))
	return err == nil
}

func capBounding() uint64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "CapBnd:\t")
	hex, _, _ := strings.Cut(after, "\n")
	mask, _ := strconv.ParseUint(hex, 16, 64)
	return mask
}

func kernelAtLeast(want string) (bool, error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return false, err
	}
	var have, need [2]int
	if _, err := fmt.Sscanf(string(release), "%d.%d", &have[0], &have[1]); err != nil {
		return false, err
	}
	if _, err := fmt.Sscanf(want, "%d.%d", &need[0], &need[1]); err != nil {
		return false, fmt.Errorf("[kernel:%s]: %w", want, err)
	}
	return have[0] > need[0] || have[0] == need[0] && have[1] >= need[1], nil
}
