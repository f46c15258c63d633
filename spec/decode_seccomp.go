package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

func decodeSeccomp(s *jsonscan.Scanner) *specs.LinuxSeccomp {
	v := new(specs.LinuxSeccomp)
	for key := range s.Fields {
		switch key {
		case "defaultAction":
			v.DefaultAction = specs.LinuxSeccompAction(s.Text())
		case "defaultErrnoRet":
			v.DefaultErrnoRet = new(uint(s.Uint(0)))
		case "architectures":
			v.Architectures = jsonscan.Texts[specs.Arch](s)
		case "flags":
			v.Flags = jsonscan.Texts[specs.LinuxSeccompFlag](s)
		case "listenerPath":
			v.ListenerPath = s.Text()
		case "listenerMetadata":
			v.ListenerMetadata = s.Text()
		case "syscalls":
			v.Syscalls = jsonscan.List(s, decodeSyscall)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeSyscall(s *jsonscan.Scanner) (v specs.LinuxSyscall) {
	for key := range s.Fields {
		switch key {
		case "names":
			v.Names = jsonscan.Texts[string](s)
		case "action":
			v.Action = specs.LinuxSeccompAction(s.Text())
		case "errnoRet":
			v.ErrnoRet = new(uint(s.Uint(0)))
		case "args":
			v.Args = jsonscan.List(s, decodeSeccompArg)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeSeccompArg(s *jsonscan.Scanner) (v specs.LinuxSeccompArg) {
	for key := range s.Fields {
		switch key {
		case "index":
			v.Index = uint(s.Uint(0))
		case "value":
			v.Value = s.Uint(64)
		case "valueTwo":
			v.ValueTwo = s.Uint(64)
		case "op":
			v.Op = specs.LinuxSeccompOperator(s.Text())
		default:
			s.Fail()
		}
	}
	return v
}
