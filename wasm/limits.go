package wasm

import (
	"fmt"
	"runtime"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// What the engine itself needs, in bytes where it is memory, whatever the
// module. Below, its Go runtime gives up while it starts, with a message nobody
// can place; so such a limit is refused. Measured by starting a module of 36 bytes under ever smaller limits
// (prlimit(1), pids.max, memory.limit_in_bytes), 3 to 20 times each on amd64
// with Go 1.26, until it failed once; the figure is in the comment.
const (
	MinPids   = 8         // 5 threads with GOMAXPROCS=1; EngineEnv sets that
	MinMemory = 12 << 20  // 4 MiB, and 5 MiB of engine if nobody else has it mapped
	MinAS     = 1 << 30   // 728 MiB, nearly all of it reserved and never used
	MinData   = 160 << 20 // 75 MiB; a module of 2 MB takes it to 132
	MinStack  = 64 << 10  // 14 KiB
	MinNofile = 16        // 6
)

// Limits checks that the limits of a wasm container leave the engine room. The
// error names the limit, its value and what is needed.
func Limits(s *specs.Spec) error {
	if s.Linux != nil && s.Linux.Resources != nil {
		if v := pidsLimit(s); v > 0 && v < MinPids {
			return tooSmall("linux.resources.pids.limit", uint64(v), MinPids)
		}
		if v := MemoryLimit(s); v > 0 && v < MinMemory {
			return tooSmall("linux.resources.memory.limit", v, MinMemory)
		}
	}
	if s.Process == nil {
		return nil
	}
	for i, r := range s.Process.Rlimits {
		if least := leastRlimit(s, r.Type); r.Soft < least {
			return tooSmall(fmt.Sprintf("process.rlimits[%d].soft (%s)", i, r.Type), r.Soft, least)
		}
	}
	return nil
}

func tooSmall(field string, value, least uint64) error {
	return fmt.Errorf("%s: %d is too small for the wasm engine: it needs %d", field, value, least)
}

func leastRlimit(s *specs.Spec, kind string) uint64 {
	switch kind {
	case "RLIMIT_AS":
		return MinAS
	case "RLIMIT_DATA":
		return MinData
	case "RLIMIT_STACK":
		return MinStack
	case "RLIMIT_NOFILE":
		return MinNofile
	case "RLIMIT_NPROC":
		// The host's root is not held to it (setrlimit(2)); a mapped one is.
		if s.Process.User.UID != 0 || userNamespace(s) {
			return MinPids
		}
	}
	return 0
}

func userNamespace(s *specs.Spec) bool {
	if s.Linux == nil {
		return false
	}
	for _, ns := range s.Linux.Namespaces {
		if ns.Type == specs.UserNamespace {
			return true
		}
	}
	return false
}

// pidsLimit is the container's limit of processes and threads, or 0.
func pidsLimit(s *specs.Spec) int64 {
	if s.Linux == nil || s.Linux.Resources == nil || s.Linux.Resources.Pids == nil || s.Linux.Resources.Pids.Limit == nil {
		return 0
	}
	return max(*s.Linux.Resources.Pids.Limit, 0)
}

// MemoryLimit is the container's memory limit in bytes, or 0: Job.MemoryLimit.
func MemoryLimit(s *specs.Spec) uint64 {
	if s.Linux == nil || s.Linux.Resources == nil || s.Linux.Resources.Memory == nil || s.Linux.Resources.Memory.Limit == nil {
		return 0
	}
	return uint64(max(*s.Linux.Resources.Memory.Limit, 0))
}

// EngineEnv is the whole environment of the engine, apart from EnvJob. Nothing
// in it comes from the bundle's env. The Go runtime must not look at the
// cgroup's CPU limit: that means parsing mountinfo, of a container. With few
// pids it gets few CPUs, because it starts about as many threads.
func EngineEnv(s *specs.Spec) []string {
	env := []string{"GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
	const others = MinPids - 1 // threads that are there for other reasons
	if v := pidsLimit(s); v > 0 && v-others < int64(runtime.NumCPU()) {
		env = append(env, "GOMAXPROCS="+strconv.FormatInt(max(v-others, 1), 10))
	}
	return env
}
