package prog

import "wrun/linux/kernel"

// signature names a system call and says how its arguments read: one kind per
// argument, in order. "|kind" is an OR of the names that bits has for it,
// "=kind" one of those that name has; the other kinds are the cases of value.
// A kind that ends in "!" is shown by Describe. Arguments that are always 0
// are left out. "" stands for a call that no program is known to make.
//
// To add a call, add a line here and one to TestPrint.
func (d *decoder) signature(o *Op) string {
	switch int(o.Nr) {
	case kernel.SYS_ACCEPT4:
		return "accept4 fd addr addr |sock"
	case kernel.SYS_CAPSET:
		return "capset caphdr capdata"
	case kernel.SYS_CHDIR:
		return "chdir str!"
	case kernel.SYS_CHROOT:
		return "chroot str!"
	case kernel.SYS_CLONE:
		return "clone clone! addr"
	case kernel.SYS_CLOSE:
		return "close fd"
	case kernel.SYS_CLOSE_RANGE:
		return "close_range uint uint |closerange"
	case kernel.SYS_DUP3:
		return "dup3 fd fd! |cloexec"
	case kernel.SYS_EXECVE:
		return "execve str! argv envp"
	case kernel.SYS_EXECVEAT:
		return "execveat fd! str! argv envp |at"
	case kernel.SYS_EXIT_GROUP:
		return "exit_group num"
	case kernel.SYS_FACCESSAT2:
		return "faccessat2 fd str! =access! |ataccess"
	case kernel.SYS_FCHDIR:
		return "fchdir fd!"
	case kernel.SYS_FCHMODAT:
		return "fchmodat fd str! oct!"
	case kernel.SYS_FCHOWN:
		return "fchown fd! id! id!"
	case kernel.SYS_FCHOWNAT:
		return "fchownat fd str! id! id! |at"
	case kernel.SYS_FCNTL:
		return d.fcntl(o)
	case kernel.SYS_FSCONFIG:
		return d.fsconfig(o)
	case kernel.SYS_FSETXATTR:
		return "fsetxattr fd! str! data! num num"
	case kernel.SYS_FSMOUNT:
		return "fsmount fd! |fsmount |attr"
	case kernel.SYS_FSOPEN:
		return "fsopen str! |fsopen"
	case kernel.SYS_FSTATFS:
		return "fstatfs fd! addr"
	case kernel.SYS_GETCWD:
		return "getcwd addr num"
	case kernel.SYS_GETPID:
		return "getpid"
	case kernel.SYS_GETPPID:
		return "getppid"
	case kernel.SYS_IOCTL:
		return d.ioctl(o)
	case kernel.SYS_IOPRIO_SET:
		return "ioprio_set num num hex!"
	case kernel.SYS_KEYCTL:
		return d.keyctl(o)
	case kernel.SYS_MKDIRAT:
		return "mkdirat fd str! oct"
	case kernel.SYS_MKNODAT:
		return "mknodat fd str! mode dev"
	case kernel.SYS_MOUNT:
		return "mount str! str! str |mount! str"
	case kernel.SYS_MOUNT_SETATTR:
		return "mount_setattr fd str! |at attr! num"
	case kernel.SYS_MOVE_MOUNT:
		return "move_mount fd str! fd str! |move"
	case kernel.SYS_OPENAT:
		if flags, ok := d.known(o, 2); ok && flags&kernel.O_CREAT == 0 {
			return "openat fd str! |open"
		}
		return "openat fd str! |open oct"
	case kernel.SYS_OPENAT2:
		return "openat2 fd str! how num"
	case kernel.SYS_OPEN_TREE:
		return "open_tree fd str! |tree"
	case kernel.SYS_PERSONALITY:
		return "personality hex!"
	case kernel.SYS_PIVOT_ROOT:
		return "pivot_root str! str!"
	case kernel.SYS_PRCTL:
		return d.prctl(o)
	case kernel.SYS_PRLIMIT64:
		return "prlimit64 num =rlimit! rlimit! addr"
	case kernel.SYS_READ:
		return "read fd! addr num"
	case kernel.SYS_RECVMSG:
		return "recvmsg fd addr |msg"
	case kernel.SYS_RT_SIGACTION:
		return "rt_sigaction =signal! sigaction addr num"
	case kernel.SYS_RT_SIGPROCMASK:
		return "rt_sigprocmask =sighow sigset addr num"
	case kernel.SYS_SECCOMP:
		switch op, _ := d.known(o, 0); op {
		case kernel.SECCOMP_SET_MODE_FILTER:
			return "seccomp =seccomp! |seccomp fprog"
		case kernel.SECCOMP_GET_ACTION_AVAIL:
			return "seccomp =seccomp! num u32"
		}
		return "seccomp =seccomp! hex addr"
	case kernel.SYS_SCHED_SETAFFINITY:
		return "sched_setaffinity num num addr"
	case kernel.SYS_SCHED_SETATTR:
		return "sched_setattr num schedattr! num"
	case kernel.SYS_SENDMSG:
		return "sendmsg fd msghdr |msg"
	case kernel.SYS_SETDOMAINNAME:
		return "setdomainname data! num"
	case kernel.SYS_SETGROUPS:
		return "setgroups num groups!"
	case kernel.SYS_SET_MEMPOLICY:
		return "set_mempolicy hex! addr num!"
	case kernel.SYS_SETHOSTNAME:
		return "sethostname data! num"
	case kernel.SYS_SETNS:
		return "setns fd |clone!"
	case kernel.SYS_SETRESGID:
		return "setresgid id! id! id!"
	case kernel.SYS_SETRESUID:
		return "setresuid id! id! id!"
	case kernel.SYS_SETSID:
		return "setsid"
	case kernel.SYS_SOCKET:
		return "socket =family! |sock! num"
	case kernel.SYS_STATX:
		return "statx fd! str! |at |statx addr"
	case kernel.SYS_SYMLINKAT:
		return "symlinkat str! fd str!"
	case kernel.SYS_UMASK:
		return "umask oct!"
	case kernel.SYS_UMOUNT2:
		return "umount2 str! |umount"
	case kernel.SYS_UNLINKAT:
		return "unlinkat fd str! |atunlink"
	case kernel.SYS_UNSHARE:
		return "unshare |clone!"
	case kernel.SYS_WRITE:
		return "write fd! data num"
	}
	return ""
}

