package integration

import (
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// wait polls until done, and fails the script with what it saw last.
func wait(ts *testscript.TestScript, done func() bool, last func() string) {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("after %v: %s", patience, last())
		}
	}
}

func cmdWaitGrep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitgrep PATTERN FILE")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var text []byte
	wait(ts, func() bool {
		text, err = os.ReadFile(ts.MkAbs(args[1]))
		return err == nil && re.Match(text)
	}, func() string { return "no " + args[0] + " in " + args[1] + ": " + string(text) })
}

func cmdWaitGone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitgone PID")
	}
	wait(ts, func() bool {
		_, err := os.Stat("/proc/" + args[0])
		return os.IsNotExist(err)
	}, func() string { return "process " + args[0] + " still there" })
}
