package compile

import "syscall"

// The errnos and signals that programs name.
const (
	eperm        = int(syscall.EPERM)
	enoent       = int(syscall.ENOENT)
	eacces       = int(syscall.EACCES)
	eexist       = int(syscall.EEXIST)
	enotdir      = int(syscall.ENOTDIR)
	einval       = int(syscall.EINVAL)
	erofs        = int(syscall.EROFS)
	enosys       = int(syscall.ENOSYS)
	eloop        = int(syscall.ELOOP)
	exdev        = int(syscall.EXDEV)
	enodev       = int(syscall.ENODEV)
	eopnotsupp   = int(syscall.EOPNOTSUPP)
	edquot       = int(syscall.EDQUOT)
	ecanceled    = int(syscall.ECANCELED)
	enametoolong = int(syscall.ENAMETOOLONG)

	sigHUP  = int(syscall.SIGHUP)
	sigINT  = int(syscall.SIGINT)
	sigTERM = int(syscall.SIGTERM)
)
