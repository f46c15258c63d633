// Package kernel is the one place that talks to Linux through
// golang.org/x/sys/unix: system calls with close-on-exec forced on and their
// arguments in the errors, constants under the kernel's own names, and what
// this kernel can do.
package kernel

import "golang.org/x/sys/unix"

// The kernel's names, from x/sys/unix, for packages that compile programs of
// system calls. Values are the same on amd64 and arm64 unless x/sys says
// otherwise for the architecture built for.
const (
	CLONE_NEWNS     = unix.CLONE_NEWNS
	CLONE_NEWCGROUP = unix.CLONE_NEWCGROUP
	CLONE_NEWUTS    = unix.CLONE_NEWUTS
	CLONE_NEWIPC    = unix.CLONE_NEWIPC
	CLONE_NEWUSER   = unix.CLONE_NEWUSER
	CLONE_NEWPID    = unix.CLONE_NEWPID
	CLONE_NEWNET    = unix.CLONE_NEWNET
	CLONE_NEWTIME   = unix.CLONE_NEWTIME
	CLONE_PARENT    = unix.CLONE_PARENT

	AT_FDCWD            = unix.AT_FDCWD
	AT_EMPTY_PATH       = unix.AT_EMPTY_PATH
	AT_RECURSIVE        = unix.AT_RECURSIVE
	AT_EACCESS          = unix.AT_EACCESS
	AT_SYMLINK_NOFOLLOW = unix.AT_SYMLINK_NOFOLLOW

	O_RDONLY    = unix.O_RDONLY
	O_WRONLY    = unix.O_WRONLY
	O_RDWR      = unix.O_RDWR
	O_CREAT     = unix.O_CREAT
	O_EXCL      = unix.O_EXCL
	O_NOCTTY    = unix.O_NOCTTY
	O_TRUNC     = unix.O_TRUNC
	O_APPEND    = unix.O_APPEND
	O_NONBLOCK  = unix.O_NONBLOCK
	O_PATH      = unix.O_PATH
	O_CLOEXEC   = unix.O_CLOEXEC
	O_DIRECTORY = unix.O_DIRECTORY
	O_NOFOLLOW  = unix.O_NOFOLLOW

	RESOLVE_NO_XDEV       = unix.RESOLVE_NO_XDEV
	RESOLVE_NO_MAGICLINKS = unix.RESOLVE_NO_MAGICLINKS
	RESOLVE_NO_SYMLINKS   = unix.RESOLVE_NO_SYMLINKS
	RESOLVE_BENEATH       = unix.RESOLVE_BENEATH
	RESOLVE_IN_ROOT       = unix.RESOLVE_IN_ROOT

	OPEN_TREE_CLONE   = unix.OPEN_TREE_CLONE
	OPEN_TREE_CLOEXEC = unix.OPEN_TREE_CLOEXEC

	MOVE_MOUNT_F_EMPTY_PATH = unix.MOVE_MOUNT_F_EMPTY_PATH
	MOVE_MOUNT_T_EMPTY_PATH = unix.MOVE_MOUNT_T_EMPTY_PATH

	FSOPEN_CLOEXEC      = unix.FSOPEN_CLOEXEC
	FSMOUNT_CLOEXEC     = unix.FSMOUNT_CLOEXEC
	FSCONFIG_SET_FLAG   = unix.FSCONFIG_SET_FLAG
	FSCONFIG_SET_STRING = unix.FSCONFIG_SET_STRING
	FSCONFIG_CMD_CREATE = unix.FSCONFIG_CMD_CREATE

	MOUNT_ATTR_RDONLY      = unix.MOUNT_ATTR_RDONLY
	MOUNT_ATTR_NOSUID      = unix.MOUNT_ATTR_NOSUID
	MOUNT_ATTR_NODEV       = unix.MOUNT_ATTR_NODEV
	MOUNT_ATTR_NOEXEC      = unix.MOUNT_ATTR_NOEXEC
	MOUNT_ATTR__ATIME      = unix.MOUNT_ATTR__ATIME
	MOUNT_ATTR_RELATIME    = unix.MOUNT_ATTR_RELATIME
	MOUNT_ATTR_NOATIME     = unix.MOUNT_ATTR_NOATIME
	MOUNT_ATTR_STRICTATIME = unix.MOUNT_ATTR_STRICTATIME
	MOUNT_ATTR_NODIRATIME  = unix.MOUNT_ATTR_NODIRATIME
	MOUNT_ATTR_NOSYMFOLLOW = unix.MOUNT_ATTR_NOSYMFOLLOW

	MS_RDONLY      = unix.MS_RDONLY
	MS_NOSUID      = unix.MS_NOSUID
	MS_NODEV       = unix.MS_NODEV
	MS_NOEXEC      = unix.MS_NOEXEC
	MS_BIND        = unix.MS_BIND
	MS_REMOUNT     = unix.MS_REMOUNT
	MS_REC         = unix.MS_REC
	MS_PRIVATE     = unix.MS_PRIVATE
	MS_SLAVE       = unix.MS_SLAVE
	MS_SHARED      = unix.MS_SHARED
	MS_UNBINDABLE  = unix.MS_UNBINDABLE
	MS_NOATIME     = unix.MS_NOATIME
	MS_NODIRATIME  = unix.MS_NODIRATIME
	MS_RELATIME    = unix.MS_RELATIME
	MS_STRICTATIME = unix.MS_STRICTATIME
	MS_NOSYMFOLLOW = unix.MS_NOSYMFOLLOW
	MS_SYNCHRONOUS = unix.MS_SYNCHRONOUS
	MS_DIRSYNC     = unix.MS_DIRSYNC
	MS_MANDLOCK    = unix.MS_MANDLOCK
	MS_LAZYTIME    = unix.MS_LAZYTIME
	MNT_DETACH     = unix.MNT_DETACH

	S_IFMT  = unix.S_IFMT
	S_IFREG = unix.S_IFREG
	S_IFDIR = unix.S_IFDIR
	S_IFCHR = unix.S_IFCHR
	S_IFBLK = unix.S_IFBLK
	S_IFIFO = unix.S_IFIFO
	S_IFLNK = unix.S_IFLNK

	STATX_TYPE        = unix.STATX_TYPE
	STATX_MODE        = unix.STATX_MODE
	STATX_BASIC_STATS = unix.STATX_BASIC_STATS

	PR_SET_NAME              = unix.PR_SET_NAME
	PR_SET_DUMPABLE          = unix.PR_SET_DUMPABLE
	PR_SET_KEEPCAPS          = unix.PR_SET_KEEPCAPS
	PR_SET_NO_NEW_PRIVS      = unix.PR_SET_NO_NEW_PRIVS
	PR_CAPBSET_DROP          = unix.PR_CAPBSET_DROP
	PR_CAP_AMBIENT           = unix.PR_CAP_AMBIENT
	PR_CAP_AMBIENT_RAISE     = unix.PR_CAP_AMBIENT_RAISE
	PR_CAP_AMBIENT_CLEAR_ALL = unix.PR_CAP_AMBIENT_CLEAR_ALL

	CLOSE_RANGE_CLOEXEC = unix.CLOSE_RANGE_CLOEXEC

	AF_INET      = unix.AF_INET
	SOCK_DGRAM   = unix.SOCK_DGRAM
	SOCK_CLOEXEC = unix.SOCK_CLOEXEC
	IFF_UP       = unix.IFF_UP
	IFF_RUNNING  = unix.IFF_RUNNING
	SIOCSIFFLAGS = unix.SIOCSIFFLAGS
	TIOCSPTLCK   = unix.TIOCSPTLCK
	TIOCGPTPEER  = unix.TIOCGPTPEER
	TIOCSCTTY    = unix.TIOCSCTTY
	TIOCSWINSZ   = unix.TIOCSWINSZ
	SOL_SOCKET   = unix.SOL_SOCKET
	SCM_RIGHTS   = unix.SCM_RIGHTS

	F_SETFD = unix.F_SETFD

	MSG_CMSG_CLOEXEC = unix.MSG_CMSG_CLOEXEC

	PROC_SUPER_MAGIC    = unix.PROC_SUPER_MAGIC
	DEVPTS_SUPER_MAGIC  = unix.DEVPTS_SUPER_MAGIC
	CGROUP2_SUPER_MAGIC = unix.CGROUP2_SUPER_MAGIC

	KEYCTL_JOIN_SESSION_KEYRING = unix.KEYCTL_JOIN_SESSION_KEYRING
	KEYCTL_SETPERM              = unix.KEYCTL_SETPERM
	SIG_SETMASK                 = unix.SIG_SETMASK
	// SA_RESTORER is not in x/sys: asm/signal.h of amd64 and arm64.
	SA_RESTORER = 0x04000000
)

