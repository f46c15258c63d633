package wasi

import (
	"syscall"
	"testing"
)

// limit lowers RLIMIT_NOFILE for a test.
func limit(t *testing.T, n uint64) {
	t.Helper()
	var old syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: old.Max}))
	t.Cleanup(func() { check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)) })
}
