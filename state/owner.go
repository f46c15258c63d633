package state

import (
	"bytes"
	"os"
	"strconv"
)

// UserName returns the name that the host's /etc/passwd gives to uid, or "#uid"
// as runc does. os/user is not used: it is the wrong price for one column of
// `list`, and without cgo reads the same file.
func UserName(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	passwd, err := os.ReadFile("/etc/passwd")
	if err == nil {
		if name := findUser(passwd, number); name != "" {
			return name
		}
	}
	return "#" + number
}

// findUser returns the name of the first entry of passwd(5) whose uid is number.
func findUser(passwd []byte, number string) string {
	for line := range bytes.Lines(passwd) {
		name, rest, _ := bytes.Cut(line, []byte(":"))
		_, rest, _ = bytes.Cut(rest, []byte(":"))
		uid, _, found := bytes.Cut(rest, []byte(":"))
		// NIS entries begin with '+' or '-'.
		if found && string(uid) == number && len(name) > 0 && name[0] != '+' && name[0] != '-' {
			return string(name)
		}
	}
	return ""
}
