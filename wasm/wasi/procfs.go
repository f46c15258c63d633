package wasi

import (
	"bytes"
	"strconv"
	"syscall"
	"unsafe"
)

// procSuperMagic is the f_type of procfs (statfs(2)).
const procSuperMagic = 0x9fa0

// memMode is the mode of /proc/PID/mem and of no other file of a process. The
// kernel lets nobody change the mode of such files (fs/proc/base.c,
// proc_setattr).
const memMode = 0o600

// guard refuses what a guest must not have open, however it got there: through
// a symlink, a hard link, a bind mount. By /proc/PID/mem it could change the
// engine's own machine code; by other files of procfs, more of what its
// process is. What the container's own masks leave of /proc/sys is let be.
func (h *Host) guard(fd int, st *syscall.Stat_t, writing bool) Errno {
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return esuccess
	}
	var fs syscall.Statfs_t
	if _, _, e := syscall.Syscall(syscall.SYS_FSTATFS, uintptr(fd), uintptr(unsafe.Pointer(&fs)), 0); e != 0 {
		return errnoOf(e)
	}
	if fs.Type != procSuperMagic {
		return esuccess
	}
	if (writing || st.Mode&0o7777 == memMode) && !sysctl(fd) {
		return eacces
	}
	return esuccess
}

// sysctl tells whether an open file of procfs is one of /proc/sys. The kernel
// has no answer of its own, so three signs must agree: its path; that it is
// not itself mounted there; and that it has an end to seek to, which mem has
// not (fs/proc/base.c, mem_lseek).
func sysctl(fd int) bool {
	how := openHow{flags: oPath | syscall.O_DIRECTORY, resolve: resolveNoMagiclinks}
	dir, e := openat2(atFdcwd, []byte("/proc/self/fd\x00"), how)
	if e != 0 {
		return false
	}
	defer sysClose(dir)
	var fs syscall.Statfs_t
	if e := syscall.Fstatfs(dir, &fs); e != nil || fs.Type != procSuperMagic {
		return false
	}
	var b [maxPath]byte
	n, e := readlinkat(dir, append(strconv.AppendInt(nil, int64(fd), 10), 0), b[:])
	if e != 0 || !bytes.HasPrefix(b[:n], []byte("/proc/sys/")) {
		return false
	}
	if mounted, ok := mountRoot(fd); mounted || !ok {
		return false
	}
	_, _, e = syscall.Syscall(syscall.SYS_LSEEK, uintptr(fd), 0, whenceEnd)
	if e != 0 {
		return false
	}
	_, _, e = syscall.Syscall(syscall.SYS_LSEEK, uintptr(fd), 0, 0)
	return e == 0
}

// mountRoot tells whether a file is itself mounted where it was found
// (statx(2), STATX_ATTR_MOUNT_ROOT, Linux 5.8).
func mountRoot(fd int) (mounted, ok bool) {
	const attrMountRoot = 0x2000
	var stx [256]byte // struct statx: attributes at 8, the mask of those known at 56
	empty := []byte{0}
	_, _, e := syscall.Syscall6(sysStatx, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])), atEmptyPath, 0, uintptr(unsafe.Pointer(&stx[0])), 0)
	if e != 0 {
		return false, false
	}
	attributes := *(*uint64)(unsafe.Pointer(&stx[8]))
	known := *(*uint64)(unsafe.Pointer(&stx[56]))
	return attributes&attrMountRoot != 0, known&attrMountRoot != 0
}
