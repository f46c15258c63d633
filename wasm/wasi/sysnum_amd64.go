package wasi

import "syscall"

// System call numbers that package syscall has not, or under another name.
const (
	sysFstatat   = syscall.SYS_NEWFSTATAT
	sysRenameat2 = 316
	sysGetrandom = 318
	sysPreadv2   = 327
	sysPwritev2  = 328
	sysStatx     = 332
	sysOpenat2   = 437
)
