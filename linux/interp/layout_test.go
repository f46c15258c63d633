package interp

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
)

func TestCodeFitsBeforeTheData(t *testing.T) {
	if n := len(code()); n < 100 || n > 3000 {
		t.Fatalf("the interpreter has %d bytes", n)
	} else {
		t.Logf("%s: %d bytes", runtime.GOARCH, n)
	}
	_ = os.Getpid
	_ = exec.Command
}
