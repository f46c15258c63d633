package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestBits(t *testing.T) {
	for list, want := range map[string]string{
		"": "[]", " ": "[]", "0": "[1]", "0-3,7": "[143]", "1, 3-4 ": "[26]", "63": "[9223372036854775808]", "64": "[0 1]", "0,128-129": "[1 0 3]",
	} {
		got, err := Bits(list)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v %v, want %s", list, got, err, want)
		}
	}
	for _, list := range []string{"x", "1-", "-1", "3-1", ",", "1,,2", "16384", "0-99999999", "1-2-3", "+1", "0x1"} {
		if got, err := Bits(list); err == nil {
			t.Errorf("%q: %v, want an error", list, got)
		}
	}
}

func TestPersonality(t *testing.T) {
	for _, c := range []struct {
		p    *specs.LinuxPersonality
		want int
		ok   bool
		err  string
	}{
		{nil, 0, false, ""},
		{&specs.LinuxPersonality{}, 0, false, ""},
		{&specs.LinuxPersonality{Domain: "LINUX"}, 0, true, ""},
		{&specs.LinuxPersonality{Domain: "LINUX32", Flags: []specs.LinuxPersonalityFlag{"ADDR_NO_RANDOMIZE", "UNAME26"}}, 0x60008, true, ""},
		{&specs.LinuxPersonality{Domain: "BSD"}, 0, false, "linux.personality.domain"},
		{&specs.LinuxPersonality{Flags: []specs.LinuxPersonalityFlag{"UNAME26"}}, 0, false, "linux.personality.domain"},
		{&specs.LinuxPersonality{Domain: "LINUX", Flags: []specs.LinuxPersonalityFlag{"X"}}, 0, false, "linux.personality.flags[0]"},
	} {
		got, ok, err := Personality(c.p)
		if err == nil && (got != c.want || ok != c.ok || c.err != "") || err != nil && (c.err == "" || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%+v: %#x %v %v", c.p, got, ok, err)
		}
	}
}

func TestMemoryPolicy(t *testing.T) {
	for _, c := range []struct {
		p     specs.LinuxMemoryPolicy
		mode  int
		nodes string
		err   string
	}{
		{specs.LinuxMemoryPolicy{Mode: "MPOL_DEFAULT"}, 0, "[]", ""},
		{specs.LinuxMemoryPolicy{Mode: "MPOL_WEIGHTED_INTERLEAVE", Nodes: "0-1"}, 6, "[3]", ""},
		{specs.LinuxMemoryPolicy{Mode: "MPOL_BIND", Nodes: "1", Flags: []specs.MemoryPolicyFlagType{"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES"}}, 2 | 3<<13, "[2]", ""},
		{specs.LinuxMemoryPolicy{Nodes: "0"}, 0, "", `invalid memory policy mode ""`},
		{specs.LinuxMemoryPolicy{Mode: "MPOL_LOCAL", Flags: []specs.MemoryPolicyFlagType{"F"}}, 0, "", `invalid memory policy flag "F"`},
		{specs.LinuxMemoryPolicy{Mode: "MPOL_LOCAL", Nodes: "a"}, 0, "", `invalid memory policy node "a"`},
	} {
		mode, nodes, ok, err := MemoryPolicy(&c.p)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: %v, want %s", c.p, err, c.err)
			}
		case err != nil || !ok || mode != c.mode || fmt.Sprint(nodes) != c.nodes:
			t.Errorf("%+v: %#x %v %v %v", c.p, mode, nodes, ok, err)
		}
	}
	if _, _, ok, err := MemoryPolicy(&specs.LinuxMemoryPolicy{}); ok || err != nil {
		t.Errorf("empty: %v %v", ok, err)
	}
}

func TestSysctlPath(t *testing.T) {
	for key, want := range map[string]string{
		"net.ipv4.ip_forward": "net/ipv4/ip_forward", "net/ipv4/conf/eth0.1/rp_filter": "net/ipv4/conf/eth0.1/rp_filter",
		"net.ipv4.conf.eth0/1.rp_filter": "net/ipv4/conf/eth0.1/rp_filter", "kernel.sem": "kernel/sem",
	} {
		if got := SysctlPath(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}
