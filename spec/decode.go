package spec

import (
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

// The decode files read a config.json without encoding/json. Every create and
// run parses one, in a new process, where encoding/json first has to build its
// tables about 50 types.
//
// There is a function for each type and a case for each field, and nothing else:
// whatever is not there (a property that this runtime-spec does not know or
// spells in other capitals, a section of another platform) or needs thought (a
// property given twice), and every error, leaves the whole document to
// encoding/json.

// decode parses a usual config.json. ok is false for every other, right or
// wrong.
func decode(raw []byte) (spec *specs.Spec, ok bool) {
	s := jsonscan.New(raw)
	spec = decodeSpec(s)
	return spec, s.End()
}

func decodeSpec(s *jsonscan.Scanner) *specs.Spec {
	v := new(specs.Spec)
	for key := range s.Fields {
		switch key {
		case "ociVersion":
			v.Version = s.Text()
		case "process":
			v.Process = decodeProcess(s)
		case "root":
			v.Root = decodeRoot(s)
		case "hostname":
			v.Hostname = s.Text()
		case "domainname":
			v.Domainname = s.Text()
		case "mounts":
			v.Mounts = jsonscan.List(s, decodeMount)
		case "hooks":
			v.Hooks = decodeHooks(s)
		case "annotations":
			v.Annotations = jsonscan.Map(s, (*jsonscan.Scanner).Text)
		case "linux":
			v.Linux = decodeLinux(s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeRoot(s *jsonscan.Scanner) *specs.Root {
	v := new(specs.Root)
	for key := range s.Fields {
		switch key {
		case "path":
			v.Path = s.Text()
		case "readonly":
			v.Readonly = s.Bool()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeMount(s *jsonscan.Scanner) (v specs.Mount) {
	for key := range s.Fields {
		switch key {
		case "destination":
			v.Destination = s.Text()
		case "type":
			v.Type = s.Text()
		case "source":
			v.Source = s.Text()
		case "options":
			v.Options = jsonscan.Texts[string](s)
		case "uidMappings":
			v.UIDMappings = jsonscan.List(s, decodeIDMapping)
		case "gidMappings":
			v.GIDMappings = jsonscan.List(s, decodeIDMapping)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeHooks(s *jsonscan.Scanner) *specs.Hooks {
	v := new(specs.Hooks)
	for key := range s.Fields {
		hooks := jsonscan.List(s, decodeHook)
		switch key {
		case "prestart":
			v.Prestart = hooks
		case "createRuntime":
			v.CreateRuntime = hooks
		case "createContainer":
			v.CreateContainer = hooks
		case "startContainer":
			v.StartContainer = hooks
		case "poststart":
			v.Poststart = hooks
		case "poststop":
			v.Poststop = hooks
		default:
			s.Fail()
		}
	}
	return v
}

func decodeHook(s *jsonscan.Scanner) (v specs.Hook) {
	for key := range s.Fields {
		switch key {
		case "path":
			v.Path = s.Text()
		case "args":
			v.Args = jsonscan.Texts[string](s)
		case "env":
			v.Env = jsonscan.Texts[string](s)
		case "timeout":
			v.Timeout = new(int(s.Int(0)))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeIDMapping(s *jsonscan.Scanner) (v specs.LinuxIDMapping) {
	for key := range s.Fields {
		switch key {
		case "containerID":
			v.ContainerID = decodeUint32(s)
		case "hostID":
			v.HostID = decodeUint32(s)
		case "size":
			v.Size = decodeUint32(s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeUint16(s *jsonscan.Scanner) uint16 { return uint16(s.Uint(16)) }
func decodeUint32(s *jsonscan.Scanner) uint32 { return uint32(s.Uint(32)) }

func decodeFileMode(s *jsonscan.Scanner) os.FileMode { return os.FileMode(decodeUint32(s)) }
