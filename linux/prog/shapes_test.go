package prog

import (
	"syscall"

	"wrun/linux/kernel"
)

// shape is one op: how it prints, how Describe names it, how it is made.
type shape struct {
	print, describe string
	do              func(b *Builder, s Slot, buf Arg)
}

// le32 packs words as the kernel's structs of u32 have them.
func le32(w ...uint32) (b []byte) {
	for _, x := range w {
		b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24))
	}
	return b
}

// shapes holds every call that package kernel names, and every pseudo-op. s is
// s2, buf is buf+0, and the op is number 1.
func shapes() []shape {
	cwd := Int(kernel.AT_FDCWD)
	enoent, eagain := int(syscall.ENOENT), int(syscall.EAGAIN)
	return []shape{
		// Files.
		{`openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY|O_CLOEXEC) = s2`, `openat(/proc/self/oom_score_adj)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_OPENAT, cwd, b.Str("/proc/self/oom_score_adj"), Int(kernel.O_WRONLY|kernel.O_CLOEXEC)).Into(s)
		}},
		{`openat(s2, "a\tb", O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW, 0644)`, `openat(a\tb)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_OPENAT, s.Val(), b.Str("a\tb"), Int(kernel.O_RDWR|kernel.O_CREAT|kernel.O_EXCL|kernel.O_NOFOLLOW), Int(0o644))
		}},
		{`openat2(s2, "/dev/shm", {flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = s2  EAGAIN: retry, ENOENT|ENOTDIR: goto 2`, `openat2(/dev/shm)`, func(b *Builder, s Slot, buf Arg) {
			how := b.Words(kernel.O_PATH|kernel.O_CLOEXEC, 0, kernel.RESOLVE_IN_ROOT|kernel.RESOLVE_NO_MAGICLINKS)
			l := b.Label()
			b.Do(kernel.SYS_OPENAT2, s.Val(), b.Str("/dev/shm"), how, Int(24)).Into(s).Retry().Accept(enoent, int(syscall.ENOTDIR)).Else(l)
			b.Bind(l)
		}},
		{`openat2(s2, "x", {flags=O_WRONLY|O_CREAT|O_CLOEXEC, mode=0600}, 24)  any error: go on`, `openat2(x)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_OPENAT2, s.Val(), b.Str("x"), b.Words(kernel.O_WRONLY|kernel.O_CREAT|kernel.O_CLOEXEC, 0o600, 0), Int(24)).Accept(AnyErrno)
		}},
		{`close(s2)`, `close`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_CLOSE, s.Val()) }},
		{`close_range(5, ~0, 0)`, `close_range`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_CLOSE_RANGE, Int(5), Int(-1), Int(0))
		}},
		{`close_range(3, 4, CLOSE_RANGE_CLOEXEC)`, `close_range`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_CLOSE_RANGE, Int(3), Int(4), Int(kernel.CLOSE_RANGE_CLOEXEC))
		}},
		{`dup3(s2, 1, O_CLOEXEC)`, `dup3`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_DUP3, s.Val(), Int(1), Int(kernel.O_CLOEXEC))
		}},
		{`dup3(s2, 1, 0)`, `dup3`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_DUP3, s.Val(), Int(1), Int(0)) }},
		{`fcntl(3, F_SETFD, 0)`, `fcntl(F_SETFD)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FCNTL, Int(3), Int(kernel.F_SETFD), Int(0))
		}},
		{`fcntl(3, F_SETFD, FD_CLOEXEC)`, `fcntl(F_SETFD)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FCNTL, Int(3), Int(kernel.F_SETFD), Int(1))
		}},
		{`read(3, buf+0, 1) = s2`, `read`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_READ, Int(3), buf, Int(1)).Into(s) }},
		{`read(3, buf+8, 8)  EAGAIN: retry`, `read`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_READ, Int(3), buf.Plus(8), Int(8)).Retry()
		}},
		{`write(s2, "0", 1)`, `write`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_WRITE, s.Val(), b.Str("0"), Int(1)) }},
		{`write(3, {tag=0x80000003, value=1}, 8)`, `write`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_WRITE, Int(3), b.Words(0x80000003|1<<32), Int(8))
		}},
		{`write(3, buf+64 {tag=0xc0000001, value=0}, 8)`, `write`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_WRITE, Int(3), b.Var(le32(0xC0000001, 0)), Int(8))
		}},
		{`write(3, buf+64 {tag=0xc0000002, value=0}+256, 264)`, `write`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_WRITE, Int(3), b.Var(append(le32(0xC0000002, 0), make([]byte, 256)...)), Int(264))
		}},
		{`write(3, &s2, 8)`, `write`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_WRITE, Int(3), s.Addr(), Int(8)) }},
		{`write(3, buf+0, s2)`, `write`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_WRITE, Int(3), buf, s.Val()) }},
		{`getcwd(buf+0, 64)`, `getcwd`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_GETCWD, buf, Int(64)) }},
		{`statx(AT_FDCWD, "/bin/sh", 0, STATX_TYPE|STATX_MODE, buf+0)`, `statx(/bin/sh)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_STATX, cwd, b.Str("/bin/sh"), Int(0), Int(kernel.STATX_TYPE|kernel.STATX_MODE), buf)
		}},
		{`statx(s2, "", AT_EMPTY_PATH, STATX_BASIC_STATS, buf+0)`, `statx`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_STATX, s.Val(), b.Str(""), Int(kernel.AT_EMPTY_PATH), Int(kernel.STATX_BASIC_STATS), buf)
		}},
		{`fstatfs(s2, buf+0)`, `fstatfs`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_FSTATFS, s.Val(), buf) }},
		{`faccessat2(AT_FDCWD, "/bin/sh", X_OK, AT_EACCESS)  any error: goto 2`, `faccessat2(/bin/sh, X_OK)`, func(b *Builder, s Slot, buf Arg) {
			l := b.Label()
			b.Do(kernel.SYS_FACCESSAT2, cwd, b.Str("/bin/sh"), Int(1), Int(kernel.AT_EACCESS)).Accept(AnyErrno).Else(l)
			b.Bind(l)
		}},
		{`faccessat2(AT_FDCWD, "/proc/kcore", F_OK, 0)`, `faccessat2(/proc/kcore, F_OK)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FACCESSAT2, cwd, b.Str("/proc/kcore"), Int(0), Int(0))
		}},
		{`mkdirat(s2, "shm", 0755)  EEXIST: go on`, `mkdirat(shm)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MKDIRAT, s.Val(), b.Str("shm"), Int(0o755)).Accept(int(syscall.EEXIST))
		}},
		{`mknodat(s2, "null", S_IFCHR|0666, makedev(1, 3))`, `mknodat(null)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MKNODAT, s.Val(), b.Str("null"), Int(kernel.S_IFCHR|0o666), Int(int(kernel.Mkdev(1, 3))))
		}},
		{`mknodat(s2, "sd", S_IFBLK|0600, makedev(259, 1000))`, `mknodat(sd)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MKNODAT, s.Val(), b.Str("sd"), Int(kernel.S_IFBLK|0o600), Int(int(kernel.Mkdev(259, 1000))))
		}},
		{`mknodat(s2, "f", S_IFREG|0, 0)`, `mknodat(f)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MKNODAT, s.Val(), b.Str("f"), Int(kernel.S_IFREG), Int(0))
		}},
		{`symlinkat("/proc/self/fd", s2, "fd")  EEXIST: go on`, `symlinkat(/proc/self/fd, fd)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SYMLINKAT, b.Str("/proc/self/fd"), s.Val(), b.Str("fd")).Accept(int(syscall.EEXIST))
		}},
		{`unlinkat(s2, "ptmx", 0)`, `unlinkat(ptmx)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_UNLINKAT, s.Val(), b.Str("ptmx"), Int(0))
		}},
		{`unlinkat(s2, "d", AT_REMOVEDIR)`, `unlinkat(d)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_UNLINKAT, s.Val(), b.Str("d"), Int(0x200))
		}},
		{`fchmodat(s2, "null", 0666)`, `fchmodat(null, 0666)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FCHMODAT, s.Val(), b.Str("null"), Int(0o666))
		}},
		{`fchown(1, 1000, -1)  EPERM|EROFS: go on`, `fchown(1000, -1)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FCHOWN, Int(1), Int(1000), Int(-1)).Accept(int(syscall.EPERM), int(syscall.EROFS))
		}},
		{`fchownat(s2, "x", 4294967294, 5, AT_EMPTY_PATH)`, `fchownat(x, 4294967294, 5)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FCHOWNAT, s.Val(), b.Str("x"), Int(4294967294), Int(5), Int(kernel.AT_EMPTY_PATH))
		}},
		{`chdir("/")`, `chdir(/)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_CHDIR, b.Str("/")) }},
		{`fchdir(s2)`, `fchdir`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_FCHDIR, s.Val()) }},
		{`chroot(".")`, `chroot(.)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_CHROOT, b.Str(".")) }},
		{`umask(022)`, `umask(022)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_UMASK, Int(0o22)) }},

		// Mounts.
		{`mount(NULL, "/", NULL, MS_REC|MS_SLAVE, NULL)`, `mount(/, MS_REC|MS_SLAVE)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOUNT, Int(0), b.Str("/"), Int(0), Int(kernel.MS_REC|kernel.MS_SLAVE), Int(0))
		}},
		{`mount("overlay", "/proc/self/fd/9", "overlay", MS_RDONLY|MS_NODEV, "lowerdir=/a:/b")`, `mount(overlay, /proc/self/fd/9, MS_RDONLY|MS_NODEV)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOUNT, b.Str("overlay"), b.Str("/proc/self/fd/9"), b.Str("overlay"), Int(kernel.MS_RDONLY|kernel.MS_NODEV), b.Str("lowerdir=/a:/b"))
		}},
		{`umount2(".", MNT_DETACH)`, `umount2(.)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_UMOUNT2, b.Str("."), Int(kernel.MNT_DETACH)) }},
		{`pivot_root(".", ".")`, `pivot_root(., .)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_PIVOT_ROOT, b.Str("."), b.Str(".")) }},
		{`fsopen("tmpfs", FSOPEN_CLOEXEC) = s2`, `fsopen(tmpfs)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSOPEN, b.Str("tmpfs"), Int(kernel.FSOPEN_CLOEXEC)).Into(s)
		}},
		{`fsconfig(s2, FSCONFIG_SET_FLAG, "newinstance", NULL, 0)`, `fsconfig(newinstance)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSCONFIG, s.Val(), Int(kernel.FSCONFIG_SET_FLAG), b.Str("newinstance"), Int(0), Int(0))
		}},
		{`fsconfig(s2, FSCONFIG_SET_STRING, "mode", "1777", 0)`, `fsconfig(mode=1777)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSCONFIG, s.Val(), Int(kernel.FSCONFIG_SET_STRING), b.Str("mode"), b.Str("1777"), Int(0))
		}},
		{`fsconfig(s2, FSCONFIG_SET_FD, "userns", NULL, 7)`, `fsconfig(userns)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSCONFIG, s.Val(), Int(fsconfigSetFD), b.Str("userns"), Int(0), Int(7))
		}},
		{`fsconfig(s2, FSCONFIG_CMD_CREATE, NULL, NULL, 0)`, `fsconfig(create)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSCONFIG, s.Val(), Int(kernel.FSCONFIG_CMD_CREATE), Int(0), Int(0), Int(0))
		}},
		{`fsconfig(s2, 7, 0, 0, 0)`, `fsconfig(7)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSCONFIG, s.Val(), Int(7), Int(0), Int(0), Int(0))
		}},
		{`fsmount(s2, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_STRICTATIME) = s2`, `fsmount`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSMOUNT, s.Val(), Int(kernel.FSMOUNT_CLOEXEC), Int(kernel.MOUNT_ATTR_NOSUID|kernel.MOUNT_ATTR_NODEV|kernel.MOUNT_ATTR_STRICTATIME)).Into(s)
		}},
		{`open_tree(AT_FDCWD, "/srv", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) = s2`, `open_tree(/srv)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_OPEN_TREE, cwd, b.Str("/srv"), Int(kernel.OPEN_TREE_CLONE|kernel.OPEN_TREE_CLOEXEC|kernel.AT_RECURSIVE)).Into(s)
		}},
		{`move_mount(s2, "", AT_FDCWD, "/srv", MOVE_MOUNT_F_EMPTY_PATH)`, `move_mount(/srv)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOVE_MOUNT, s.Val(), b.Str(""), cwd, b.Str("/srv"), Int(kernel.MOVE_MOUNT_F_EMPTY_PATH))
		}},
		{`move_mount(s2, "", s2, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)`, `move_mount`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOVE_MOUNT, s.Val(), b.Str(""), s.Val(), b.Str(""), Int(kernel.MOVE_MOUNT_F_EMPTY_PATH|kernel.MOVE_MOUNT_T_EMPTY_PATH))
		}},
		{`mount_setattr(s2, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID}, 32)`, `mount_setattr(RDONLY|NOSUID)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOUNT_SETATTR, s.Val(), b.Str(""), Int(kernel.AT_EMPTY_PATH|kernel.AT_RECURSIVE), b.Words(kernel.MOUNT_ATTR_RDONLY|kernel.MOUNT_ATTR_NOSUID, 0, 0, 0), Int(32))
		}},
		{`mount_setattr(s2, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_NOATIME, attr_clr=MOUNT_ATTR__ATIME, propagation=MS_PRIVATE, userns_fd=9}, 32)`, `mount_setattr(NOATIME, clear _ATIME, MS_PRIVATE, userns_fd 9)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_MOUNT_SETATTR, s.Val(), b.Str(""), Int(kernel.AT_EMPTY_PATH), b.Words(kernel.MOUNT_ATTR_NOATIME, kernel.MOUNT_ATTR__ATIME, kernel.MS_PRIVATE, 9), Int(32))
		}},

		// Namespaces and processes.
		{`clone(CLONE_PARENT|SIGCHLD, NULL) = s2`, `clone(CLONE_PARENT|SIGCHLD)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_CLONE, Int(kernel.CLONE_PARENT|int(syscall.SIGCHLD))).Into(s)
		}},
		{`setns(5, CLONE_NEWNET)`, `setns(CLONE_NEWNET)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_SETNS, Int(5), Int(kernel.CLONE_NEWNET)) }},
		{`unshare(CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWCGROUP)`, `unshare(CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWCGROUP)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_UNSHARE, Int(kernel.CLONE_NEWNS|kernel.CLONE_NEWNET|kernel.CLONE_NEWIPC|kernel.CLONE_NEWUTS|kernel.CLONE_NEWCGROUP))
		}},
		{`setsid()  EPERM: go on`, `setsid`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_SETSID).Accept(int(syscall.EPERM)) }},
		{`getpid() = s2`, `getpid`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_GETPID).Into(s) }},
		{`getppid()`, `getppid`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_GETPPID) }},
		{`execve("/bin/sh", ["sh", "-c", "echo \"$A\""], /* 2 vars */)`, `execve(/bin/sh)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_EXECVE, b.Str("/bin/sh"), b.Strv([]string{"sh", "-c", `echo "$A"`}), b.Strv([]string{"A=secret"}, buf))
		}},
		{`execve(s2, ["sh"], /* 1 var */)  ENOENT: go on`, `execve(sh)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_EXECVE, s.Val(), b.Strv([]string{"sh"}), b.Strv([]string{"A=secret"})).Accept(enoent)
		}},
		{`execveat(6, "", ["/app.wasm"], /* 0 vars */, AT_EMPTY_PATH)`, `execveat`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_EXECVEAT, Int(6), b.Str(""), b.Strv([]string{"/app.wasm"}), b.Strv(nil), Int(kernel.AT_EMPTY_PATH))
		}},
		{`exit_group(0)`, `exit_group`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_EXIT_GROUP, Int(0)) }},
		{`rt_sigaction(SIGTERM, {sa_handler=handler, sa_flags=SA_RESTORER}, NULL, 8)`, `rt_sigaction(SIGTERM)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_RT_SIGACTION, Int(15), b.Words(HandlerAddr, kernel.SA_RESTORER, HandlerAddr, 0), Int(0), Int(8))
		}},
		{`rt_sigaction(34, {sa_handler=SIG_DFL, sa_flags=0, sa_mask=[HUP TERM]}, NULL, 8)`, `rt_sigaction(34)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_RT_SIGACTION, Int(34), b.Words(0, 0, 0, 1<<14|1), Int(0), Int(8))
		}},
		{`rt_sigprocmask(SIG_SETMASK, [], NULL, 8)`, `rt_sigprocmask`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_RT_SIGPROCMASK, Int(kernel.SIG_SETMASK), b.Words(0), Int(0), Int(8))
		}},
		{`rt_sigprocmask(SIG_SETMASK, ~[], NULL, 8)`, `rt_sigprocmask`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_RT_SIGPROCMASK, Int(kernel.SIG_SETMASK), b.Words(1<<64-1), Int(0), Int(8))
		}},

		// Identity and limits.
		{`setresuid(1000, 1000, 1000)`, `setresuid(1000, 1000, 1000)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SETRESUID, Int(1000), Int(1000), Int(1000))
		}},
		{`setresgid(-1, 0, -1)`, `setresgid(-1, 0, -1)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SETRESGID, Int(-1), Int(0), Int(-1))
		}},
		{`setgroups(2, [10, 4294967294])`, `setgroups([10, 4294967294])`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SETGROUPS, Int(2), b.Data(le32(10, 4294967294)))
		}},
		{`setgroups(0, NULL)`, `setgroups`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_SETGROUPS, Int(0), Int(0)) }},
		{`capset({version=3, pid=0}, {effective=permitted=CAP_KILL|CAP_BPF, inheritable=0})`, `capset`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_CAPSET, b.Words(0x20080522), b.Data(le32(1<<5, 1<<5, 0, 1<<7, 1<<7, 0)))
		}},
		{`capset({version=3, pid=0}, {effective=0, permitted=CAP_CHOWN..CAP_CHECKPOINT_RESTORE, inheritable=permitted})`, `capset`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_CAPSET, b.Words(0x20080522), b.Data(le32(0, 1<<32-1, 1<<32-1, 0, 1<<9-1, 1<<9-1)))
		}},
		{`prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)`, `prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_CAPBSET_DROP), Int(21))
		}},
		{`prctl(PR_CAPBSET_DROP, 41)  EINVAL: go on`, `prctl(PR_CAPBSET_DROP, 41)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_CAPBSET_DROP), Int(41)).Accept(int(syscall.EINVAL))
		}},
		{`prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL)`, `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_CAP_AMBIENT), Int(kernel.PR_CAP_AMBIENT_RAISE), Int(5))
		}},
		{`prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)`, `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_CAP_AMBIENT), Int(kernel.PR_CAP_AMBIENT_CLEAR_ALL))
		}},
		{`prctl(PR_SET_NO_NEW_PRIVS, 1)`, `prctl(PR_SET_NO_NEW_PRIVS, 1)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_SET_NO_NEW_PRIVS), Int(1))
		}},
		{`prctl(PR_SET_NAME, "wrun:[init]")`, `prctl(PR_SET_NAME, wrun:[init])`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRCTL, Int(kernel.PR_SET_NAME), b.Str("wrun:[init]"))
		}},
		{`prctl(99, 1, 0, 0, 0)`, `prctl(99)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_PRCTL, Int(99), Int(1)) }},
		{`seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW, {len=1})`, `seccomp(SECCOMP_SET_MODE_FILTER)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SECCOMP, Int(1), Int(6), b.Words(1, b.Words(6).Address()))
		}},
		{`seccomp(SECCOMP_GET_ACTION_AVAIL, 0, [2147483648])`, `seccomp(SECCOMP_GET_ACTION_AVAIL)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SECCOMP, Int(2), Int(0), b.Words(1<<31))
		}},
		{`seccomp(3, 0, NULL)`, `seccomp(3)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_SECCOMP, Int(3), Int(0), Int(0)) }},
		{`prlimit64(0, RLIMIT_NOFILE, {cur=1024, max=RLIM64_INFINITY}, NULL)`, `prlimit64(RLIMIT_NOFILE, {cur=1024, max=RLIM64_INFINITY})`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_PRLIMIT64, Int(0), Int(7), b.Words(1024, 1<<64-1), Int(0))
		}},
		{`keyctl(KEYCTL_JOIN_SESSION_KEYRING, "_ses.c1") = s2`, `keyctl(KEYCTL_JOIN_SESSION_KEYRING, _ses.c1)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_KEYCTL, Int(kernel.KEYCTL_JOIN_SESSION_KEYRING), b.Str("_ses.c1")).Into(s)
		}},
		{`keyctl(KEYCTL_SETPERM, s2, 0x3f1f0000)`, `keyctl(KEYCTL_SETPERM)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_KEYCTL, Int(kernel.KEYCTL_SETPERM), s.Val(), Int(0x3f1f0000))
		}},
		{`sethostname("box", 3)`, `sethostname(box)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_SETHOSTNAME, b.Str("box"), Int(3)) }},
		{`setdomainname("example.org", 11)`, `setdomainname(example.org)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SETDOMAINNAME, b.Str("example.org"), Int(11))
		}},

		// Sockets and terminals.
		{`socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) = s2`, `socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SOCKET, Int(kernel.AF_INET), Int(kernel.SOCK_DGRAM|kernel.SOCK_CLOEXEC), Int(0)).Into(s)
		}},
		{`accept4(3, NULL, NULL, SOCK_CLOEXEC) = s2`, `accept4`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_ACCEPT4, Int(3), Int(0), Int(0), Int(kernel.SOCK_CLOEXEC)).Into(s)
		}},
		{`sendmsg(3, {iov=[{tag=0x80000000, value=2}], control=[SCM_RIGHTS *(buf+80)]}, 0)`, `sendmsg`, func(b *Builder, s Slot, buf Arg) {
			cmsg := b.Var(le32(20, 0, kernel.SOL_SOCKET, kernel.SCM_RIGHTS, 0, 0))
			iov := b.Words(b.Words(0x80000000|2<<32).Address(), 8)
			b.Do(kernel.SYS_SENDMSG, Int(3), b.Words(0, 0, iov.Address(), 1, cmsg.Address(), 24, 0), Int(0))
		}},
		{`sendmsg(3, buf+80 {iov=[*(buf+64)]}, MSG_NOSIGNAL)`, `sendmsg`, func(b *Builder, s Slot, buf Arg) {
			iov := b.Var(make([]byte, 16))
			hdr := make([]byte, 56)
			copy(hdr[16:], le32(uint32(iov.Address()), 0, 1))
			b.Do(kernel.SYS_SENDMSG, Int(3), b.Var(hdr), Int(syscall.MSG_NOSIGNAL))
		}},
		{`recvmsg(3, buf+0, MSG_CMSG_CLOEXEC) = s2`, `recvmsg`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_RECVMSG, Int(3), buf, Int(kernel.MSG_CMSG_CLOEXEC)).Into(s)
		}},
		{`sched_setattr(0, {sched_policy=2, sched_flags=1, sched_priority=7}, 0)`, `sched_setattr({sched_policy=2, sched_flags=1, sched_priority=7})`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SCHED_SETATTR, Int(0), b.Data(le32(48, 2, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0)), Int(0))
		}},
		{`sched_setaffinity(0, 8, NULL)`, `sched_setaffinity`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SCHED_SETAFFINITY, Int(0), Int(8), Int(0))
		}},
		{`ioprio_set(1, 0, 0x4004)`, `ioprio_set(0x4004)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_IOPRIO_SET, Int(1), Int(0), Int(2<<13|4))
		}},
		{`personality(8)`, `personality(8)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_PERSONALITY, Int(8)) }},
		{`set_mempolicy(0x8002, NULL, 0)`, `set_mempolicy(0x8002, 0)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_SET_MEMPOLICY, Int(1<<15|2), Int(0), Int(0))
		}},
		{`fsetxattr(s2, "security.selinux", "a:b", 3, 0)`, `fsetxattr(security.selinux, a:b)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_FSETXATTR, s.Val(), b.Str("security.selinux"), b.Str("a:b"), Int(3), Int(0))
		}},
		{`ioctl(s2, SIOCSIFFLAGS, {ifr_name="lo", ifr_flags=IFF_UP|IFF_RUNNING})`, `ioctl(SIOCSIFFLAGS, lo)`, func(b *Builder, s Slot, buf Arg) {
			ifr := make([]byte, 40)
			copy(ifr, "lo")
			ifr[16] = kernel.IFF_UP | kernel.IFF_RUNNING
			b.Do(kernel.SYS_IOCTL, s.Val(), Int(kernel.SIOCSIFFLAGS), b.Data(ifr))
		}},
		{`ioctl(s2, TIOCSPTLCK, [0])`, `ioctl(TIOCSPTLCK)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_IOCTL, s.Val(), Int(kernel.TIOCSPTLCK), b.Words(0))
		}},
		{`ioctl(s2, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC) = s2`, `ioctl(TIOCGPTPEER)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_IOCTL, s.Val(), Int(kernel.TIOCGPTPEER), Int(kernel.O_RDWR|kernel.O_NOCTTY|kernel.O_CLOEXEC)).Into(s)
		}},
		{`ioctl(0, TIOCSCTTY, 0)`, `ioctl(TIOCSCTTY)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_IOCTL, Int(0), Int(kernel.TIOCSCTTY), Int(0)) }},
		{`ioctl(s2, TIOCSWINSZ, {ws_row=33, ws_col=77})`, `ioctl(TIOCSWINSZ)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(kernel.SYS_IOCTL, s.Val(), Int(kernel.TIOCSWINSZ), b.Data(le32(33|77<<16, 0)))
		}},
		{`ioctl(s2, 0x541b, &s2)`, `ioctl(0x541b)`, func(b *Builder, s Slot, buf Arg) { b.Do(kernel.SYS_IOCTL, s.Val(), Int(0x541b), s.Addr()) }},

		// Pseudo-ops.
		{`goto 2`, ``, func(b *Builder, s Slot, buf Arg) { l := b.Label(); b.Jump(l); b.Bind(l) }},
		{`if s2 == 1 goto 2`, ``, func(b *Builder, s Slot, buf Arg) { l := b.Label(); b.IfEq(s.Val(), Int(1), l); b.Bind(l) }},
		{`if s2 != -EAGAIN goto 2`, ``, func(b *Builder, s Slot, buf Arg) { l := b.Label(); b.IfNe(s.Val(), Int(-eagain), l); b.Bind(l) }},
		{`if *(buf+0) == CGROUP2_SUPER_MAGIC goto 2`, ``, func(b *Builder, s Slot, buf Arg) {
			l := b.Label()
			b.IfEq(buf.Load(0), Int(kernel.CGROUP2_SUPER_MAGIC), l)
			b.Bind(l)
		}},
		{`if s2 == 0x123456789abc goto 2`, ``, func(b *Builder, s Slot, buf Arg) {
			l := b.Label()
			b.IfEq(s.Val(), b.Words(0x123456789abc).Load(0), l)
			b.Bind(l)
		}},
		{`s2 = 7`, ``, func(b *Builder, s Slot, buf Arg) { b.Set(s, Int(7)) }},
		{`s2 = buf+0`, ``, func(b *Builder, s Slot, buf Arg) { b.Set(s, buf) }},
		{`s2 = "/bin/sh"`, ``, func(b *Builder, s Slot, buf Arg) { b.Set(s, b.Str("/bin/sh")) }},
		{`*(u64*)(buf+8) = &{tag=0x80000001, value=0}`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(ST64, buf.Plus(8), b.Words(0x80000001)) }},
		{`*(u32*)(buf+8) = s2`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(ST32, buf.Plus(8), s.Val()) }},
		{`*(u32*)&s2 = 7`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(ST32, s.Addr(), Int(7)) }},
		{`*(u64*)s2 = 7`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(ST64, s.Val(), Int(7)) }},
		{`s2 = *(buf+28) & S_IFMT`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(AND, buf.Load(28), Int(kernel.S_IFMT)).Into(s) }},
		{`s2 = s2 & 0xff`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(AND, s.Val(), Int(255)).Into(s) }},
		{`fail ENOENT`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(FAIL, Int(enoent)) }},
		{`fail ENOENT`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(FAIL, Int(-enoent)) }},
		{`fail s2`, ``, func(b *Builder, s Slot, buf Arg) { b.Do(FAIL, s.Val()) }},

		// A number that no line of signature knows.
		{`syscall(4095, 1, s2, "text", 0, 0, 0)`, `syscall(4095)`, func(b *Builder, s Slot, buf Arg) {
			b.Do(4095, Int(1), s.Val(), b.Str("text"), Int(0))
		}},
	}
}
