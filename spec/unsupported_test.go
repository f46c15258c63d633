package spec

import (
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// apply merges JSON into the default config, as a client would write it.
func apply(t *testing.T, text string) *specs.Spec {
	t.Helper()
	raw, err := DefaultJSON(true)
	if err != nil {
		t.Fatal(err)
	}
	// Members given twice are merged: the default, then the change.
	s, err := Parse([]byte(strings.TrimSuffix(string(raw), "}")+","+text+"}"), "c.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUnsupported(t *testing.T) {
	for _, c := range []struct{ text, field string }{
		{`"hooks":{"createContainer":[{"path":"/h"}]}`, "hooks.createContainer"},
		{`"hooks":{"startContainer":[{"path":"/h"}]}`, "hooks.startContainer"},
		{`"linux":{"namespaces":[{"type":"time","path":"/t"}]}`, "linux.namespaces: time"},
		{`"linux":{"timeOffsets":{"boottime":{"secs":1}}}`, "linux.timeOffsets"},
		{`"linux":{"netDevices":{"eth1":{}}}`, "linux.netDevices"},
		{`"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]}}`, "linux.seccomp: SCMP_ACT_NOTIFY"},
		{`"linux":{"intelRdt":{"closID":"gold"}}`, "linux.intelRdt"},
		{`"linux":{"intelRdt":{}}`, "linux.intelRdt"},
		{`"mounts":[{"destination":"/a","type":"tmpfs","uidMappings":[{"size":1}]}]`, "mounts[0].uidMappings"},
		{`"mounts":[{"destination":"/a","type":"tmpfs"},{"destination":"/b","type":"tmpfs","gidMappings":[{"size":1}]}]`, "mounts[1].gidMappings"},
		{`"mounts":[{"destination":"/a","type":"tmpfs","options":["ro","idmap"]}]`, "mounts[0].options: idmap"},
		{`"mounts":[{"destination":"/a","type":"tmpfs","options":["ridmap=uids=0-1-1"]}]`, "mounts[0].options: ridmap=uids=0-1-1"},
	} {
		err := Unsupported(apply(t, c.text))
		if want := c.field + ": not supported by this version of wrun"; err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", c.text, err, want)
		}
	}
}

// A value that asks for nothing is no reason to refuse a config.
func TestUnsupportedAsksForNothing(t *testing.T) {
	for _, text := range []string{
		`"annotations":{}`,
		`"process":null`, `"linux":null`, `"hooks":null`, `"mounts":null`,
		`"process":{"scheduler":null,"ioPriority":null,"execCPUAffinity":null,"selinuxLabel":"l","apparmorProfile":"p"}`,
		`"process":{"scheduler":{},"ioPriority":{},"execCPUAffinity":{"initial":"","final":""},"apparmorProfile":"unconfined"}`,
		`"hooks":{"prestart":[{"path":"/h"}],"createRuntime":[{"path":"/h"}],"poststart":[{"path":"/h"}],"poststop":[{"path":"/h"}],"createContainer":[],"startContainer":null}`,
		`"linux":{"uidMappings":[],"gidMappings":[],"timeOffsets":{},"sysctl":{},"netDevices":{},"seccomp":null,"mountLabel":"l","intelRdt":null,"memoryPolicy":null,"personality":null}`,
		`"linux":{"seccomp":{"listenerPath":"/ignored/without/notify"},"memoryPolicy":{},"personality":{"domain":"","flags":[]}}`,
		`"linux":{"rootfsPropagation":""}`, `"linux":{"rootfsPropagation":"private"}`, `"linux":{"rootfsPropagation":"rprivate"}`,
		`"linux":{"rootfsPropagation":"slave"}`, `"linux":{"rootfsPropagation":"rslave"}`,
		`"linux":{"resources":{"blockIO":{},"network":{},"rdma":{}}}`,
		`"linux":{"resources":{"blockIO":{"weight":0,"leafWeight":0,"weightDevice":[{"major":8,"weight":0}],"throttleReadBpsDevice":[],"throttleWriteBpsDevice":[{"rate":0}]},"network":{"classID":0,"priorities":[]},"rdma":{"mlx5_1":{}}}}`,
		`"linux":{"resources":{"memory":{"limit":1,"kernel":1,"kernelTCP":1,"useHierarchy":true,"disableOOMKiller":false,"checkBeforeUpdate":true},"cpu":{"idle":1,"burst":1},"pids":{"limit":0},"hugepageLimits":[{"pageSize":"2MB"}],"unified":{"memory.high":"max"}}}`,
		`"mounts":[{"destination":"/a","type":"tmpfs","options":[],"uidMappings":[],"gidMappings":null}]`,
	} {
		if err := Unsupported(apply(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What the clients' usual configs still lack, so that it is known.
func TestUnsupportedOfClients(t *testing.T) {
	for file, want := range map[string]string{
		"guide-config":  "",
		"containerd":    "",
		"cri-container": "",
		"buildah":       "",
		"docker":        "",
		"podman":        "",
	} {
		raw, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(raw, file)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := Unsupported(s); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}
