package libcontainer

import (
	"bytes"
	"strconv"

	"wrun/linux/kernel"
)

// maxPasswd bounds what is read of an image's /etc/passwd, in bytes.
const maxPasswd = 1 << 20

// maxHome is the longest HOME the init has room for, in bytes.
const maxHome = 1000

// homeOf looks up the home directory of a uid in a passwd(5) file, opened by
// the init in the container's final root. Only a regular file is read, and the
// uid is only ever compared: no name of the image decides who a user is
// (CVE-2016-3697). No answer gives "".
func homeOf(fd int, uid uint32) string {
	kind, size, _, _, err := kernel.FileKind(fd)
	if err != nil || kind != kernel.S_IFREG || size > maxPasswd {
		return ""
	}
	data := make([]byte, size)
	n, err := kernel.Pread(fd, data, 0)
	if err != nil {
		return ""
	}
	return findHome(data[:n], uid)
}

func findHome(passwd []byte, uid uint32) string {
	want := strconv.FormatUint(uint64(uid), 10)
	for len(passwd) > 0 {
		line := passwd
		if i := bytes.IndexByte(passwd, '\n'); i >= 0 {
			line, passwd = passwd[:i], passwd[i+1:]
		} else {
			passwd = nil
		}
		f := bytes.SplitN(line, []byte(":"), 7)
		if len(f) < 6 || string(f[2]) != want {
			continue
		}
		if h := f[5]; len(h) <= maxHome && bytes.IndexByte(h, 0) < 0 {
			return string(h)
		}
		return ""
	}
	return ""
}
