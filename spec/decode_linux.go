package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

func decodeLinux(s *jsonscan.Scanner) *specs.Linux {
	v := new(specs.Linux)
	for key := range s.Fields {
		switch key {
		case "uidMappings":
			v.UIDMappings = jsonscan.List(s, decodeIDMapping)
		case "gidMappings":
			v.GIDMappings = jsonscan.List(s, decodeIDMapping)
		case "sysctl":
			v.Sysctl = jsonscan.Map(s, (*jsonscan.Scanner).Text)
		case "resources":
			v.Resources = decodeResources(s)
		case "cgroupsPath":
			v.CgroupsPath = s.Text()
		case "namespaces":
			v.Namespaces = jsonscan.List(s, decodeNamespace)
		case "devices":
			v.Devices = jsonscan.List(s, decodeDevice)
		case "netDevices":
			v.NetDevices = jsonscan.Map(s, decodeNetDevice)
		case "seccomp":
			v.Seccomp = decodeSeccomp(s)
		case "rootfsPropagation":
			v.RootfsPropagation = s.Text()
		case "maskedPaths":
			v.MaskedPaths = jsonscan.Texts[string](s)
		case "readonlyPaths":
			v.ReadonlyPaths = jsonscan.Texts[string](s)
		case "mountLabel":
			v.MountLabel = s.Text()
		case "intelRdt":
			v.IntelRdt = decodeIntelRdt(s)
		case "memoryPolicy":
			v.MemoryPolicy = decodeMemoryPolicy(s)
		case "personality":
			v.Personality = decodePersonality(s)
		case "timeOffsets":
			v.TimeOffsets = jsonscan.Map(s, decodeTimeOffset)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeNamespace(s *jsonscan.Scanner) (v specs.LinuxNamespace) {
	for key := range s.Fields {
		switch key {
		case "type":
			v.Type = specs.LinuxNamespaceType(s.Text())
		case "path":
			v.Path = s.Text()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeDevice(s *jsonscan.Scanner) (v specs.LinuxDevice) {
	for key := range s.Fields {
		switch key {
		case "path":
			v.Path = s.Text()
		case "type":
			v.Type = s.Text()
		case "major":
			v.Major = s.Int(64)
		case "minor":
			v.Minor = s.Int(64)
		case "fileMode":
			v.FileMode = new(decodeFileMode(s))
		case "uid":
			v.UID = new(decodeUint32(s))
		case "gid":
			v.GID = new(decodeUint32(s))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeNetDevice(s *jsonscan.Scanner) (v specs.LinuxNetDevice) {
	for key := range s.Fields {
		switch key {
		case "name":
			v.Name = s.Text()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeIntelRdt(s *jsonscan.Scanner) *specs.LinuxIntelRdt {
	v := new(specs.LinuxIntelRdt)
	for key := range s.Fields {
		switch key {
		case "closID":
			v.ClosID = s.Text()
		case "schemata":
			v.Schemata = jsonscan.Texts[string](s)
		case "l3CacheSchema":
			v.L3CacheSchema = s.Text()
		case "memBwSchema":
			v.MemBwSchema = s.Text()
		case "enableMonitoring":
			v.EnableMonitoring = s.Bool()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeMemoryPolicy(s *jsonscan.Scanner) *specs.LinuxMemoryPolicy {
	v := new(specs.LinuxMemoryPolicy)
	for key := range s.Fields {
		switch key {
		case "mode":
			v.Mode = specs.MemoryPolicyModeType(s.Text())
		case "nodes":
			v.Nodes = s.Text()
		case "flags":
			v.Flags = jsonscan.Texts[specs.MemoryPolicyFlagType](s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodePersonality(s *jsonscan.Scanner) *specs.LinuxPersonality {
	v := new(specs.LinuxPersonality)
	for key := range s.Fields {
		switch key {
		case "domain":
			v.Domain = specs.LinuxPersonalityDomain(s.Text())
		case "flags":
			v.Flags = jsonscan.Texts[specs.LinuxPersonalityFlag](s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeTimeOffset(s *jsonscan.Scanner) (v specs.LinuxTimeOffset) {
	for key := range s.Fields {
		switch key {
		case "secs":
			v.Secs = s.Int(64)
		case "nanosecs":
			v.Nanosecs = decodeUint32(s)
		default:
			s.Fail()
		}
	}
	return v
}
