package seccomp

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestLibseccomp compares verdicts with the filter that libseccomp makes of
// the same profile. Left out: calls that this libseccomp does not know, and
// those behind the newest known one, to which runc adds its own answer.
func TestLibseccomp(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("libseccomp takes the architecture that it runs on for the native one; the profiles are for amd64")
	}
	for _, name := range []string{"docker", "containerd-admin", "overlaps"} {
		t.Run(name, func(t *testing.T) {
			path := "testdata/" + name + ".json"
			theirs, unknown := libseccomp(t, path)
			s := load(t, path)
			for i := range s.Syscalls {
				x := &s.Syscalls[i]
				x.Names = slices.DeleteFunc(x.Names, func(n string) bool { return slices.Contains(unknown, n) })
			}
			ours, _, err := Compile(s, specs.ArchX86_64)
			if err != nil {
				t.Fatal(err)
			}
			r := newReading(s, "X86_64")
			sets := edges(s)
			compared := 0
			for _, audit := range []uint32{0xc000003e, 0x40000003, 0x40000028, 0xc00000b7} {
				for _, base := range []uint32{0, x32Bit} {
					if base == x32Bit && audit != 0xc000003e {
						continue // no bit of x32's there, but numbers far behind the newest
					}
					last := base + 600
					for a, token := range map[string]uint32{"X86_64": 0xc000003e, "X86": 0x40000003, "X32": 0xc000003e} {
						if token == audit && r.has(a) && (a == "X32") == (base == x32Bit) && s.DefaultAction != specs.ActAllow {
							last = r.newest(a)
						}
					}
					for nr := base; nr <= last; nr++ {
						for _, args := range sets {
							d := &data{nr, audit, args}
							want, _, err := run(theirs, d)
							if err != nil {
								t.Fatal(err)
							}
							if got, _, err := run(ours.Insns, d); err != nil || got != want {
								t.Fatalf("%+v (%v): %#x, %v; libseccomp says %#x", *d, r.names["X86_64"][nr], got, err, want)
							}
							compared++
						}
					}
				}
			}
			t.Logf("%d verdicts; %d instructions, libseccomp's has %d", compared, len(ours.Insns)/8, len(theirs)/8)
		})
	}
}

func libseccomp(t *testing.T, profile string) (filter []byte, unknown []string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to call libseccomp with")
	}
	out := filepath.Join(t.TempDir(), "bpf")
	cmd := exec.Command(python, "testdata/libseccomp.py", profile, out)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	names, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skip("no libseccomp.so.2")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if filter, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	return filter, strings.Fields(string(names))
}
