package kernel

import (
	"os"
	"strings"
)

// AppArmorEnabled tells whether AppArmor is loaded and active.
func AppArmorEnabled() bool {
	b, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	return err == nil && len(b) > 0 && b[0] == 'Y'
}

// ProcMounts lists where the host has mounted procfs and sysfs whole.
func ProcMounts() (at []string, err error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		_, rest, ok := strings.Cut(line, " - ")
		if !ok || len(f) < 5 || f[3] != "/" {
			continue
		}
		if typ, _, _ := strings.Cut(rest, " "); typ == "proc" || typ == "sysfs" {
			at = append(at, unescapeMount(f[4]))
		}
	}
	return at, nil
}

// unescapeMount undoes mountinfo's octal escapes (proc_pid_mountinfo(5)).
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
