package kernel

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Features is what compiling depends on: everything a program is decided by
// besides config.json.
type Features struct {
	// Major and Minor are the kernel's version.
	Major, Minor int
	// LastCap is the number of the kernel's highest capability.
	LastCap int
}

// AtLeast tells whether the kernel is this version or newer.
func (f Features) AtLeast(major, minor int) bool {
	return f.Major > major || f.Major == major && f.Minor >= minor
}

// MinMajor and MinMinor name the oldest kernel wrun runs on: 5.14, RHEL 9's,
// the first with all that the programs use without a fallback:
// mount_setattr(2) (5.12), CLOSE_RANGE_CLOEXEC (5.11), cgroup.kill (5.14).
const (
	MinMajor = 5
	MinMinor = 14
)

// Probe asks the running kernel.
func Probe() (Features, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Features{}, os.NewSyscallError("uname", err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	f, err := parseRelease(release)
	if err != nil {
		return f, err
	}
	if !f.AtLeast(MinMajor, MinMinor) {
		return f, fmt.Errorf("kernel %s is too old: wrun needs Linux %d.%d or newer", release, MinMajor, MinMinor)
	}
	f.LastCap = lastCap(f)
	return f, nil
}

// lastCap follows the kernel's history: CAP_CHECKPOINT_RESTORE (40) came with
// 5.9 and is the last one up to now; a newer kernel is asked.
func lastCap(f Features) int {
	last := unix.CAP_LAST_CAP
	for last < 63 && unix.Prctl(unix.PR_CAPBSET_READ, uintptr(last+1), 0, 0, 0) == nil {
		last++
	}
	return last
}

func parseRelease(s string) (f Features, err error) {
	n, i := [2]int{}, 0
	digits := 0
	for k := 0; k < len(s) && i < 2; k++ {
		switch c := s[k]; {
		case c >= '0' && c <= '9' && digits < 6:
			n[i] = n[i]*10 + int(c-'0')
			digits++
		case c == '.' && digits > 0 && i == 0:
			i, digits = 1, 0
		default:
			k = len(s)
		}
	}
	if i != 1 || digits == 0 {
		return f, fmt.Errorf("kernel release %q has no version", s)
	}
	return Features{Major: n[0], Minor: n[1]}, nil
}
