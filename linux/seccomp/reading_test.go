package seccomp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// reading is the profile as a person would read it, told call by call. It
// shares nothing with the compiler but the text of the table.
type reading struct {
	s      *specs.LinuxSeccomp
	native string
	calls  map[string]map[string]uint32 // architecture → name → number with the x32 bit
	names  map[string]map[uint32][]string
	rules  map[string][]int // name → entries of the profile
}

func newReading(s *specs.LinuxSeccomp, native string) *reading {
	r := &reading{s, native, map[string]map[string]uint32{}, map[string]map[uint32][]string{}, map[string][]int{}}
	for i, x := range s.Syscalls {
		for _, n := range x.Names {
			r.rules[n] = append(r.rules[n], i)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		f := strings.Fields(line)
		for i, a := range []string{"X86_64", "X86", "X32", "ARM", "AARCH64"} {
			if r.calls[a] == nil {
				r.calls[a], r.names[a] = map[string]uint32{}, map[uint32][]string{}
			}
			n, err := strconv.Atoi(f[i+1])
			if err != nil {
				continue
			}
			if a == "X32" {
				n += 1 << 30
			}
			r.calls[a][f[0]] = uint32(n)
			r.names[a][uint32(n)] = append(r.names[a][uint32(n)], f[0])
		}
	}
	return r
}

func (r *reading) has(a string) bool {
	return a == r.native || slices.Contains(r.s.Architectures, specs.Arch("SCMP_ARCH_"+a))
}

func (r *reading) verdict(d *data) uint32 {
	a := map[uint32]string{0xc000003e: "X86_64", 0x40000003: "X86", 0x40000028: "ARM", 0xc00000b7: "AARCH64"}[d.arch]
	skipped := false
	if a == "X86_64" && d.nr >= 1<<30 {
		if r.has("X32") {
			a = "X32"
		} else if skipped = d.nr == 1<<32-1; !skipped {
			return 0
		}
	}
	if a == "" || !r.has(a) {
		return 0
	}
	def := word(r.s.DefaultAction, r.s.DefaultErrnoRet)
	if skipped {
		return def
	}
	names := r.names[a][d.nr]
	through := ""
	if a == "X86" {
		through = r.through(d)
	}
	for _, args := range []bool{false, true} { // without arguments first
		for _, i := range r.about(append(slices.Clone(names), through)) {
			x := &r.s.Syscalls[i]
			w := word(x.Action, x.ErrnoRet)
			if w == def {
				continue
			}
			direct := slices.ContainsFunc(x.Names, func(n string) bool { return slices.Contains(names, n) })
			switch {
			case !args && len(x.Args) == 0 && direct:
				return w
			case args && direct && matches(x.Args, d.args, -1, a), args && !direct && matches(x.Args, d.args, 0, a):
				return w
			}
		}
	}
	switch r.s.DefaultAction {
	case "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE":
		return def
	}
	newest, base := r.newest(a), r.calls[a]["read"]&^0x3fffffff
	if newest > base && d.nr > newest {
		return 0x50000 | 38
	}
	return def
}

// newest is the highest number of a call that the profile names; arm's private
// calls do not count.
func (r *reading) newest(a string) (nr uint32) {
	for name := range r.rules {
		if n, ok := r.calls[a][name]; ok && (a != "ARM" || n < 0xf0000) {
			nr = max(nr, n)
		}
	}
	return nr
}

// about gives the profile's entries with one of these names, in order.
func (r *reading) about(names []string) (entries []int) {
	for _, n := range names {
		entries = append(entries, r.rules[n]...)
	}
	slices.Sort(entries)
	return slices.Compact(entries)
}

// through names the call that goes by way of socketcall or ipc.
func (r *reading) through(d *data) string {
	sockets := strings.Fields("- socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg")
	ipc := map[uint16]string{1: "semop", 2: "semget", 3: "semctl", 4: "semtimedop", 11: "msgsnd", 12: "msgrcv", 13: "msgget", 14: "msgctl", 21: "shmat", 22: "shmdt", 23: "shmget", 24: "shmctl"}
	switch n := uint32(d.args[0]); {
	case d.nr == 102 && n > 0 && int(n) < len(sockets):
		return sockets[n]
	case d.nr == 117:
		return ipc[uint16(n)]
	}
	return ""
}

// matches: all conditions hold; but if two are about one argument, each stands
// for itself. skip is an argument that does not count.
func matches(args []specs.LinuxSeccompArg, v [6]uint64, skip int, a string) bool {
	all, any, indexes := true, false, map[uint]bool{}
	for _, c := range args {
		indexes[c.Index] = true
		ok := int(c.Index) == skip || holds(c, v[c.Index], a != "X86_64" && a != "AARCH64")
		all, any = all && ok, any || ok
	}
	if len(indexes) < len(args) {
		return any
	}
	return all
}

func holds(c specs.LinuxSeccompArg, v uint64, narrow bool) bool {
	w, two := c.Value, c.ValueTwo
	if narrow {
		v, w, two = v&0xffffffff, w&0xffffffff, two&0xffffffff
	}
	switch c.Op {
	case "SCMP_CMP_NE":
		return v != w
	case "SCMP_CMP_LT":
		return v < w
	case "SCMP_CMP_LE":
		return v <= w
	case "SCMP_CMP_EQ":
		return v == w
	case "SCMP_CMP_GE":
		return v >= w
	case "SCMP_CMP_GT":
		return v > w
	}
	return v&w == two
}

func word(a specs.LinuxSeccompAction, errno *uint) uint32 {
	e := uint32(1)
	if errno != nil {
		e = uint32(*errno)
	}
	return map[specs.LinuxSeccompAction]uint32{
		"SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_THREAD": 0, "SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_TRAP": 0x30000,
		"SCMP_ACT_ERRNO": 0x50000 | e, "SCMP_ACT_TRACE": 0x7ff00000 | e, "SCMP_ACT_LOG": 0x7ffc0000, "SCMP_ACT_ALLOW": 0x7fff0000,
		"SCMP_ACT_NOTIFY": 0x7fc00000,
	}[a]
}