// System call numbers of the architecture built for.
const (
	SYS_ACCEPT4        = unix.SYS_ACCEPT4
	SYS_CAPSET         = unix.SYS_CAPSET
	SYS_CHDIR          = unix.SYS_CHDIR
	SYS_CLONE          = unix.SYS_CLONE
	SYS_CLOSE          = unix.SYS_CLOSE
	SYS_CLOSE_RANGE    = unix.SYS_CLOSE_RANGE
	SYS_DUP3           = unix.SYS_DUP3
	SYS_EXECVE         = unix.SYS_EXECVE
	SYS_EXECVEAT       = unix.SYS_EXECVEAT
	SYS_EXIT_GROUP     = unix.SYS_EXIT_GROUP
	SYS_FACCESSAT2     = unix.SYS_FACCESSAT2
	SYS_FCHDIR         = unix.SYS_FCHDIR
	SYS_FCHMODAT       = unix.SYS_FCHMODAT
	SYS_FCHOWN         = unix.SYS_FCHOWN
	SYS_FCHOWNAT       = unix.SYS_FCHOWNAT
	SYS_FCNTL          = unix.SYS_FCNTL
	SYS_FSCONFIG       = unix.SYS_FSCONFIG
	SYS_FSETXATTR      = unix.SYS_FSETXATTR
	SYS_FSMOUNT        = unix.SYS_FSMOUNT
	SYS_FSOPEN         = unix.SYS_FSOPEN
	SYS_FSTATFS        = unix.SYS_FSTATFS
	SYS_GETCWD         = unix.SYS_GETCWD
	SYS_GETPID         = unix.SYS_GETPID
	SYS_GETPPID        = unix.SYS_GETPPID
	SYS_IOCTL          = unix.SYS_IOCTL
	SYS_KEYCTL         = unix.SYS_KEYCTL
	SYS_MKDIRAT        = unix.SYS_MKDIRAT
	SYS_MKNODAT        = unix.SYS_MKNODAT
	SYS_MOUNT          = unix.SYS_MOUNT
	SYS_MOUNT_SETATTR  = unix.SYS_MOUNT_SETATTR
	SYS_MOVE_MOUNT     = unix.SYS_MOVE_MOUNT
	SYS_OPENAT         = unix.SYS_OPENAT
	SYS_OPENAT2        = unix.SYS_OPENAT2
	SYS_OPEN_TREE      = unix.SYS_OPEN_TREE
	SYS_PIVOT_ROOT     = unix.SYS_PIVOT_ROOT
	SYS_PRCTL          = unix.SYS_PRCTL
	SYS_PRLIMIT64      = unix.SYS_PRLIMIT64
	SYS_READ           = unix.SYS_READ
	SYS_RECVMSG        = unix.SYS_RECVMSG
	SYS_RT_SIGACTION   = unix.SYS_RT_SIGACTION
	SYS_RT_SIGPROCMASK = unix.SYS_RT_SIGPROCMASK
	SYS_SENDMSG        = unix.SYS_SENDMSG
	SYS_SETDOMAINNAME  = unix.SYS_SETDOMAINNAME
	SYS_SETGROUPS      = unix.SYS_SETGROUPS
	SYS_SETHOSTNAME    = unix.SYS_SETHOSTNAME
	SYS_SETNS          = unix.SYS_SETNS
	SYS_SETRESGID      = unix.SYS_SETRESGID
	SYS_SETRESUID      = unix.SYS_SETRESUID
	SYS_SETSID         = unix.SYS_SETSID
	SYS_SOCKET         = unix.SYS_SOCKET
	SYS_STATX          = unix.SYS_STATX
	SYS_SYMLINKAT      = unix.SYS_SYMLINKAT
	SYS_UMASK          = unix.SYS_UMASK
	SYS_UMOUNT2        = unix.SYS_UMOUNT2
	SYS_UNLINKAT       = unix.SYS_UNLINKAT
	SYS_UNSHARE        = unix.SYS_UNSHARE
	SYS_WRITE          = unix.SYS_WRITE
	SYS_CHROOT         = unix.SYS_CHROOT
)

// Mkdev makes the kernel's device number, makedev(3).
func Mkdev(major, minor uint32) uint64 { return unix.Mkdev(major, minor) }

// ErrnoName gives the symbol of an errno, "ENOENT"; "" when x/sys knows none.
func ErrnoName(e int) string { return unix.ErrnoName(errno(e)) }
