package compile

import (
	"fmt"
	"strings"

	"wrun/linux/kernel"
)

// mountOptions is one entry of mounts, its words sorted out. This file is the
// one place that knows the words.
type mountOptions struct {
	bind, recursive bool // bind, rbind
	remount         bool
	set, clr        int // MOUNT_ATTR_*, of this mount
	rset, rclr      int // the same, of every mount below too
	prop            int // MS_SHARED and so on
	propRec         bool
	sb              []string // flags of the superblock, as fsconfig(2) names them
	copyUp          bool     // tmpcopyup
	data            []string // the file system's own: "size=64m"
}

// words splits options at the commas that are not within double quotes, and
// not escaped: context="a:b,c" is one, and so is overlayfs' lowerdir=/a\,b.
func words(options []string) (w []string) {
	for _, o := range options {
		if !strings.Contains(o, ",") {
			w = append(w, o)
			continue
		}
		start, quoted := 0, false
		for i := 0; i < len(o); i++ {
			switch {
			case o[i] == '\\':
				i++
			case o[i] == '"':
				quoted = !quoted
			case o[i] == ',' && !quoted:
				w = append(w, o[start:i])
				start = i + 1
			}
		}
		w = append(w, o[start:])
	}
	return w
}

// parseOptions reads the options of a mount of type typ.
func parseOptions(typ string, options []string) (m mountOptions, err error) {
	m.bind = typ == "bind"
	for _, w := range words(options) {
		if w == "" || w == "defaults" {
			continue
		}
		if m.attribute(w) || m.propagation(w) {
			continue
		}
		switch w {
		case "bind":
			m.bind = true
		case "rbind":
			m.bind, m.recursive = true, true
		case "remount":
			m.remount = true
		case "sync", "dirsync", "lazytime", "mand":
			m.sb = append(m.sb, w)
		case "async", "nolazytime", "nomand", "silent", "loud", "iversion", "noiversion", "_netdev":
			// The default, or what mount(8) keeps for itself.
		case "tmpcopyup":
			m.copyUp = true
		case "idmap", "ridmap", "copy-symlink", "src-nofollow", "dest-nofollow":
			return m, fmt.Errorf("option %s: not supported by this version of wrun", w)
		default:
			if strings.HasPrefix(w, "idmap=") || strings.HasPrefix(w, "ridmap=") {
				return m, fmt.Errorf("option %s: not supported by this version of wrun", w)
			}
			m.data = append(m.data, w)
		}
	}
	return m, nil
}

// attribute takes a word for the attributes of a mount, with its recursive
// form; see mount_setattr(2).
func (m *mountOptions) attribute(w string) bool {
	set, clr := attr(w)
	if set|clr != 0 {
		m.set, m.clr = m.set&^clr|set, m.clr&^set|clr
		return true
	}
	if r, ok := strings.CutPrefix(w, "r"); ok {
		if set, clr = attr(r); set|clr != 0 {
			m.rset, m.rclr = m.rset&^clr|set, m.rclr&^set|clr
			return true
		}
	}
	return false
}

// attr gives what a word sets and clears. The three times are one field.
func attr(w string) (set, clr int) {
	const times = kernel.MOUNT_ATTR__ATIME
	switch w {
	case "ro":
		return kernel.MOUNT_ATTR_RDONLY, 0
	case "rw":
		return 0, kernel.MOUNT_ATTR_RDONLY
	case "nosuid":
		return kernel.MOUNT_ATTR_NOSUID, 0
	case "suid":
		return 0, kernel.MOUNT_ATTR_NOSUID
	case "nodev":
		return kernel.MOUNT_ATTR_NODEV, 0
	case "dev":
		return 0, kernel.MOUNT_ATTR_NODEV
	case "noexec":
		return kernel.MOUNT_ATTR_NOEXEC, 0
	case "exec":
		return 0, kernel.MOUNT_ATTR_NOEXEC
	case "nodiratime":
		return kernel.MOUNT_ATTR_NODIRATIME, 0
	case "diratime":
		return 0, kernel.MOUNT_ATTR_NODIRATIME
	case "nosymfollow":
		return kernel.MOUNT_ATTR_NOSYMFOLLOW, 0
	case "symfollow":
		return 0, kernel.MOUNT_ATTR_NOSYMFOLLOW
	case "noatime":
		return kernel.MOUNT_ATTR_NOATIME, times
	case "strictatime":
		return kernel.MOUNT_ATTR_STRICTATIME, times
	case "relatime", "atime", "norelatime", "nostrictatime":
		return kernel.MOUNT_ATTR_RELATIME, times
	}
	return 0, 0
}

// propagation takes a word for the propagation type (mount_namespaces(7)).
func (m *mountOptions) propagation(w string) bool {
	r, rec := strings.CutPrefix(w, "r")
	if !rec {
		r = w
	}
	switch r {
	case "private":
		m.prop = kernel.MS_PRIVATE
	case "shared":
		m.prop = kernel.MS_SHARED
	case "slave":
		m.prop = kernel.MS_SLAVE
	case "unbindable":
		m.prop = kernel.MS_UNBINDABLE
	default:
		return false
	}
	m.propRec = rec
	return true
}

// classic gives the attributes as mount(2)'s flags, for what only that call
// can do.
func (m *mountOptions) classic() (flags int) {
	for _, x := range [...][2]int{
		{kernel.MOUNT_ATTR_RDONLY, kernel.MS_RDONLY}, {kernel.MOUNT_ATTR_NOSUID, kernel.MS_NOSUID},
		{kernel.MOUNT_ATTR_NODEV, kernel.MS_NODEV}, {kernel.MOUNT_ATTR_NOEXEC, kernel.MS_NOEXEC},
		{kernel.MOUNT_ATTR_NODIRATIME, kernel.MS_NODIRATIME}, {kernel.MOUNT_ATTR_NOSYMFOLLOW, kernel.MS_NOSYMFOLLOW},
		{kernel.MOUNT_ATTR_NOATIME, kernel.MS_NOATIME}, {kernel.MOUNT_ATTR_STRICTATIME, kernel.MS_STRICTATIME},
	} {
		if m.set&x[0] != 0 {
			flags |= x[1]
		}
	}
	for _, w := range m.sb {
		switch w {
		case "sync":
			flags |= kernel.MS_SYNCHRONOUS
		case "dirsync":
			flags |= kernel.MS_DIRSYNC
		case "lazytime":
			flags |= kernel.MS_LAZYTIME
		case "mand":
			flags |= kernel.MS_MANDLOCK
		}
	}
	return flags
}

// option splits a word of data at its first '='; quotes around the value are
// mount(8)'s, not the kernel's.
func option(w string) (key, value string, hasValue bool) {
	key, value, hasValue = strings.Cut(w, "=")
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	return key, value, hasValue
}

// MountOptions lists the words that parseOptions knows, sorted, for the
// features document.
func MountOptions() []string {
	return []string{
		"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion", "lazytime", "loud",
		"mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "nomand", "norelatime",
		"nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime",
		"remount", "rexec", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime", "rnosuid",
		"rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid",
		"rsymfollow", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid", "symfollow", "sync",
		"tmpcopyup", "unbindable",
	}
}