// The calls whose arguments depend on one of them:

func (d *decoder) fcntl(o *Op) string {
	if cmd, _ := d.known(o, 1); cmd == kernel.F_SETFD {
		return "fcntl fd =fcntl! |fd"
	}
	return "fcntl fd =fcntl! word"
}

func (d *decoder) fsconfig(o *Op) string {
	switch cmd, _ := d.known(o, 1); cmd {
	case kernel.FSCONFIG_SET_FLAG:
		return "fsconfig fd =fsconfig! str! addr num"
	case kernel.FSCONFIG_SET_STRING:
		return "fsconfig fd =fsconfig! str! str! num"
	case fsconfigSetFD:
		return "fsconfig fd =fsconfig! str! addr fd"
	case kernel.FSCONFIG_CMD_CREATE:
		return "fsconfig fd =fsconfig! addr addr num"
	}
	return "fsconfig fd =fsconfig! word word num"
}

func (d *decoder) ioctl(o *Op) string {
	switch req, _ := d.known(o, 1); req {
	case kernel.SIOCSIFFLAGS:
		return "ioctl fd =ioctl! ifreq!"
	case kernel.TIOCSPTLCK:
		return "ioctl fd =ioctl! u32"
	case kernel.TIOCGPTPEER:
		return "ioctl fd =ioctl! |open"
	case kernel.TIOCSWINSZ:
		return "ioctl fd =ioctl! winsize"
	}
	return "ioctl fd =ioctl! word"
}

func (d *decoder) keyctl(o *Op) string {
	switch op, _ := d.known(o, 0); op {
	case kernel.KEYCTL_JOIN_SESSION_KEYRING:
		return "keyctl =keyctl! str!"
	case kernel.KEYCTL_SETPERM:
		return "keyctl =keyctl! num hex"
	}
	return "keyctl =keyctl! word word word word"
}

func (d *decoder) prctl(o *Op) string {
	switch option, _ := d.known(o, 0); option {
	case kernel.PR_SET_NAME:
		return "prctl =prctl! str!"
	case kernel.PR_CAPBSET_DROP:
		return "prctl =prctl! =cap!"
	case kernel.PR_CAP_AMBIENT:
		if what, ok := d.known(o, 1); ok && what == kernel.PR_CAP_AMBIENT_CLEAR_ALL {
			return "prctl =prctl! =ambient!"
		}
		return "prctl =prctl! =ambient! =cap!"
	case kernel.PR_SET_DUMPABLE, kernel.PR_SET_KEEPCAPS, kernel.PR_SET_NO_NEW_PRIVS:
		return "prctl =prctl! num!"
	}
	return "prctl =prctl! word word word word"
}
