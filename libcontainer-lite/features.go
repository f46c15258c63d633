package libcontainer

import (
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"

	"wrun/linux/compile"
	"wrun/linux/seccomp"
	"wrun/spec"
)

// Features tells what this build of wrun does (features.md). It claims nothing
// that create would refuse.
func (r *Runtime) Features() *features.Features {
	yes, no := true, false
	f := &features.Features{
		OCIVersionMin: "1.0.0",
		OCIVersionMax: specs.Version,
		Hooks:         []string{"prestart", "createRuntime", "poststart", "poststop"},
		MountOptions:  compile.MountOptions(),
		Linux: &features.Linux{
			Namespaces: []string{string(specs.CgroupNamespace), string(specs.IPCNamespace), string(specs.MountNamespace),
				string(specs.NetworkNamespace), string(specs.PIDNamespace), string(specs.UserNamespace), string(specs.UTSNamespace)},
			Capabilities: spec.CapabilityNames(),
			Cgroup:       &features.Cgroup{V1: &yes, V2: &yes, Systemd: &no, SystemdUser: &no, Rdma: &yes},
			Seccomp: &features.Seccomp{
				Enabled: &yes, Actions: seccomp.Actions(), Operators: seccomp.Operators(), Archs: seccomp.Archs(),
				KnownFlags: seccomp.KnownFlags(), SupportedFlags: seccomp.SupportedFlags(),
			},
			Apparmor: &features.Apparmor{Enabled: &yes},
			Selinux:  &features.Selinux{Enabled: &yes},
			IntelRdt: &features.IntelRdt{Enabled: &no},
			MountExtensions: &features.MountExtensions{
				IDMap: &features.IDMap{Enabled: &no},
			},
		},
		Annotations: map[string]string{
			"run.wrun.version":      r.Version,
			"run.wrun.commit":       r.Commit,
			"run.wrun.wasm.engine":  "wazero",
			"run.wrun.wasm.handler": "wasm, wasm-smart, compat, compat-smart",
		},
		PotentiallyUnsafeConfigAnnotations: []string{"run.oci.", "module.wasm.image/", "run.wrun."},
	}
	return f
}
