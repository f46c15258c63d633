package compile

import (
	"sort"

	"wrun/spec"
)

// sysctl writes linux.sysctl, in the order of the keys: once the hooks are
// done, which may have brought the network devices that a key names, and
// before /proc/sys becomes read-only. Package spec has let pass only what
// belongs to a namespace of the container's.
func (c *compiler) sysctl() error {
	keys := make([]string, 0, len(c.s.Linux.Sysctl))
	for k := range c.s.Linux.Sysctl {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil
	}
	sort.Strings(keys)
	c.openProc()
	for _, k := range keys {
		v := c.s.Linux.Sysctl[k]
		c.b.Field("linux.sysctl " + k + "=" + v)
		c.writeProc("sys/"+spec.SysctlPath(k), v)
	}
	return nil
}
