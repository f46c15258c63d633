package kernel

import "golang.org/x/sys/unix"

// OpenReadonly opens a file (O_PATH) through a detached mount of the folder dir,
// made for it: read-only, without set-user-id and devices, and executable even
// if the host mounted it noexec; open_tree(2) of Linux 5.2, mount_setattr(2) of
// 5.12. name must not be a symlink. It needs CAP_SYS_ADMIN, and answers EPERM
// where another user namespace locked the host's noexec.
//
// The folder is mounted, not the file alone, so that the path of what executes
// it is "/name" and not "/". Only the file can be reached through the
// descriptor, and the mount cannot be changed through it: mount_setattr wants
// the mount's root. It closes on exec.
func OpenReadonly(dir, name string) (fd int, err error) {
	tree := -1
	err = retry(func() (e error) {
		tree, e = unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		return e
	})
	if err != nil {
		return -1, pathError("open_tree", dir, err)
	}
	// Whoever has this descriptor can make the mount writable.
	defer Close(tree)
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, Attr_clr: unix.MOUNT_ATTR_NOEXEC}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		return -1, pathError("mount_setattr", dir, err)
	}
	return OpenatNoFollow(tree, name)
}
