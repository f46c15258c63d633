package wasi

import "syscall"

// System call numbers that package syscall has not, or under another name.
const (
	sysFstatat   = syscall.SYS_FSTATAT
	sysRenameat2 = 276
	sysGetrandom = 278
	sysPreadv2   = 286
	sysPwritev2  = 287
	sysStatx     = 291
	sysOpenat2   = 437
)
