package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

func decodeProcess(s *jsonscan.Scanner) *specs.Process {
	v := new(specs.Process)
	for key := range s.Fields {
		switch key {
		case "terminal":
			v.Terminal = s.Bool()
		case "consoleSize":
			v.ConsoleSize = decodeBox(s)
		case "user":
			v.User = decodeUser(s)
		case "args":
			v.Args = jsonscan.Texts[string](s)
		case "commandLine":
			v.CommandLine = s.Text()
		case "env":
			v.Env = jsonscan.Texts[string](s)
		case "cwd":
			v.Cwd = s.Text()
		case "capabilities":
			v.Capabilities = decodeCapabilities(s)
		case "rlimits":
			v.Rlimits = jsonscan.List(s, decodeRlimit)
		case "noNewPrivileges":
			v.NoNewPrivileges = s.Bool()
		case "apparmorProfile":
			v.ApparmorProfile = s.Text()
		case "oomScoreAdj":
			v.OOMScoreAdj = new(int(s.Int(0)))
		case "scheduler":
			v.Scheduler = decodeScheduler(s)
		case "selinuxLabel":
			v.SelinuxLabel = s.Text()
		case "ioPriority":
			v.IOPriority = decodeIOPriority(s)
		case "execCPUAffinity":
			v.ExecCPUAffinity = decodeCPUAffinity(s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeBox(s *jsonscan.Scanner) *specs.Box {
	v := new(specs.Box)
	for key := range s.Fields {
		switch key {
		case "height":
			v.Height = uint(s.Uint(0))
		case "width":
			v.Width = uint(s.Uint(0))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeUser(s *jsonscan.Scanner) (v specs.User) {
	for key := range s.Fields {
		switch key {
		case "uid":
			v.UID = decodeUint32(s)
		case "gid":
			v.GID = decodeUint32(s)
		case "umask":
			v.Umask = new(decodeUint32(s))
		case "additionalGids":
			v.AdditionalGids = jsonscan.List(s, decodeUint32)
		case "username":
			v.Username = s.Text()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeCapabilities(s *jsonscan.Scanner) *specs.LinuxCapabilities {
	v := new(specs.LinuxCapabilities)
	for key := range s.Fields {
		names := jsonscan.Texts[string](s)
		switch key {
		case "bounding":
			v.Bounding = names
		case "effective":
			v.Effective = names
		case "inheritable":
			v.Inheritable = names
		case "permitted":
			v.Permitted = names
		case "ambient":
			v.Ambient = names
		default:
			s.Fail()
		}
	}
	return v
}

func decodeRlimit(s *jsonscan.Scanner) (v specs.POSIXRlimit) {
	for key := range s.Fields {
		switch key {
		case "type":
			v.Type = s.Text()
		case "hard":
			v.Hard = s.Uint(64)
		case "soft":
			v.Soft = s.Uint(64)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeScheduler(s *jsonscan.Scanner) *specs.Scheduler {
	v := new(specs.Scheduler)
	for key := range s.Fields {
		switch key {
		case "policy":
			v.Policy = specs.LinuxSchedulerPolicy(s.Text())
		case "nice":
			v.Nice = int32(s.Int(32))
		case "priority":
			v.Priority = int32(s.Int(32))
		case "flags":
			v.Flags = jsonscan.Texts[specs.LinuxSchedulerFlag](s)
		case "runtime":
			v.Runtime = s.Uint(64)
		case "deadline":
			v.Deadline = s.Uint(64)
		case "period":
			v.Period = s.Uint(64)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeIOPriority(s *jsonscan.Scanner) *specs.LinuxIOPriority {
	v := new(specs.LinuxIOPriority)
	for key := range s.Fields {
		switch key {
		case "class":
			v.Class = specs.IOPriorityClass(s.Text())
		case "priority":
			v.Priority = int(s.Int(0))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeCPUAffinity(s *jsonscan.Scanner) *specs.CPUAffinity {
	v := new(specs.CPUAffinity)
	for key := range s.Fields {
		switch key {
		case "initial":
			v.Initial = s.Text()
		case "final":
			v.Final = s.Text()
		default:
			s.Fail()
		}
	}
	return v
}
