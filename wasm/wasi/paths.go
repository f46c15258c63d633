package wasi

import (
	"bytes"
	"syscall"
	"unsafe"
)

func (h *Host) pathFunctions() []function {
	return []function{
		{"path_create_directory", "iii", h.pathCreateDirectory},
		{"path_link", "iiiiiii", h.pathLink},
		{"path_open", "iiiiillii", h.pathOpen},
		{"path_readlink", "iiiiii", h.pathReadlink},
		{"path_remove_directory", "iii", h.pathRemoveDirectory},
		{"path_rename", "iiiiii", h.pathRename},
		{"path_symlink", "iiiii", h.pathSymlink},
		{"path_unlink_file", "iii", h.pathUnlinkFile},
	}
}

// at finds the place of a path that the guest gave.
func (h *Host) at(m memory, fd uint64, need Rights, p, n uint64, buf *pathBuffer) (place, Errno) {
	f, e := h.directory(uint32(fd), need)
	if e != esuccess {
		return place{}, e
	}
	name, e := h.path(m, f, uint32(p), uint32(n), buf)
	if e != esuccess {
		return place{}, e
	}
	h.forget()
	return h.parent(f, name)
}

func (h *Host) pathCreateDirectory(m memory, p []uint64) Errno {
	at, e := h.at(m, p[0], RightPathCreateDirectory, p[1], p[2], &h.path1)
	if e != esuccess {
		return e
	}
	defer at.close()
	_, _, errno := syscall.Syscall(syscall.SYS_MKDIRAT, uintptr(at.dir), uintptr(unsafe.Pointer(&at.name[0])), dirMode)
	return errnoOf(errno)
}

func (h *Host) pathRemoveDirectory(m memory, p []uint64) Errno {
	return h.unlink(m, p, RightPathRemoveDirectory, atRemovedir)
}

func (h *Host) pathUnlinkFile(m memory, p []uint64) Errno {
	return h.unlink(m, p, RightPathUnlinkFile, 0)
}

func (h *Host) unlink(m memory, p []uint64, need Rights, flags uintptr) Errno {
	at, e := h.at(m, p[0], need, p[1], p[2], &h.path1)
	if e != esuccess {
		return e
	}
	defer at.close()
	_, _, errno := syscall.Syscall(syscall.SYS_UNLINKAT, uintptr(at.dir), uintptr(unsafe.Pointer(&at.name[0])), flags)
	return errnoOf(errno)
}

func (h *Host) pathRename(m memory, p []uint64) Errno {
	from, e := h.at(m, p[0], RightPathRenameSource, p[1], p[2], &h.path1)
	if e != esuccess {
		return e
	}
	defer from.close()
	to, e := h.at(m, p[3], RightPathRenameTarget, p[4], p[5], &h.path2)
	if e != esuccess {
		return e
	}
	defer to.close()
	_, _, errno := syscall.Syscall6(sysRenameat2, uintptr(from.dir), uintptr(unsafe.Pointer(&from.name[0])),
		uintptr(to.dir), uintptr(unsafe.Pointer(&to.name[0])), 0, 0)
	return errnoOf(errno)
}

// pathLink makes a hard link. Following a symlink to its source is not
// possible: between looking and linking another could be in its place.
func (h *Host) pathLink(m memory, p []uint64) Errno {
	from, e := h.at(m, p[0], RightPathLinkSource, p[2], p[3], &h.path1)
	if e != esuccess {
		return e
	}
	defer from.close()
	to, e := h.at(m, p[4], RightPathLinkTarget, p[5], p[6], &h.path2)
	if e != esuccess {
		return e
	}
	defer to.close()
	if from.slashed() {
		// Linux would follow it; it can only be a directory, and those have no
		// hard links.
		return eperm
	}
	if uint32(p[1])&lookupFollow != 0 {
		var st syscall.Stat_t
		if errno := fstatat(from.dir, from.name, &st, atSymlinkNofollow); errno != 0 {
			return errnoOf(errno)
		}
		if st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
			return einval
		}
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_LINKAT, uintptr(from.dir), uintptr(unsafe.Pointer(&from.name[0])),
		uintptr(to.dir), uintptr(unsafe.Pointer(&to.name[0])), 0, 0)
	return errnoOf(errno)
}

// pathSymlink makes a symlink. Preview 1 has no absolute ones.
func (h *Host) pathSymlink(m memory, p []uint64) Errno {
	target, e := m.bytes(uint32(p[0]), uint32(p[1]))
	switch {
	case e != esuccess:
		return e
	case len(target) >= maxPath:
		return enametoolong
	case bytes.IndexByte(target, 0) >= 0:
		return einval
	case len(target) > 0 && target[0] == '/':
		return eperm
	}
	at, e := h.at(m, p[2], RightPathSymlink, p[3], p[4], &h.path1)
	if e != esuccess {
		return e
	}
	defer at.close()
	h.path2[copy(h.path2[:], target)] = 0
	_, _, errno := syscall.Syscall(syscall.SYS_SYMLINKAT, uintptr(unsafe.Pointer(&h.path2[0])), uintptr(at.dir), uintptr(unsafe.Pointer(&at.name[0])))
	return errnoOf(errno)
}

// pathReadlink stores as much of a symlink's target as fits.
func (h *Host) pathReadlink(m memory, p []uint64) Errno {
	f, e := h.directory(uint32(p[0]), RightPathReadlink)
	if e != esuccess {
		return e
	}
	name, e := h.path(m, f, uint32(p[1]), uint32(p[2]), &h.path1)
	if e != esuccess {
		return e
	}
	b, e := m.bytes(uint32(p[3]), uint32(p[4]))
	if e != esuccess {
		return e
	}
	if _, e := m.bytes(uint32(p[5]), 4); e != esuccess {
		return e
	}
	// By its descriptor, so that a trailing slash does not make the kernel
	// follow it on its own terms.
	fd, errno := h.open(f, name, oPath|syscall.O_NOFOLLOW, 0)
	if errno != 0 {
		return errnoOf(errno)
	}
	defer sysClose(fd)
	// Through scratch: an empty buffer is fine here, and is not for Linux.
	n, errno := readlinkat(fd, []byte{0}, h.path2[:maxPath])
	switch {
	case errno == syscall.ENOENT: // what Linux says for other things than links then
		return einval
	case errno != 0:
		return errnoOf(errno)
	}
	return m.putU32(uint32(p[5]), uint32(copy(b, h.path2[:n])))
}
