package state

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// These work on raw descriptors: os.OpenFile would register each file with the
// netpoller, which costs more than the file does.

// cwd is AT_FDCWD: the caller's own folder instead of an open one.
const cwd = -100

// maxFile bounds what is read of a state file or a config, in bytes.
const maxFile = 64 << 20

// openAt is openat(2) without following a symlink at the end of name.
func openAt(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := syscall.Openat(dir, name, flags|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, mode)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// readAt reads the regular file name in the directory dir.
func readAt(dir int, name string) ([]byte, error) {
	// O_NONBLOCK: opening a FIFO would wait for its writer.
	fd, err := openAt(dir, name, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, pathError("stat", name, err)
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	if st.Size > maxFile {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", name, st.Size, maxFile)
	}
	// Files are replaced, never rewritten, so the size holds; the spare byte
	// shows that it did.
	buf := make([]byte, st.Size+1)
	n, err := readFull(fd, buf)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	if int64(n) != st.Size {
		return nil, pathError("read", name, io.ErrUnexpectedEOF)
	}
	return buf[:n], nil
}

// readFull reads until buf is full or the file ends.
func readFull(fd int, buf []byte) (int, error) {
	n := 0
	for n < len(buf) {
		m, err := syscall.Read(fd, buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		if m == 0 {
			break
		}
		n += m
	}
	return n, nil
}

// createAt writes a file that does not exist yet.
func createAt(dir int, name string, data []byte) error {
	fd, err := openAt(dir, name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600)
	if err != nil {
		return pathError("create", name, err)
	}
	err = writeFull(fd, data)
	if cerr := syscall.Close(fd); err == nil && cerr != nil {
		err = cerr
	}
	if err != nil {
		return pathError("write", name, err)
	}
	return nil
}

// replaceAt makes data the content of the file name in the directory dir: a
// reader sees the old file or the new one, also if the writer is killed. The
// caller holds the directory's lock, so one temporary name is enough; a left
// over one is overwritten. No fsync: the state is meant to die with the machine.
func replaceAt(dir int, name string, data []byte) error {
	tmp := name + ".new"
	fd, err := openAt(dir, tmp, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, 0o600)
	if err != nil {
		return pathError("open", tmp, err)
	}
	err = writeFull(fd, data)
	if cerr := syscall.Close(fd); err == nil {
		err = cerr
	}
	if err != nil {
		return pathError("write", tmp, err)
	}
	if err := syscall.Renameat(dir, tmp, dir, name); err != nil {
		return &os.LinkError{Op: "rename", Old: tmp, New: name, Err: err}
	}
	return nil
}

func writeFull(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Write(fd, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func pathError(op, path string, err error) error {
	return &os.PathError{Op: op, Path: path, Err: err}
}
