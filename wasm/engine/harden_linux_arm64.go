package main

const (
	auditArch  = 0xc00000b7 // AUDIT_ARCH_AARCH64
	sysSeccomp = 277
	sysClone3  = 435
	sysSetns   = 268
)

// deniedSyscalls are those that no guest can need.
func deniedSyscalls() []uint32 {
	return []uint32{
		221, 281, // execve execveat
		117, 270, 271, 440, 272, 438, 448, // ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd process_mrelease
		40, 39, 41, 51, 428, 429, 430, 431, 432, 433, 442, 467, // mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
		97, sysSetns, 92, // unshare setns personality
		104, 294, 105, 273, 106, // kexec_load kexec_file_load init_module finit_module delete_module
		280, 241, 282, 425, 426, 427, 262, // bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init
		217, 218, 219, // add_key request_key keyctl
		143, 144, 145, 146, 147, 149, 151, 152, 159, 91, // setregid setgid setreuid setuid setresuid setresgid setfsuid setfsgid setgroups capset
		142, 224, 225, 89, 161, 162, 60, 443, 116, 58, 18, // reboot swapon swapoff acct sethostname setdomainname quotactl quotactl_fd syslog vhangup lookup_dcookie
		170, 112, 171, 266, // settimeofday clock_settime adjtimex clock_adjtime
		264, 265, 33, // name_to_handle_at open_by_handle_at mknodat
		194, 196, 279, 447, 288, 234, // shmget shmat memfd_create memfd_secret pkey_mprotect remap_file_pages
		129, 130, 138, 240, 424, // kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
		52, 53, 452, 54, 55, // fchmod fchmodat fchmodat2 fchownat fchown
		5, 6, 7, 14, 15, 16, // setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
	}
}
