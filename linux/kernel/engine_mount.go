package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// CloneReadonly makes a detached mount of the one file behind a descriptor
// (O_PATH is enough), read-only, without set-user-id and devices, and executable
// even if the host mounted it noexec: open_tree(2) of Linux 5.2, mount_setattr(2)
// of 5.12. It needs CAP_SYS_ADMIN, and answers EPERM where another user
// namespace locked the host's noexec.
//
// The descriptor closes on exec, and must: while one of the detached tree is
// open, whoever has it may make the mount writable again. What executes the
// file keeps the mount, but cannot change it.
func CloneReadonly(fd int) (tree int, err error) {
	err = retry(func() (e error) {
		tree, e = unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
		return e
	})
	if err != nil {
		return -1, os.NewSyscallError("open_tree", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, Attr_clr: unix.MOUNT_ATTR_NOEXEC}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		Close(tree)
		return -1, os.NewSyscallError("mount_setattr", err)
	}
	return tree, nil
}
