package spec

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// noID is uid_t and gid_t -1, "leave as it is" to chown(2) and setresuid(2),
// hence no user's id.
const noID = 1<<32 - 1

// process checks the program to run. A config without one is valid: such a
// container can be created, and its start fails (runtime.md, "Start").
func process(s *specs.Spec, w *warnings) error {
	p := s.Process
	if p == nil {
		return nil
	}
	if len(p.Args) == 0 {
		return fmt.Errorf("process.args: is empty: name the program to run")
	}
	if i := nulIn(p.Args); i >= 0 {
		return fmt.Errorf("process.args[%d]: %q holds a NUL byte", i, p.Args[i])
	}
	if bad := badRootPath(p.Cwd); bad != "" {
		return fmt.Errorf("process.cwd: %q %s", p.Cwd, bad)
	}
	if err := env(p.Env); err != nil {
		return err
	}
	if err := user(&p.User); err != nil {
		return err
	}
	if err := rlimits(p.Rlimits); err != nil {
		return err
	}
	// "Runtimes MUST ignore consoleSize if terminal is false" (config.md).
	// struct winsize has 16 bits for each (ioctl_tty(2)).
	if c := p.ConsoleSize; p.Terminal && c != nil && (c.Height > 65535 || c.Width > 65535) {
		return fmt.Errorf("process.consoleSize: %dx%d: a side is at most 65535", c.Height, c.Width)
	}
	// proc_pid_oom_score_adj(5)
	if o := p.OOMScoreAdj; o != nil && (*o < -1000 || *o > 1000) {
		return fmt.Errorf("process.oomScoreAdj: %d is not within -1000 to 1000", *o)
	}
	if strings.IndexByte(p.ApparmorProfile, 0) >= 0 {
		return fmt.Errorf("process.apparmorProfile: %q holds a NUL byte", p.ApparmorProfile)
	}
	if strings.IndexByte(p.SelinuxLabel, 0) >= 0 {
		return fmt.Errorf("process.selinuxLabel: %q holds a NUL byte", p.SelinuxLabel)
	}
	if err := schedule(p); err != nil {
		return err
	}
	capabilities(p.Capabilities, w)
	return nil
}

// env checks that entries are NAME=VALUE. Errors hold the name at most: values
// are where people keep secrets.
func env(list []string) error {
	for i, e := range list {
		switch eq := strings.IndexByte(e, '='); {
		case eq < 0:
			return fmt.Errorf("process.env[%d]: has no \"=\"", i)
		case eq == 0:
			return fmt.Errorf("process.env[%d]: has no name before the \"=\"", i)
		case strings.IndexByte(e, 0) >= 0:
			return fmt.Errorf("process.env[%d]: %q holds a NUL byte", i, e[:eq])
		}
	}
	return nil
}

func user(u *specs.User) error {
	if u.UID == noID {
		return fmt.Errorf("process.user.uid: %d is no user's id", u.UID)
	}
	if u.GID == noID {
		return fmt.Errorf("process.user.gid: %d is no group's id", u.GID)
	}
	for i, g := range u.AdditionalGids {
		if g == noID {
			return fmt.Errorf("process.user.additionalGids[%d]: %d is no group's id", i, g)
		}
	}
	// NGROUPS_MAX (setgroups(2), Linux 2.6.4)
	if n := len(u.AdditionalGids); n > 65536 {
		return fmt.Errorf("process.user.additionalGids: %d groups, the kernel takes 65536", n)
	}
	// umask(2) would drop the other bits in silence.
	if m := u.Umask; m != nil && *m > 0o777 {
		return fmt.Errorf("process.user.umask: %d (octal %o) is above 511 (octal 777)", *m, *m)
	}
	return nil
}

func rlimits(list []specs.POSIXRlimit) error {
	seen := 0
	for i := range list {
		l := &list[i]
		n, ok := Rlimit(l.Type)
		switch {
		case !ok:
			return fmt.Errorf("process.rlimits[%d].type: %q is not one of getrlimit(2)", i, l.Type)
		case seen&(1<<n) != 0:
			return fmt.Errorf("process.rlimits[%d].type: %s is there twice", i, l.Type)
		case l.Soft > l.Hard:
			return fmt.Errorf("process.rlimits[%d]: %s: soft %d is above hard %d", i, l.Type, l.Soft, l.Hard)
		}
		seen |= 1 << n
	}
	return nil
}

// Rlimit returns the number of a resource, RLIMIT_NOFILE for example. They are
// those of asm-generic/resource.h, which amd64 and arm64 share.
func Rlimit(name string) (resource int, ok bool) {
	for i, n := range [...]string{
		"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
		"RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
	} {
		if n == name {
			return i, true
		}
	}
	return 0, false
}
