package compile

import "syscall"

// The errnos and signals that programs name.
const (
	eperm     = int(syscall.EPERM)
	enoent    = int(syscall.ENOENT)
	eacces    = int(syscall.EACCES)
	eexist    = int(syscall.EEXIST)
	enotdir   = int(syscall.ENOTDIR)
	einval    = int(syscall.EINVAL)
	enosys    = int(syscall.ENOSYS)
	eloop     = int(syscall.ELOOP)
	enodev    = int(syscall.ENODEV)
	ecanceled = int(syscall.ECANCELED)

	sigHUP  = int(syscall.SIGHUP)
	sigINT  = int(syscall.SIGINT)
	sigTERM = int(syscall.SIGTERM)
)
