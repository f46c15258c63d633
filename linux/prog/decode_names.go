package prog

import (
	"strconv"
	"strings"
	"syscall"

	"wrun/linux/kernel"
)

// named is a constant and its name.
type named struct {
	v    uint64
	name string
}

// bits lists the flags of a kind, those of several bits before their parts.
// The order is that of printing. (Lists are made when asked for: a table made
// at start-up would be paid for by every command.)
func bits(kind string) []named {
	switch kind {
	case "open":
		return []named{
			{kernel.O_PATH, "O_PATH"}, {kernel.O_RDWR, "O_RDWR"}, {kernel.O_WRONLY, "O_WRONLY"},
			{kernel.O_CREAT, "O_CREAT"}, {kernel.O_EXCL, "O_EXCL"}, {kernel.O_TRUNC, "O_TRUNC"},
			{kernel.O_APPEND, "O_APPEND"}, {kernel.O_DIRECTORY, "O_DIRECTORY"}, {kernel.O_NOFOLLOW, "O_NOFOLLOW"},
			{kernel.O_NONBLOCK, "O_NONBLOCK"}, {kernel.O_NOCTTY, "O_NOCTTY"}, {kernel.O_CLOEXEC, "O_CLOEXEC"},
		}
	case "resolve":
		return []named{
			{kernel.RESOLVE_IN_ROOT, "RESOLVE_IN_ROOT"}, {kernel.RESOLVE_BENEATH, "RESOLVE_BENEATH"},
			{kernel.RESOLVE_NO_XDEV, "RESOLVE_NO_XDEV"}, {kernel.RESOLVE_NO_MAGICLINKS, "RESOLVE_NO_MAGICLINKS"},
			{kernel.RESOLVE_NO_SYMLINKS, "RESOLVE_NO_SYMLINKS"},
		}
	case "at":
		return []named{
			{kernel.AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {kernel.AT_RECURSIVE, "AT_RECURSIVE"},
			{kernel.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
		}
	case "ataccess":
		return []named{
			{kernel.AT_EACCESS, "AT_EACCESS"}, {kernel.AT_EMPTY_PATH, "AT_EMPTY_PATH"},
			{kernel.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
		}
	case "atunlink":
		return []named{{0x200, "AT_REMOVEDIR"}}
	case "cloexec":
		return []named{{kernel.O_CLOEXEC, "O_CLOEXEC"}}
	case "mask":
		return []named{{kernel.S_IFMT, "S_IFMT"}}
	case "tree":
		return []named{
			{kernel.OPEN_TREE_CLONE, "OPEN_TREE_CLONE"}, {kernel.OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC"},
			{kernel.AT_EMPTY_PATH, "AT_EMPTY_PATH"}, {kernel.AT_RECURSIVE, "AT_RECURSIVE"},
			{kernel.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
		}
	case "move":
		return []named{
			{kernel.MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"},
			{kernel.MOVE_MOUNT_T_EMPTY_PATH, "MOVE_MOUNT_T_EMPTY_PATH"},
		}
	case "fsopen":
		return []named{{kernel.FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"}}
	case "fsmount":
		return []named{{kernel.FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"}}
	case "attr":
		return []named{
			{kernel.MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY"}, {kernel.MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID"},
			{kernel.MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV"}, {kernel.MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC"},
			{kernel.MOUNT_ATTR__ATIME, "MOUNT_ATTR__ATIME"}, {kernel.MOUNT_ATTR_NOATIME, "MOUNT_ATTR_NOATIME"},
			{kernel.MOUNT_ATTR_STRICTATIME, "MOUNT_ATTR_STRICTATIME"}, {kernel.MOUNT_ATTR_NODIRATIME, "MOUNT_ATTR_NODIRATIME"},
			{0x100000, "MOUNT_ATTR_IDMAP"}, {kernel.MOUNT_ATTR_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW"},
		}
	case "mount":
		return []named{
			{kernel.MS_BIND, "MS_BIND"}, {kernel.MS_REMOUNT, "MS_REMOUNT"}, {kernel.MS_REC, "MS_REC"},
			{kernel.MS_PRIVATE, "MS_PRIVATE"}, {kernel.MS_SLAVE, "MS_SLAVE"}, {kernel.MS_SHARED, "MS_SHARED"},
			{kernel.MS_UNBINDABLE, "MS_UNBINDABLE"}, {kernel.MS_RDONLY, "MS_RDONLY"}, {kernel.MS_NOSUID, "MS_NOSUID"},
			{kernel.MS_NODEV, "MS_NODEV"}, {kernel.MS_NOEXEC, "MS_NOEXEC"}, {kernel.MS_NOATIME, "MS_NOATIME"},
			{kernel.MS_NODIRATIME, "MS_NODIRATIME"}, {kernel.MS_RELATIME, "MS_RELATIME"},
			{kernel.MS_STRICTATIME, "MS_STRICTATIME"}, {kernel.MS_NOSYMFOLLOW, "MS_NOSYMFOLLOW"},
			{kernel.MS_SYNCHRONOUS, "MS_SYNCHRONOUS"}, {kernel.MS_DIRSYNC, "MS_DIRSYNC"},
			{kernel.MS_MANDLOCK, "MS_MANDLOCK"}, {kernel.MS_LAZYTIME, "MS_LAZYTIME"},
		}
	case "umount":
		return []named{{kernel.MNT_DETACH, "MNT_DETACH"}, {syscall.MNT_FORCE, "MNT_FORCE"}, {8, "UMOUNT_NOFOLLOW"}}
	case "clone":
		return []named{
			{kernel.CLONE_NEWUSER, "CLONE_NEWUSER"}, {kernel.CLONE_NEWNS, "CLONE_NEWNS"}, {kernel.CLONE_NEWPID, "CLONE_NEWPID"},
			{kernel.CLONE_NEWNET, "CLONE_NEWNET"}, {kernel.CLONE_NEWIPC, "CLONE_NEWIPC"}, {kernel.CLONE_NEWUTS, "CLONE_NEWUTS"},
			{kernel.CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {kernel.CLONE_NEWTIME, "CLONE_NEWTIME"}, {kernel.CLONE_PARENT, "CLONE_PARENT"},
		}
	case "sock":
		return []named{
			{syscall.SOCK_SEQPACKET, "SOCK_SEQPACKET"}, {syscall.SOCK_RAW, "SOCK_RAW"}, {kernel.SOCK_DGRAM, "SOCK_DGRAM"},
			{syscall.SOCK_STREAM, "SOCK_STREAM"}, {kernel.O_NONBLOCK, "SOCK_NONBLOCK"}, {kernel.SOCK_CLOEXEC, "SOCK_CLOEXEC"},
		}
	case "statx":
		return []named{
			{kernel.STATX_BASIC_STATS, "STATX_BASIC_STATS"}, {kernel.STATX_TYPE, "STATX_TYPE"}, {kernel.STATX_MODE, "STATX_MODE"},
		}
	case "iff":
		return []named{{kernel.IFF_UP, "IFF_UP"}, {kernel.IFF_RUNNING, "IFF_RUNNING"}}
	case "sa":
		return []named{{kernel.SA_RESTORER, "SA_RESTORER"}, {4, "SA_SIGINFO"}, {0x10000000, "SA_RESTART"}, {0x40000000, "SA_NODEFER"}}
	case "closerange":
		return []named{{kernel.CLOSE_RANGE_CLOEXEC, "CLOSE_RANGE_CLOEXEC"}, {2, "CLOSE_RANGE_UNSHARE"}}
	case "fd":
		return []named{{syscall.FD_CLOEXEC, "FD_CLOEXEC"}}
	case "seccomp":
		return []named{
			{kernel.SECCOMP_FILTER_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC"}, {kernel.SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG"},
			{kernel.SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"}, {kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER, "SECCOMP_FILTER_FLAG_NEW_LISTENER"},
		}
	case "msg":
		return []named{{syscall.MSG_NOSIGNAL, "MSG_NOSIGNAL"}, {syscall.MSG_DONTWAIT, "MSG_DONTWAIT"}, {kernel.MSG_CMSG_CLOEXEC, "MSG_CMSG_CLOEXEC"}}
	}
	return nil
}

// flags prints an OR of a kind's flags, the unknown rest as a number.
func (d *decoder) flags(kind string, v uint64) {
	sep := ""
	if kind == "open" && v&(kernel.O_PATH|kernel.O_RDWR|kernel.O_WRONLY) == 0 {
		d.b = append(d.b, "O_RDONLY"...)
		sep = "|"
	}
	for _, f := range bits(kind) {
		if v&f.v == f.v {
			d.add(sep, f.name)
			sep = "|"
			v &^= f.v
		}
	}
	if v != 0 || sep == "" {
		d.b = append(d.b, sep...)
		d.hex(v)
	}
}

// cloneFlags prints clone(2)'s flags, with the signal in the low byte.
func (d *decoder) cloneFlags(v uint64) {
	if v>>8 != 0 {
		d.flags("clone", v&^0xff)
		d.b = append(d.b, '|')
	}
	d.name("signal", v&0xff)
}

// names lists the constants of a kind, of which an argument is one.
func names(kind string) []named {
	switch kind {
	case "fd":
		return []named{{1<<64 + kernel.AT_FDCWD, "AT_FDCWD"}}
	case "fsconfig":
		return []named{
			{kernel.FSCONFIG_SET_FLAG, "FSCONFIG_SET_FLAG"}, {kernel.FSCONFIG_SET_STRING, "FSCONFIG_SET_STRING"},
			{fsconfigSetFD, "FSCONFIG_SET_FD"}, {kernel.FSCONFIG_CMD_CREATE, "FSCONFIG_CMD_CREATE"},
		}
	case "prctl":
		return []named{
			{kernel.PR_SET_NAME, "PR_SET_NAME"}, {kernel.PR_SET_DUMPABLE, "PR_SET_DUMPABLE"}, {kernel.PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS"},
			{kernel.PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS"}, {kernel.PR_CAPBSET_DROP, "PR_CAPBSET_DROP"},
			{kernel.PR_CAP_AMBIENT, "PR_CAP_AMBIENT"},
		}
	case "ambient":
		return []named{
			{kernel.PR_CAP_AMBIENT_RAISE, "PR_CAP_AMBIENT_RAISE"}, {kernel.PR_CAP_AMBIENT_CLEAR_ALL, "PR_CAP_AMBIENT_CLEAR_ALL"},
		}
	case "ioctl":
		return []named{
			{kernel.SIOCSIFFLAGS, "SIOCSIFFLAGS"}, {kernel.TIOCSPTLCK, "TIOCSPTLCK"}, {kernel.TIOCGPTPEER, "TIOCGPTPEER"},
			{kernel.TIOCSCTTY, "TIOCSCTTY"}, {kernel.TIOCSWINSZ, "TIOCSWINSZ"},
		}
	case "fcntl":
		return []named{{kernel.F_SETFD, "F_SETFD"}}
	case "keyctl":
		return []named{
			{kernel.KEYCTL_JOIN_SESSION_KEYRING, "KEYCTL_JOIN_SESSION_KEYRING"}, {kernel.KEYCTL_SETPERM, "KEYCTL_SETPERM"},
		}
	case "seccomp":
		return []named{
			{kernel.SECCOMP_SET_MODE_FILTER, "SECCOMP_SET_MODE_FILTER"}, {kernel.SECCOMP_GET_ACTION_AVAIL, "SECCOMP_GET_ACTION_AVAIL"},
		}
	case "sighow":
		return []named{{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {kernel.SIG_SETMASK, "SIG_SETMASK"}}
	case "family":
		return []named{{syscall.AF_UNIX, "AF_UNIX"}, {kernel.AF_INET, "AF_INET"}, {syscall.AF_NETLINK, "AF_NETLINK"}}
	case "access":
		return []named{{0, "F_OK"}, {1, "X_OK"}, {2, "W_OK"}, {4, "R_OK"}, {6, "R_OK|W_OK"}, {5, "R_OK|X_OK"}}
	case "filetype":
		return []named{
			{kernel.S_IFREG, "S_IFREG"}, {kernel.S_IFDIR, "S_IFDIR"}, {kernel.S_IFLNK, "S_IFLNK"}, {kernel.S_IFCHR, "S_IFCHR"},
			{kernel.S_IFBLK, "S_IFBLK"}, {kernel.S_IFIFO, "S_IFIFO"},
		}
	case "magic":
		return []named{
			{kernel.PROC_SUPER_MAGIC, "PROC_SUPER_MAGIC"}, {kernel.DEVPTS_SUPER_MAGIC, "DEVPTS_SUPER_MAGIC"},
			{kernel.CGROUP2_SUPER_MAGIC, "CGROUP2_SUPER_MAGIC"},
		}
	case "capversion":
		return []named{{0x20080522, "3"}} // _LINUX_CAPABILITY_VERSION_3, capset(2)
	}
	return nil
}

// fsconfigSetFD is FSCONFIG_SET_FD (linux/mount.h).
const fsconfigSetFD = 5

// name prints the one name that v has in its kind, or v as a number.
func (d *decoder) name(kind string, v uint64) {
	list, prefix := "", ""
	switch kind {
	case "cap":
		list, prefix = capNames, "CAP_"
	case "rlimit":
		list, prefix = rlimitNames, "RLIMIT_"
	case "signal":
		list, prefix = signalNames, "SIG"
	case "sigshort":
		list = signalNames
	default:
		for _, n := range names(kind) {
			if n.v == v {
				d.b = append(d.b, n.name...)
				return
			}
		}
		switch kind {
		case "fd":
			d.b = strconv.AppendInt(d.b, int64(int32(v)), 10)
		case "ioctl":
			d.hex(v)
		default:
			d.num(int64(v))
		}
		return
	}
	if w := strings.Fields(list); v < uint64(len(w)) && w[v] != "-" {
		d.add(prefix, w[v])
	} else {
		d.num(int64(v))
	}
}

// The names of numbers from 0 on; - has none.
const (
	// linux/capability.h; the last came with Linux 5.9.
	capNames = `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER
		SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
		SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
		MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
		CHECKPOINT_RESTORE`
	// asm-generic/resource.h
	rlimitNames = `CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING
		MSGQUEUE NICE RTPRIO RTTIME`
	// asm-generic/signal.h, and amd64's, which is the same
	signalNames = `- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM
		STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`
)

// mode prints a file type and permissions, S_IFCHR|0666.
func (d *decoder) mode(v uint64) {
	switch v & kernel.S_IFMT {
	case kernel.S_IFREG:
		d.b = append(d.b, "S_IFREG|"...)
	case kernel.S_IFDIR:
		d.b = append(d.b, "S_IFDIR|"...)
	case kernel.S_IFCHR:
		d.b = append(d.b, "S_IFCHR|"...)
	case kernel.S_IFBLK:
		d.b = append(d.b, "S_IFBLK|"...)
	case kernel.S_IFIFO:
		d.b = append(d.b, "S_IFIFO|"...)
	default:
		d.oct(v)
		return
	}
	d.oct(v &^ kernel.S_IFMT)
}

// dev prints a device number as the kernel's new_decode_dev (linux/kdev_t.h)
// reads it: mknod(2) takes 32 bits of it.
func (d *decoder) dev(v uint64) {
	n := uint32(v)
	major, minor := n>>8&0xfff, n&0xff|n>>12&0xfff00
	if v == 0 {
		d.b = append(d.b, '0')
		return
	}
	d.add("makedev(", strconv.Itoa(int(major)), ", ", strconv.Itoa(int(minor)), ")")
}
