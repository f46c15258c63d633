package seccomp

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func load(t testing.TB, path string) *specs.LinuxSeccomp {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := new(specs.LinuxSeccomp)
	if err := json.Unmarshal(b, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVerdicts compares filter and profile over every number of every
// architecture, with arguments at the edges of the profile's comparisons.
func TestVerdicts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) < 3 {
		t.Fatalf("profiles: %v, %v", paths, err)
	}
	for _, path := range paths {
		for _, native := range []specs.Arch{specs.ArchX86_64, specs.ArchAARCH64} {
			t.Run(filepath.Base(path)+" "+string(native), func(t *testing.T) {
				compare(t, load(t, path), native)
			})
		}
	}
}

func compare(t testing.TB, s *specs.LinuxSeccomp, native specs.Arch) {
	t.Helper()
	f, _, err := Compile(s, native)
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(f.Insns); err != nil {
		t.Fatal(err)
	}
	r := newReading(s, strings.TrimPrefix(string(native), "SCMP_ARCH_"))
	var argued []data
	for _, a := range []uint32{0xc000003e, 0x40000003, 0x40000028, 0xc00000b7, 0x80000016, 0} {
		for _, base := range []uint32{0, 0x40000000, 0xf0000} {
			for nr := base; nr < base+600; nr++ {
				argued = append(argued, data{nr: nr, arch: a})
			}
		}
		for _, nr := range []uint32{0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff} {
			argued = append(argued, data{nr: nr, arch: a})
		}
	}
	longest := 0
	for _, d := range argued {
		for _, args := range edges(s) {
			d.args = args
			got, steps, err := run(f.Insns, &d)
			if err != nil {
				t.Fatal(err)
			}
			longest = max(longest, steps)
			if want := r.verdict(&d); got != want {
				t.Fatalf("arch %#x, call %d (%#x), arguments %x: %#x, want %#x", d.arch, d.nr, d.nr, d.args, got, want)
			}
		}
	}
	t.Logf("%d instructions, at most %d run", len(f.Insns)/8, longest)
}

// edges gives arguments around the values that the profile compares with.
func edges(s *specs.LinuxSeccomp) (sets [][6]uint64) {
	values := []uint64{0, 1, 2, 23, 1<<32 - 1, 1 << 32, 1<<64 - 1}
	for _, x := range s.Syscalls {
		for _, a := range x.Args {
			values = append(values, a.Value-1, a.Value, a.Value+1, a.Value|1<<40, a.ValueTwo)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		var v [6]uint64
		for i := range v {
			v[i] = values[rnd.IntN(len(values))]
		}
		sets = append(sets, v)
	}
	return sets
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		flags []specs.LinuxSeccompFlag
		want  uint32
	}{
		{nil, 4},
		{[]specs.LinuxSeccompFlag{}, 0},
		{[]specs.LinuxSeccompFlag{"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"}, 3},
		{[]specs.LinuxSeccompFlag{"SECCOMP_FILTER_FLAG_SPEC_ALLOW"}, 4},
		{[]specs.LinuxSeccompFlag{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}, 0}, // nothing is notified
	} {
		f, _, err := Compile(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Flags: c.flags}, specs.ArchX86_64)
		if err != nil || f.Flags != c.want {
			t.Errorf("%v: %v, %v; want %d", c.flags, f, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`:                                                                                              `linux.seccomp.defaultAction: "" is none of `,
		`{"defaultAction":"SCMP_ACT_NOTIFY"}`:                                                                                                                      `linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action`,
		`{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}`:                                                                                                   `linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno`,
		`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`:                                                                                                `linux.seccomp.defaultErrnoRet: 4096 is no errno, they go up to 4095`,
		`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86","SCMP_ARCH_VAX"]}`:                                                                     `linux.seccomp.architectures[1]: "SCMP_ARCH_VAX" is none of `,
		`{"defaultAction":"SCMP_ACT_ALLOW","flags":["LOG"]}`:                                                                                                       `linux.seccomp.flags[0]: "LOG" is none of `,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_DENY"}]}`:                                                              `linux.seccomp.syscalls[0].action: "SCMP_ACT_DENY" is none of `,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","errnoRet":2}]}`:                                                  `linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_LOG takes no errno`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read",""],"action":"SCMP_ACT_LOG"}]}`:                                                            `linux.seccomp.syscalls[0].names[1]: is empty`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["write"],"action":"SCMP_ACT_NOTIFY"}]}`:                                                           `linux.seccomp.syscalls[0].names[0]: SCMP_ACT_NOTIFY cannot be used for the write syscall`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]}`:                       `linux.seccomp.syscalls[0].args[0].index: 6 is none of 0 to 5`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":1,"op":"SCMP_CMP_EQ"},{"index":0,"op":"=="}]}]}`: `linux.seccomp.syscalls[0].args[1].op: "==" is none of `,
	} {
		s := new(specs.LinuxSeccomp)
		if err := json.Unmarshal([]byte(text), s); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Compile(s, specs.ArchX86_64); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	_, notes, err := Compile(load(t, "testdata/mixed.json"), specs.ArchX86_64)
	want := "linux.seccomp: unknown system calls are ignored: nosuchcall riscv_flush_icache"
	if err != nil || len(notes) != 1 || notes[0] != want {
		t.Errorf("%q, %v; want %q", notes, err, want)
	}
}

