package wasm

import (
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func limited(pids, memory int64, uid uint32, rlimits ...specs.POSIXRlimit) *specs.Spec {
	return &specs.Spec{
		Process: &specs.Process{User: specs.User{UID: uid}, Rlimits: rlimits},
		Linux: &specs.Linux{Resources: &specs.LinuxResources{
			Pids:   &specs.LinuxPids{Limit: &pids},
			Memory: &specs.LinuxMemory{Limit: &memory},
		}},
	}
}

func rlimit(kind string, soft uint64) specs.POSIXRlimit {
	return specs.POSIXRlimit{Type: kind, Soft: soft, Hard: 1 << 40}
}

func TestLimits(t *testing.T) {
	mapped := limited(0, 0, 0, rlimit("RLIMIT_NPROC", 1))
	mapped.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.UserNamespace}}
	for _, c := range []struct {
		name string
		spec *specs.Spec
		want string
	}{
		{"nothing", &specs.Spec{}, ""},
		{"no limits", limited(-1, -1, 1000), ""},
		{"zero", limited(0, 0, 1000), ""},
		{"just enough", limited(MinPids, MinMemory, 1000, rlimit("RLIMIT_AS", MinAS), rlimit("RLIMIT_NPROC", MinPids)), ""},
		{"pids", limited(7, 0, 0), "linux.resources.pids.limit: 7 is too small for the wasm engine: it needs 8"},
		{"memory", limited(0, 1<<20, 0), "linux.resources.memory.limit: 1048576 is too small for the wasm engine: it needs 12582912"},
		{"AS", limited(0, 0, 0, rlimit("RLIMIT_CORE", 0), rlimit("RLIMIT_AS", 5)), "process.rlimits[1].soft (RLIMIT_AS): 5 is too small for the wasm engine: it needs 1073741824"},
		{"DATA", limited(0, 0, 0, rlimit("RLIMIT_DATA", 5)), "process.rlimits[0].soft (RLIMIT_DATA): 5 is too small for the wasm engine: it needs 167772160"},
		{"STACK", limited(0, 0, 0, rlimit("RLIMIT_STACK", 5)), "process.rlimits[0].soft (RLIMIT_STACK): 5 is too small for the wasm engine: it needs 65536"},
		{"NOFILE", limited(0, 0, 0, rlimit("RLIMIT_NOFILE", 5)), "process.rlimits[0].soft (RLIMIT_NOFILE): 5 is too small for the wasm engine: it needs 16"},
		{"NPROC of a user", limited(0, 0, 1, rlimit("RLIMIT_NPROC", 1)), "process.rlimits[0].soft (RLIMIT_NPROC): 1 is too small for the wasm engine: it needs 8"},
		{"NPROC of root", limited(0, 0, 0, rlimit("RLIMIT_NPROC", 1)), ""},
		{"NPROC of a mapped root", mapped, "process.rlimits[0].soft (RLIMIT_NPROC): 1 is too small for the wasm engine: it needs 8"},
	} {
		err := Limits(c.spec)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEngineEnv(t *testing.T) {
	const fixed = "GODEBUG=containermaxprocs=0,updatemaxprocs=0"
	cpus := int64(runtime.NumCPU())
	for pids, want := range map[int64][]string{
		0:        {fixed},
		-1:       {fixed},
		MinPids:  {fixed, "GOMAXPROCS=1"},
		cpus + 6: {fixed, "GOMAXPROCS=" + strconv.FormatInt(max(cpus-1, 1), 10)},
		cpus + 7: {fixed},
	} {
		if pids == MinPids && cpus == 1 {
			continue // the same as cpus+7
		}
		if got := EngineEnv(limited(pids, 0, 0)); !slices.Equal(got, want) {
			t.Errorf("pids %d: %q", pids, got)
		}
	}
}
