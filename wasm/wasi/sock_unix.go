package wasi

import (
	"strconv"
	"syscall"
)

// withPath makes a call on the address in the scratch. The path of a UNIX one is
// looked up as the guest's files are: beneath its preopens, and as a native
// program's where those are the container's own. create says that the call makes
// the last name, and does not follow it.
func (h *Host) withPath(create bool, call func() Errno) Errno {
	a := &h.net.addr
	if a.raw.Addr.Family != syscall.AF_UNIX {
		return call()
	}
	f, rest, e := h.locate(a.path())
	switch {
	case e != esuccess:
		return e
	case create && f.ReadOnly:
		return erofs
	case create && f.Rights&RightPathCreateFile == 0:
		return enotcapable
	case f.Dir.scope != scopeBeneath:
		return call()
	}
	// There is no bindat or connectat: procfs makes a path of a descriptor.
	const byFD = "/proc/self/fd/"
	if create {
		p, e := h.parent(f, rest)
		if e != esuccess {
			return e
		}
		defer p.close()
		path := strconv.AppendInt([]byte(byFD), int64(p.dir), 10)
		path = append(path, '/')
		if e := a.setPath(append(path, p.name[:len(p.name)-1]...)); e != esuccess {
			return e
		}
		return call()
	}
	fd, se := h.open(f, rest, oPath, 0)
	if se != 0 {
		return errnoOf(se)
	}
	defer sysClose(fd)
	if e := a.setPath(strconv.AppendInt([]byte(byFD), int64(fd), 10)); e != esuccess {
		return e
	}
	return call()
}
