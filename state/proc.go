package state

import (
	"bytes"
	"fmt"
	"strconv"
	"syscall"
)

// process is what proc_pid_stat(5) tells of a process.
type process struct {
	state     byte   // field 3
	startTime uint64 // field 22, clock ticks since boot
}

// running tells whether the process is neither a zombie nor dead.
func (p process) running() bool {
	return p.state != 'Z' && p.state != 'X' && p.state != 'x'
}

// StartTime returns when the process began, in clock ticks since boot
// (proc_pid_stat(5), field 22). The error is a *os.PathError; ENOENT or ESRCH in
// it: there is no such process.
func StartTime(pid int) (uint64, error) {
	p, err := readProc(pid)
	return p.startTime, err
}

// readProc reads /proc/PID/stat.
func readProc(pid int) (process, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/stat"
	// A line is at most 52 numbers of 20 digits and a comm of 64 bytes.
	buf := make([]byte, 1536)
	n, err := readPath(path, buf)
	if err != nil {
		return process{}, pathError("read", path, err)
	}
	p, err := parseStat(buf[:n])
	if err != nil {
		return process{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// parseStat parses a line of proc_pid_stat(5). Field 2 is the comm in
// parentheses, and may hold blanks and parentheses itself.
func parseStat(line []byte) (process, error) {
	end := bytes.LastIndexByte(line, ')')
	if end < 0 || end+3 >= len(line) {
		return process{}, fmt.Errorf("cannot parse %q", line)
	}
	rest := line[end+2:]
	p := process{state: rest[0]}
	for range 22 - 3 {
		i := bytes.IndexByte(rest, ' ')
		if i < 0 {
			return process{}, fmt.Errorf("cannot parse %q", line)
		}
		rest = rest[i+1:]
	}
	if i := bytes.IndexByte(rest, ' '); i >= 0 {
		rest = rest[:i]
	}
	start, err := strconv.ParseUint(string(bytes.TrimSpace(rest)), 10, 64)
	if err != nil {
		return process{}, fmt.Errorf("start time: %w", err)
	}
	p.startTime = start
	return p, nil
}

// readPath reads what fits of the file path into buf.
func readPath(path string, buf []byte) (int, error) {
	fd, err := openAt(cwd, path, syscall.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	return readFull(fd, buf)
}
