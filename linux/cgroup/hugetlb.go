package cgroup

import (
	"strconv"
	"strings"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// applyHugetlb limits huge pages of each size: those used and, where the kernel
// has the file (Linux 5.7), those reserved. The limits are bytes.
func (g *Group) applyHugetlb(limits []specs.LinuxHugepageLimit) error {
	for i, l := range limits {
		field := "hugepageLimits[" + strconv.Itoa(i) + "]"
		if l.Pagesize == "" || strings.ContainsAny(l.Pagesize, "/\x00") {
			return fieldError(field+".pageSize", strconv.Quote(l.Pagesize)+" is not a page size such as 2MB")
		}
		d, err := g.need("hugetlb", field)
		if err != nil {
			return err
		}
		max := ".limit_in_bytes"
		if d.v2 {
			max = ".max"
		}
		prefix, value := "hugetlb."+l.Pagesize, strconv.FormatUint(l.Limit, 10)
		if err := g.set("hugetlb", field+".limit", prefix+max, value); err != nil {
			return err
		}
		err = kernel.CgroupWrite(d.file(prefix+".rsvd"+max), value)
		if err != nil && errnoOf(err) != syscall.ENOENT {
			return wrapField(field+".limit", err)
		}
	}
	return nil
}
