// Package spec reads config.json, judges it, and writes the default one.
//
// There is no second config type: what Parse returns is runtime-spec's own.
// Parse answers "is it JSON of the right shape", Validate "does it make sense",
// Unsupported "can this version of wrun do it". Nothing here looks at the host
// beyond the one file that Load opens.
package spec

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// MaxConfig is the size, in bytes, above which a config.json is refused. Real
// ones are 5 to 100 kB; the bound keeps a bundle from eating the runtime's memory.
const MaxConfig = 16 << 20

// Load reads, parses and validates config.json of a bundle directory ("" is
// the current one) and returns the config with the bytes it came from.
//
// Warnings are not part of its answer: a caller with a log calls Validate on
// the result, which costs microseconds. Load does not ask Unsupported either,
// since that takes a Host.
func Load(bundle string) (s *specs.Spec, raw []byte, err error) {
	name := "config.json"
	if bundle != "" && bundle != "." {
		name = strings.TrimRight(bundle, "/") + "/config.json"
	}
	raw, err = readRegular(name)
	if errors.Is(err, syscall.ENOENT) {
		return nil, nil, missing(bundle, name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if s, err = Parse(raw, name); err != nil {
		return nil, nil, err
	}
	if _, err = Validate(s); err != nil {
		return nil, nil, err
	}
	return s, raw, nil
}

// missing tells a bundle without a config from a bundle that is not there.
func missing(bundle, name string) error {
	var st syscall.Stat_t
	if bundle != "" && syscall.Stat(bundle, &st) != nil {
		return fmt.Errorf("bundle %s: %w", bundle, syscall.ENOENT)
	}
	return fmt.Errorf("%s: %w: run `wrun spec` in the bundle folder to make one", name, syscall.ENOENT)
}

// readRegular returns the content of a regular file of at most MaxConfig bytes.
//
// O_NONBLOCK, because opening a FIFO would otherwise wait for a writer (open(2)).
// Plain system calls rather than os.Open, which would set up Go's netpoller
// (epoll_create1, eventfd2, epoll_ctl) for a file that cannot be polled.
func readRegular(name string) ([]byte, error) {
	fd, err := retry(func() (int, error) {
		return syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOCTTY, 0)
	})
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd) //nolint:errcheck // read only: close has nothing to report

	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, fmt.Errorf("is %s, want a regular file", fileKind(st.Mode))
	}
	if st.Size > MaxConfig {
		return nil, tooLarge(st.Size)
	}
	// One byte more than the file: the read that fills it all but that byte is
	// followed by one that sees the end.
	buf := make([]byte, st.Size+1)
	n := 0
	for {
		m, err := retry(func() (int, error) { return syscall.Read(fd, buf[n:]) })
		if err != nil {
			return nil, err
		}
		if m == 0 {
			return buf[:n], nil
		}
		if n += m; n > MaxConfig {
			return nil, tooLarge(int64(n))
		}
		if n == len(buf) { // it grew while it was read
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

func tooLarge(size int64) error {
	return fmt.Errorf("has %d bytes, at most %d are read", size, MaxConfig)
}

// retry repeats a call that a signal (Go's own SIGURG, on a slow filesystem) cut short.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}

func fileKind(mode uint32) string {
	switch mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		return "a directory"
	case syscall.S_IFIFO:
		return "a FIFO"
	case syscall.S_IFCHR:
		return "a character device"
	case syscall.S_IFBLK:
		return "a block device"
	}
	return "a special file"
}
