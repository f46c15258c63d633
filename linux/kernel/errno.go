package kernel

import "syscall"

func errno(e int) syscall.Errno { return syscall.Errno(e) }

// ErrnoText is what the C library says of an errno: "no such file or
// directory". Clients match on these texts.
func ErrnoText(e int) string { return errno(e).Error() }
