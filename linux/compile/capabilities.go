package compile

import (
	"encoding/binary"

	"wrun/linux/kernel"
	"wrun/linux/prog"
	"wrun/spec"
)

// capSets are the five sets as bit masks, bit n for capability n.
type capSets struct {
	bounding, effective, inheritable, permitted, ambient uint64
}

// capabilities reads process.capabilities; a config without them gives none, as
// with runc and crun. Names the kernel has no number for are left out;
// spec.Validate has warned about them.
func (c *compiler) capabilities() *capSets {
	k := c.s.Process.Capabilities
	if k == nil {
		return new(capSets)
	}
	mask := func(names []string) (m uint64) {
		for _, n := range names {
			if i, ok := spec.Capability(n); ok && i <= c.f.LastCap {
				m |= 1 << i
			}
		}
		return m
	}
	s := &capSets{mask(k.Bounding), mask(k.Effective), mask(k.Inheritable), mask(k.Permitted), mask(k.Ambient)}
	// The kernel refuses what goes beyond; spec.Validate has warned about it.
	s.effective &= s.permitted
	s.ambient &= s.permitted & s.inheritable
	return s
}

// applyCapabilities sets the sets: capset(2), then the ambient one, which can
// only hold what is permitted and inheritable.
func (c *compiler) applyCapabilities(s *capSets) {
	b := c.b
	b.Field("process.capabilities")
	c.capset(s)
	b.Field("process.capabilities.ambient")
	b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_CAP_AMBIENT), prog.Int(kernel.PR_CAP_AMBIENT_CLEAR_ALL), prog.Int(0), prog.Int(0), prog.Int(0))
	for n := 0; n <= c.f.LastCap; n++ {
		if s.ambient&(1<<n) != 0 {
			b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_CAP_AMBIENT), prog.Int(kernel.PR_CAP_AMBIENT_RAISE), prog.Int(n), prog.Int(0), prog.Int(0))
		}
	}
}

// capset sets all but the ambient and the bounding set.
func (c *compiler) capset(s *capSets) {
	b := c.b
	hdr := b.Words(0x20080522) // _LINUX_CAPABILITY_VERSION_3, this process
	d := make([]byte, 0, 24)
	for _, half := range []uint{0, 32} {
		for _, m := range []uint64{s.effective, s.permitted, s.inheritable} {
			d = binary.LittleEndian.AppendUint32(d, uint32(m>>half))
		}
	}
	b.Do(kernel.SYS_CAPSET, hdr, b.Data(d))
}
