package cgroup

import (
	"strconv"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// applyBlockIO writes weights and throttles of block devices: v1's blkio
// controller, v2's io. A weight or rate of 0 is not set. Leaf weights are v1's
// only and passed over on v2, as with runc.
func (g *Group) applyBlockIO(b *specs.LinuxBlockIO) error {
	if b == nil {
		return nil
	}
	v1 := g.controller("blkio")
	if v1 != nil && !v1.v2 {
		return g.blockIOV1(v1, b)
	}
	return g.blockIOV2(b)
}

// blockIOV1: with the CFQ scheduler (until Linux 4.20) the weights were
// blkio.weight, with BFQ they are blkio.bfq.weight.
func (g *Group) blockIOV1(d *dir, b *specs.LinuxBlockIO) error {
	weight, weightDevice := "blkio.weight", "blkio.weight_device"
	if !kernel.CgroupExists(d.file(weight)) {
		weight, weightDevice = "blkio.bfq.weight", "blkio.bfq.weight_device"
	}
	if w := value(b.Weight); w != 0 {
		if err := g.set("blkio", "blockIO.weight", weight, strconv.Itoa(int(w))); err != nil {
			return err
		}
	}
	if w := value(b.LeafWeight); w != 0 {
		if err := g.set("blkio", "blockIO.leafWeight", "blkio.leaf_weight", strconv.Itoa(int(w))); err != nil {
			return err
		}
	}
	for i, x := range b.WeightDevice {
		field, dev := "blockIO.weightDevice["+strconv.Itoa(i)+"]", device(x.Major, x.Minor)
		if w := value(x.Weight); w != 0 {
			if err := g.set("blkio", field+".weight", weightDevice, dev+" "+strconv.Itoa(int(w))); err != nil {
				return err
			}
		}
		if w := value(x.LeafWeight); w != 0 {
			if err := g.set("blkio", field+".leafWeight", "blkio.leaf_weight_device", dev+" "+strconv.Itoa(int(w))); err != nil {
				return err
			}
		}
	}
	return throttles(b, func(t throttle) error { return g.set("blkio", t.field, t.v1, t.device+" "+t.rate) })
}

// blockIOV2 prefers io.bfq.weight, which takes the value as it is, where the
// BFQ scheduler is; io.weight has another scale.
func (g *Group) blockIOV2(b *specs.LinuxBlockIO) error {
	file, scale := "io.bfq.weight", func(w uint16) string { return strconv.Itoa(int(w)) }
	if len(b.WeightDevice) > 0 || value(b.Weight) != 0 {
		d, err := g.need("io", "blockIO.weight")
		if err != nil {
			return err
		}
		if !kernel.CgroupExists(d.file(file)) {
			file, scale = "io.weight", func(w uint16) string { return strconv.FormatUint(ioWeight(w), 10) }
		}
	}
	if w := value(b.Weight); w != 0 {
		if err := g.set("io", "blockIO.weight", file, scale(w)); err != nil {
			return err
		}
	}
	for i, x := range b.WeightDevice {
		if w := value(x.Weight); w != 0 {
			field := "blockIO.weightDevice[" + strconv.Itoa(i) + "].weight"
			if err := g.set("io", field, file, device(x.Major, x.Minor)+" "+scale(w)); err != nil {
				return err
			}
		}
	}
	return throttles(b, func(t throttle) error {
		return g.set("io", t.field, "io.max", t.device+" "+t.v2+"="+t.rate)
	})
}

// ioWeight turns blkio's scale, 10 to 1000, into io.weight's, 1 to 10000, as
// runc does.
func ioWeight(w uint16) uint64 {
	if w < 10 {
		return 1
	}
	return 1 + (uint64(w)-10)*9999/990
}

// throttle is a limit of one device: v1's file, v2's key, and the rate in
// bytes or operations a second.
type throttle struct {
	field, v1, v2, device, rate string
}

func throttles(b *specs.LinuxBlockIO, set func(throttle) error) error {
	for _, l := range [...]struct {
		field, v1, v2 string
		devices       []specs.LinuxThrottleDevice
	}{
		{"throttleReadBpsDevice", "read_bps", "rbps", b.ThrottleReadBpsDevice},
		{"throttleWriteBpsDevice", "write_bps", "wbps", b.ThrottleWriteBpsDevice},
		{"throttleReadIOPSDevice", "read_iops", "riops", b.ThrottleReadIOPSDevice},
		{"throttleWriteIOPSDevice", "write_iops", "wiops", b.ThrottleWriteIOPSDevice},
	} {
		for i, x := range l.devices {
			if x.Rate == 0 {
				continue
			}
			t := throttle{"blockIO." + l.field + "[" + strconv.Itoa(i) + "]", "blkio.throttle." + l.v1 + "_device", l.v2,
				device(x.Major, x.Minor), strconv.FormatUint(x.Rate, 10)}
			if err := set(t); err != nil {
				if errnoOf(err) == syscall.ENODEV {
					return fieldError(t.field, "there is no block device "+t.device)
				}
				return err
			}
		}
	}
	return nil
}

func device(major, minor int64) string {
	return strconv.FormatInt(major, 10) + ":" + strconv.FormatInt(minor, 10)
}
