package libcontainer

import (
	"fmt"

	"github.com/opencontainers/selinux/go-selinux"

	"wrun/linux/compile"
	"wrun/linux/kernel"
)

// securityModules tells the compiler which of the modules, that the config has
// something for, the host has enabled; for another, nobody is asked. A label
// that the loaded policy does not know is refused here, by name: later it would
// be an errno of the execve.
func (c *container) securityModules(o *compile.Options) error {
	p, l := c.spec.Process, c.spec.Linux
	for _, label := range []struct{ field, value string }{{"process.selinuxLabel", labelOf(c)}, {"linux.mountLabel", l.MountLabel}} {
		if label.value == "" {
			continue
		}
		if o.SELinux = selinux.GetEnabled(); !o.SELinux {
			break
		}
		if err := selinux.SecurityCheckContext(label.value); err != nil {
			return fmt.Errorf("%s %s: the host's SELinux policy does not know this label: %w", label.field, label.value, err)
		}
	}
	if p != nil && p.ApparmorProfile != "" {
		o.AppArmor = kernel.AppArmorEnabled()
	}
	return nil
}

func labelOf(c *container) string {
	if c.spec.Process == nil {
		return ""
	}
	return c.spec.Process.SelinuxLabel
}
