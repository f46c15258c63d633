package kernel

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// CgroupError is one failed call on a cgroup file system, with everything it
// was given. It prints as "write 10 to /sys/fs/cgroup/a/pids.max: invalid
// argument".
type CgroupError struct {
	// Call is the system call: write (the open before it included), read,
	// mkdir, rmdir, open.
	Call string
	// Path is the file or directory.
	Path string
	// Data is what was written.
	Data string
	// Err is the syscall.Errno.
	Err error
}

func (e *CgroupError) Error() string {
	if e.Call != "write" {
		return e.Call + " " + e.Path + ": " + e.Err.Error()
	}
	data := e.Data
	if data == "" || strings.ContainsAny(data, "\n\"\x00") {
		data = strconv.Quote(data)
	}
	return "write " + data + " to " + e.Path + ": " + e.Err.Error()
}

// Unwrap gives the errno.
func (e *CgroupError) Unwrap() error { return e.Err }

// The file system types statfs(2) reports for cgroups, linux/magic.h.
const (
	CgroupV1Magic = unix.CGROUP_SUPER_MAGIC
	CgroupV2Magic = unix.CGROUP2_SUPER_MAGIC
)

// PollPri is poll(2)'s event for "the content of this cgroup.events file
// changed", kernel's Documentation/admin-guide/cgroup-v2.rst.
const PollPri = unix.POLLPRI

// StatfsType gives the type of the file system path lies on, statfs(2).
func StatfsType(path string) (int64, error) {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Statfs(path, &st) }); err != nil {
		return 0, pathError("statfs", path, err)
	}
	return int64(st.Type), nil
}

// CgroupWrite writes data to a cgroup control file in one write(2), as these
// files want it; the file must exist.
func CgroupWrite(path, data string) error {
	fd, err := openControl(path)
	if err != nil {
		return &CgroupError{Call: "write", Path: path, Data: data, Err: err}
	}
	f := CgroupControl{fd: fd, path: path}
	defer f.Close()
	return f.Write(data)
}

func openControl(path string) (fd int, err error) {
	err = retry(func() (e error) { fd, e = unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0); return e })
	return fd, err
}

// A CgroupControl is a control file open for several writes.
type CgroupControl struct {
	fd   int
	path string
}

// CgroupOpenControl opens a control file for writing.
func CgroupOpenControl(path string) (*CgroupControl, error) {
	fd, err := openControl(path)
	if err != nil {
		return nil, &CgroupError{Call: "open", Path: path, Err: err}
	}
	return &CgroupControl{fd: fd, path: path}, nil
}

// Write is one write(2): a control file takes one value, or one rule, a call.
func (f *CgroupControl) Write(data string) error {
	if err := retry(func() error { _, e := unix.Write(f.fd, []byte(data)); return e }); err != nil {
		return &CgroupError{Call: "write", Path: f.path, Data: data, Err: err}
	}
	return nil
}

// Close closes the control file.
func (f *CgroupControl) Close() { Close(f.fd) }

// CgroupRead reads a whole control file.
func CgroupRead(path string) (string, error) {
	return CgroupReadAt(unix.AT_FDCWD, path)
}

// CgroupReadAt reads a whole control file named relative to the directory dir.
func CgroupReadAt(dir int, name string) (string, error) {
	var fd int
	err := retry(func() (e error) {
		fd, e = unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return e
	})
	if err != nil {
		return "", &CgroupError{Call: "read", Path: name, Err: err}
	}
	defer Close(fd)
	s, err := readFrom(fd)
	if err != nil {
		return "", &CgroupError{Call: "read", Path: name, Err: err}
	}
	return s, nil
}

// CgroupOpenEvents opens a control file for CgroupReread and for poll(2).
func CgroupOpenEvents(path string) (fd int, err error) {
	return Open(path, unix.O_RDONLY, 0)
}

// CgroupReread reads an open control file again from its start.
func CgroupReread(fd int) (string, error) {
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return "", err
	}
	return readFrom(fd)
}

