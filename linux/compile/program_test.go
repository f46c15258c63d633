package compile_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"wrun/linux/compile"
)

// pageSize is the page size that programs are marshalled for here, in bytes.
const pageSize = 4096

// Compiling is pure: the same input gives the same bytes, also at the same
// time, and nothing of the input is changed.
func TestPure(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(goldenName(path), func(t *testing.T) {
			g := readGolden(t, path)
			before, first := g.input(t), g.output(t)
			again := make([]output, 4)
			var wait sync.WaitGroup
			for i := range again {
				wait.Go(func() { again[i] = g.output(t) })
			}
			wait.Wait()
			for _, o := range again {
				if !reflect.DeepEqual(o, first) {
					t.Error("the same input gave two programs")
				}
			}
			if after := g.input(t); after != before {
				t.Errorf("the input has changed\nfrom %s\nto   %s", before, after)
			}
		})
	}
}

// output is what Compile gave.
type output struct {
	image []byte
	rest  compile.Compiled // without Prog
	err   string
}

func (g *golden) output(t *testing.T) (o output) {
	c, err := g.program()
	if err != nil {
		o.err = err.Error()
		return o
	}
	o.image = c.Prog.Marshal(nil, pageSize)
	o.rest = *c
	o.rest.Prog = nil
	return o
}

func (g *golden) input(t *testing.T) string {
	s, err := json.Marshal(g.spec)
	if err != nil {
		t.Fatal(err)
	}
	o, err := json.Marshal(g.opt)
	if err != nil {
		t.Fatal(err)
	}
	return string(s) + string(o)
}

// The oldest kernel and a new one get the same programs, but where it says
// otherwise here.
func TestFeatures(t *testing.T) {
	var differ []string
	for _, path := range goldens(t) {
		g := readGolden(t, path)
		g.feats.Major, g.feats.Minor = 5, 14
		old := g.output(t)
		g.feats.Major, g.feats.Minor = 6, 18
		if !reflect.DeepEqual(old, g.output(t)) {
			differ = append(differ, g.name)
		}
	}
	want := []string{
		"overlay-long-6.1", "overlay-long-6.18", // lowerdir+, Linux 6.8
	}
	if !slices.Equal(differ, want) {
		t.Errorf("5.14 and 6.18 differ in %q, want %q", differ, want)
	}
}

// What is secret in an environment is in the image, for execve(2) alone: the
// printed program, its fields and what error lines are made of do not show it.
func TestEnvironmentIsNotShown(t *testing.T) {
	const secret = "hunter2"
	for _, path := range goldens(t) {
		g := readGolden(t, path)
		if g.spec.Process == nil {
			continue
		}
		g.spec.Process.Env = append(g.spec.Process.Env, "PASSWORD="+secret, "HOME=/home/"+secret, secret+"=1")
		c, err := g.program()
		if err != nil {
			continue
		}
		if !bytes.Contains(c.Prog.RO, []byte(secret)) {
			t.Errorf("%s: the program has not even the environment", g.name)
		}
		if strings.Contains(describe(t, c), secret) {
			t.Errorf("%s: the printed program shows the environment", g.name)
		}
		for i := range c.Prog.Ops {
			if s := c.Prog.Field(i) + c.Prog.Describe(i); strings.Contains(s, secret) {
				t.Errorf("%s: op %d: %s", g.name, i, s)
			}
		}
	}
}

func defaultGolden(t testing.TB) *golden { return readGolden(t, "testdata/default-v2.txtar") }

// What `wrun spec` writes stays small: its program is written, mapped and run
// at every start.
func TestDefaultIsSmall(t *testing.T) {
	g := defaultGolden(t)
	c, err := g.program()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Prog.Ops); n > 560 {
		t.Errorf("%d ops", n)
	}
	if n := c.Prog.Size(pageSize); n > 40<<10 {
		t.Errorf("%d bytes", n)
	}
	allocs := testing.AllocsPerRun(20, func() {
		if _, err := g.program(); err != nil {
			t.Error(err)
		}
	})
	if allocs > 800 {
		t.Errorf("%.0f allocations", allocs)
	}
	t.Logf("%d ops, %d bytes, %.0f allocations", len(c.Prog.Ops), c.Prog.Size(pageSize), allocs)
}

func BenchmarkDefault(b *testing.B) {
	g := defaultGolden(b)
	b.ReportAllocs()
	ops := 0
	for b.Loop() {
		c, err := g.program()
		if err != nil {
			b.Fatal(err)
		}
		ops = len(c.Prog.Ops)
	}
	b.ReportMetric(float64(ops), "ops")
}
