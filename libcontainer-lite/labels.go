package libcontainer

import (
	"wrun/linux/compile"
	"wrun/linux/kernel"
)

// securityModules tells the compiler which of the modules, that the config has
// something for, the host has enabled; for another, nobody is asked.
func (c *container) securityModules(o *compile.Options) {
	p, l := c.spec.Process, c.spec.Linux
	if p != nil && p.SelinuxLabel != "" || l.MountLabel != "" {
		o.SELinux = kernel.SELinuxEnabled()
	}
	if p != nil && p.ApparmorProfile != "" {
		o.AppArmor = kernel.AppArmorEnabled()
	}
}