// TestTooLong: a profile that makes more than the kernel takes is refused.
func TestTooLong(t *testing.T) {
	s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	for i := range 2000 {
		s.Syscalls = append(s.Syscalls, specs.LinuxSyscall{Names: []string{"read"}, Action: specs.ActLog, Args: []specs.LinuxSeccompArg{{Index: 0, Value: uint64(i), Op: specs.OpEqualTo}}})
	}
	if _, _, err := Compile(s, specs.ArchX86_64); err == nil || !strings.Contains(err.Error(), "the kernel takes at most 4096") {
		t.Error(err)
	}
}

// TestTable holds the table against the headers of this machine.
func TestTable(t *testing.T) {
	column := map[string]int{"64": colAMD64, "32": colX86, "x32": colX32}
	for name, col := range column {
		text, err := os.ReadFile("/usr/include/x86_64-linux-gnu/asm/unistd_" + name + ".h")
		if os.IsNotExist(err) {
			t.Skip("no kernel headers (linux-libc-dev) here")
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$`).FindAllStringSubmatch(string(text), -1) {
			if nrs, ok := lookup(m[1]); !ok || strconv.Itoa(int(nrs[col])) != m[2] {
				t.Errorf("%s of %s: %d, %v; the header says %s", m[1], name, nrs[col], ok, m[2])
			}
		}
	}
	for _, name := range []string{"", "a", "zzz", "\n", "read 0", "writ", "_llsee"} {
		if _, ok := lookup(name); ok {
			t.Errorf("%q is known", name)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, p := range []string{"containerd-admin", "docker", "docker-arm64", "mixed"} {
		b, err := os.ReadFile("testdata/" + p + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint32(60), uint64(1), uint64(2))
	}
	f.Fuzz(func(t *testing.T, b []byte, nr uint32, x, y uint64) {
		s := new(specs.LinuxSeccomp)
		if json.Unmarshal(b, s) != nil {
			return
		}
		c, _, err := Compile(s, specs.ArchX86_64)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("%q", err)
			}
			return
		}
		if err := valid(c.Insns); err != nil {
			t.Fatal(err)
		}
		r := newReading(s, "X86_64")
		for _, a := range []uint32{0xc000003e, 0x40000003, 0x40000028} {
			d := &data{nr, a, [6]uint64{x, y, x, y, x ^ y, x + y}}
			got, _, err := run(c.Insns, d)
			if want := r.verdict(d); err != nil || got != want {
				t.Fatalf("%+v: %#x, %v; want %#x", d, got, err, want)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	s := load(b, "testdata/docker.json")
	for b.Loop() {
		if _, _, err := Compile(s, specs.ArchX86_64); err != nil {
			b.Fatal(err)
		}
	}
}