// readFrom reads up to the end of the file; most control files are a line.
func readFrom(fd int) (string, error) {
	var first [512]byte
	buf := first[:0]
	for {
		if len(buf) == cap(buf) { // mountinfo and long process lists
			buf = append(make([]byte, 0, 8*cap(buf)), buf...)
		}
		var n int
		err := retry(func() (e error) { n, e = unix.Read(fd, buf[len(buf):cap(buf)]); return e })
		if err != nil {
			return "", err
		}
		if n == 0 {
			return string(buf), nil
		}
		buf = buf[:len(buf)+n]
	}
}

// CgroupMkdir makes one cgroup, mode 0755.
func CgroupMkdir(path string) error {
	if err := retry(func() error { return unix.Mkdir(path, 0o755) }); err != nil {
		return &CgroupError{Call: "mkdir", Path: path, Err: err}
	}
	return nil
}

// CgroupRmdir removes one cgroup: EBUSY while it has processes or children.
func CgroupRmdir(path string) error {
	if err := retry(func() error { return unix.Rmdir(path) }); err != nil {
		return &CgroupError{Call: "rmdir", Path: path, Err: err}
	}
	return nil
}

// CgroupRmdirAt removes the cgroup name below the directory dir.
func CgroupRmdirAt(dir int, name string) error {
	err := retry(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
	if err != nil {
		return &CgroupError{Call: "rmdir", Path: name, Err: err}
	}
	return nil
}

// CgroupExists tells whether path is there, faccessat(2).
func CgroupExists(path string) bool {
	return retry(func() error { return unix.Access(path, unix.F_OK) }) == nil
}

// CgroupOpen opens a cgroup's directory as a handle (O_PATH): enough for
// CLONE_INTO_CGROUP and for bpf(2), and neither reads nor writes.
func CgroupOpen(path string) (fd int, err error) {
	err = retry(func() (e error) {
		fd, e = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return e
	})
	if err != nil {
		return -1, &CgroupError{Call: "open", Path: path, Err: err}
	}
	return fd, nil
}

// CgroupOpenDirAt opens the directory name, itself not a symlink, for listing.
func CgroupOpenDirAt(dir int, name string) (fd int, err error) {
	err = retry(func() (e error) {
		fd, e = unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return e
	})
	if err != nil {
		return -1, &CgroupError{Call: "open", Path: name, Err: err}
	}
	return fd, nil
}

// AtCwd stands for the working directory where a directory is expected.
const AtCwd = unix.AT_FDCWD

// CgroupChildren lists the names of the directories in an open directory.
func CgroupChildren(dir int) ([]string, error) {
	var names []string
	var buf [8192]byte
	for {
		var n int
		err := retry(func() (e error) { n, e = unix.Getdents(dir, buf[:]); return e })
		if err != nil || n <= 0 {
			return names, err
		}
		names = directoriesIn(names, buf[:n])
	}
}

// directoriesIn picks the directories out of a buffer of struct
// linux_dirent64, getdents(2): u64 inode, s64 offset, u16 record length, u8
// type, name.
func directoriesIn(names []string, b []byte) []string {
	for len(b) >= 19 {
		size := int(b[16]) | int(b[17])<<8
		if size < 19 || size > len(b) {
			return names
		}
		name := b[19:size]
		for i, c := range name {
			if c == 0 {
				name = name[:i]
				break
			}
		}
		if b[18] == unix.DT_DIR && string(name) != "." && string(name) != ".." {
			names = append(names, string(name))
		}
		b = b[size:]
	}
	return names
}

// CgroupKill sends SIGKILL to a process; one that is gone already is fine.
func CgroupKill(pid int) error {
	if err := unix.Kill(pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
		return &CgroupError{Call: "kill", Path: strconv.Itoa(pid), Err: err}
	}
	return nil
}

// InUserNamespace tells whether the caller is in a user namespace other than
// the initial one: there the map is not the identity over all ids, user_namespaces(7).
func InUserNamespace() bool {
	s, err := CgroupRead("/proc/self/uid_map")
	if err != nil {
		return false
	}
	f := strings.Fields(s)
	return len(f) != 3 || f[0] != "0" || f[1] != "0" || f[2] != "4294967295"
}
