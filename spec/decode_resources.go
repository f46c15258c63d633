package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec/jsonscan"
)

func decodeResources(s *jsonscan.Scanner) *specs.LinuxResources {
	v := new(specs.LinuxResources)
	for key := range s.Fields {
		switch key {
		case "devices":
			v.Devices = jsonscan.List(s, decodeDeviceRule)
		case "memory":
			v.Memory = decodeMemory(s)
		case "cpu":
			v.CPU = decodeCPU(s)
		case "pids":
			v.Pids = decodePids(s)
		case "blockIO":
			v.BlockIO = decodeBlockIO(s)
		case "hugepageLimits":
			v.HugepageLimits = jsonscan.List(s, decodeHugepageLimit)
		case "network":
			v.Network = decodeNetwork(s)
		case "rdma":
			v.Rdma = jsonscan.Map(s, decodeRdma)
		case "unified":
			v.Unified = jsonscan.Map(s, (*jsonscan.Scanner).Text)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeDeviceRule(s *jsonscan.Scanner) (v specs.LinuxDeviceCgroup) {
	for key := range s.Fields {
		switch key {
		case "allow":
			v.Allow = s.Bool()
		case "type":
			v.Type = s.Text()
		case "major":
			v.Major = new(s.Int(64))
		case "minor":
			v.Minor = new(s.Int(64))
		case "access":
			v.Access = s.Text()
		default:
			s.Fail()
		}
	}
	return v
}

func decodeMemory(s *jsonscan.Scanner) *specs.LinuxMemory {
	v := new(specs.LinuxMemory)
	for key := range s.Fields {
		switch key {
		case "limit":
			v.Limit = new(s.Int(64))
		case "reservation":
			v.Reservation = new(s.Int(64))
		case "swap":
			v.Swap = new(s.Int(64))
		case "kernel":
			v.Kernel = new(s.Int(64)) //nolint:staticcheck // deprecated, and still in configs
		case "kernelTCP":
			v.KernelTCP = new(s.Int(64))
		case "swappiness":
			v.Swappiness = new(s.Uint(64))
		case "disableOOMKiller":
			v.DisableOOMKiller = new(s.Bool())
		case "useHierarchy":
			v.UseHierarchy = new(s.Bool())
		case "checkBeforeUpdate":
			v.CheckBeforeUpdate = new(s.Bool())
		default:
			s.Fail()
		}
	}
	return v
}

func decodeCPU(s *jsonscan.Scanner) *specs.LinuxCPU {
	v := new(specs.LinuxCPU)
	for key := range s.Fields {
		switch key {
		case "shares":
			v.Shares = new(s.Uint(64))
		case "quota":
			v.Quota = new(s.Int(64))
		case "burst":
			v.Burst = new(s.Uint(64))
		case "period":
			v.Period = new(s.Uint(64))
		case "realtimeRuntime":
			v.RealtimeRuntime = new(s.Int(64))
		case "realtimePeriod":
			v.RealtimePeriod = new(s.Uint(64))
		case "cpus":
			v.Cpus = s.Text()
		case "mems":
			v.Mems = s.Text()
		case "idle":
			v.Idle = new(s.Int(64))
		default:
			s.Fail()
		}
	}
	return v
}

func decodePids(s *jsonscan.Scanner) *specs.LinuxPids {
	v := new(specs.LinuxPids)
	for key := range s.Fields {
		switch key {
		case "limit":
			v.Limit = new(s.Int(64))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeBlockIO(s *jsonscan.Scanner) *specs.LinuxBlockIO {
	v := new(specs.LinuxBlockIO)
	for key := range s.Fields {
		switch key {
		case "weight":
			v.Weight = new(decodeUint16(s))
		case "leafWeight":
			v.LeafWeight = new(decodeUint16(s))
		case "weightDevice":
			v.WeightDevice = jsonscan.List(s, decodeWeightDevice)
		case "throttleReadBpsDevice":
			v.ThrottleReadBpsDevice = jsonscan.List(s, decodeThrottleDevice)
		case "throttleWriteBpsDevice":
			v.ThrottleWriteBpsDevice = jsonscan.List(s, decodeThrottleDevice)
		case "throttleReadIOPSDevice":
			v.ThrottleReadIOPSDevice = jsonscan.List(s, decodeThrottleDevice)
		case "throttleWriteIOPSDevice":
			v.ThrottleWriteIOPSDevice = jsonscan.List(s, decodeThrottleDevice)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeWeightDevice(s *jsonscan.Scanner) (v specs.LinuxWeightDevice) {
	for key := range s.Fields {
		switch key {
		case "major":
			v.Major = s.Int(64)
		case "minor":
			v.Minor = s.Int(64)
		case "weight":
			v.Weight = new(decodeUint16(s))
		case "leafWeight":
			v.LeafWeight = new(decodeUint16(s))
		default:
			s.Fail()
		}
	}
	return v
}

func decodeThrottleDevice(s *jsonscan.Scanner) (v specs.LinuxThrottleDevice) {
	for key := range s.Fields {
		switch key {
		case "major":
			v.Major = s.Int(64)
		case "minor":
			v.Minor = s.Int(64)
		case "rate":
			v.Rate = s.Uint(64)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeHugepageLimit(s *jsonscan.Scanner) (v specs.LinuxHugepageLimit) {
	for key := range s.Fields {
		switch key {
		case "pageSize":
			v.Pagesize = s.Text()
		case "limit":
			v.Limit = s.Uint(64)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeNetwork(s *jsonscan.Scanner) *specs.LinuxNetwork {
	v := new(specs.LinuxNetwork)
	for key := range s.Fields {
		switch key {
		case "classID":
			v.ClassID = new(decodeUint32(s))
		case "priorities":
			v.Priorities = jsonscan.List(s, decodeInterfacePriority)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeInterfacePriority(s *jsonscan.Scanner) (v specs.LinuxInterfacePriority) {
	for key := range s.Fields {
		switch key {
		case "name":
			v.Name = s.Text()
		case "priority":
			v.Priority = decodeUint32(s)
		default:
			s.Fail()
		}
	}
	return v
}

func decodeRdma(s *jsonscan.Scanner) (v specs.LinuxRdma) {
	for key := range s.Fields {
		switch key {
		case "hcaHandles":
			v.HcaHandles = new(decodeUint32(s))
		case "hcaObjects":
			v.HcaObjects = new(decodeUint32(s))
		default:
			s.Fail()
		}
	}
	return v
}
