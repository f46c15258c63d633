package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// mfdExec asks for an executable memfd, Linux 6.3; older kernels make every
// memfd executable and answer EINVAL to the flag.
const mfdExec = 0x10

// ErrMemfdNoexec tells that the sysctl vm.memfd_noexec=2 forbids executable
// memfds (Linux 6.3).
const ErrMemfdNoexec = unix.EACCES

// ExecMemfd puts data into a sealed, executable memfd (memfd_create(2)).
func ExecMemfd(name string, data []byte) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|mfdExec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return -1, os.NewSyscallError("memfd_create", err)
	}
	if err := Write(fd, data); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE)
		if err == nil {
			return fd, nil
		}
	}
	Close(fd)
	return -1, os.NewSyscallError("memfd_create(seal)", err)
}

// DataMemfd makes an empty memfd for data that is written later; Seal ends
// that.
func DataMemfd(name string) (int, error) {
	const noexecSeal = 0x8 // MFD_NOEXEC_SEAL, Linux 6.3
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|noexecSeal)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	return fd, os.NewSyscallError("memfd_create", err)
}

// Seal forbids every further change of a memfd.
func Seal(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE)
	return os.NewSyscallError("fcntl(F_ADD_SEALS)", err)
}

// ExecTmpfs puts data into a file of a detached tmpfs and makes that mount
// read-only (fsopen(2), fsmount(2), Linux 5.2; mount_setattr(2), 5.12): what
// stands in for a memfd where those may not be executed. The caller gets an
// O_PATH descriptor of the file; nothing else refers to the mount.
func ExecTmpfs(name string, data []byte) (int, error) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("fsopen(tmpfs)", err)
	}
	defer Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, os.NewSyscallError("fsconfig(tmpfs)", err)
	}
	mnt, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return -1, os.NewSyscallError("fsmount(tmpfs)", err)
	}
	defer Close(mnt)
	w, err := unix.Openat(mnt, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o555)
	if err != nil {
		return -1, pathError("openat", name, err)
	}
	err = Write(w, data)
	Close(w)
	if err != nil {
		return -1, err
	}
	if err := unix.MountSetattr(mnt, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return -1, os.NewSyscallError("mount_setattr(tmpfs)", err)
	}
	fd, err := unix.Openat(mnt, name, unix.O_PATH|unix.O_CLOEXEC, 0)
	return fd, pathError("openat", name, err)
}
