package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUpdate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(file, []byte(`{"MEMORY":{"limit":5},"pids":{"limit":7}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"--memory 50M --pids-limit -1", `{"memory":{"limit":52428800},"cpu":{},"pids":{"limit":-1}}`},
		{"--memory 1.5g --memory-swap -1", `{"memory":{"limit":1610612736,"swap":-1},"cpu":{}}`},
		{"--memory 7kib", `{"memory":{"limit":7168},"cpu":{}}`},
		{"--cpu-quota -1 --cpu-period 100000 --cpu-share 512 --cpu-idle 1", `{"memory":{},"cpu":{"shares":512,"quota":-1,"period":100000,"idle":1}}`},
		{"--cpuset-cpus 0-1 --cpuset-mems 0", `{"memory":{},"cpu":{"cpus":"0-1","mems":"0"}}`},
		{"-r " + file, `{"memory":{"limit":5},"pids":{"limit":7}}`},
	} {
		f := new(fake)
		r := call(t, f, append(append([]string{"update"}, strings.Fields(tt.args)...), "c1")...)
		if want := "update c1 " + tt.want; r.code != 0 || len(f.calls) != 1 || f.calls[0] != want {
			t.Errorf("%s: %+v\n got %q\nwant %q", tt.args, r, f.calls, want)
		}
	}
	for _, bad := range []string{"--memory x", "--memory -2", "--memory 1z", "--memory 99999999t", "--cpu-share -1", "--pids-limit many",
		"--blkio-weight 2000", "--l3-cache-schema L3:0=f", "-r /nosuch"} {
		f := new(fake)
		if r := call(t, f, append(append([]string{"update"}, strings.Fields(bad)...), "c1")...); r.code != 1 || len(f.calls) != 0 {
			t.Errorf("%s: %+v %q", bad, r, f.calls)
		}
	}
}
