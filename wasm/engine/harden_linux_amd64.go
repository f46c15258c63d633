package main

const (
	auditArch  = 0xc000003e // AUDIT_ARCH_X86_64
	sysSeccomp = 317
	sysClone3  = 435
	sysSetns   = 308
)

// deniedSyscalls are those that no guest can need.
func deniedSyscalls() []uint32 {
	return []uint32{
		59, 322, 57, 58, // execve execveat fork vfork
		101, 310, 311, 440, 312, 438, 448, // ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd process_mrelease
		165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, 467, // mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
		272, sysSetns, 135, // unshare setns personality
		246, 320, 175, 313, 176, // kexec_load kexec_file_load init_module finit_module delete_module
		321, 298, 323, 425, 426, 427, 300, // bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init
		248, 249, 250, // add_key request_key keyctl
		105, 106, 113, 114, 116, 117, 119, 122, 123, 126, // setuid setgid setreuid setregid setgroups setresuid setresgid setfsuid setfsgid capset
		169, 167, 168, 163, 170, 171, 179, 443, 103, 153, 212, // reboot swapon swapoff acct sethostname setdomainname quotactl quotactl_fd syslog vhangup lookup_dcookie
		172, 173, 154, // iopl ioperm modify_ldt
		164, 227, 159, 305, // settimeofday clock_settime adjtimex clock_adjtime
		303, 304, 133, 259, // name_to_handle_at open_by_handle_at mknod mknodat
		29, 30, 319, 447, 329, 216, // shmget shmat memfd_create memfd_secret pkey_mprotect remap_file_pages
		62, 200, 129, 297, 424, // kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
		90, 91, 268, 452, 92, 93, 94, 260, // chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat
		188, 189, 190, 197, 198, 199, // setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
	}
}
