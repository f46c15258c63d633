package integration

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"wrun/tests/host"
)

// subreaper RUNTIME ROOT BUNDLE ID runs a container and becomes its init's
// parent, but never reaps it: it prints the init's state once that is dead,
// what the runtime says about it, and how delete ends.
func subreaper() {
	if err := host.Subreaper(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runtime, root, bundle, id := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	run := func(args ...string) int {
		cmd := exec.Command(runtime, append([]string{"--root", root}, args...)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, args, err)
		}
		return cmd.ProcessState.ExitCode()
	}
	pidFile := bundle + "/zombie.pid"
	run("run", "--detach", "--bundle", bundle, "--pid-file", pidFile, id)
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("zombie", waitZombie(string(pid)))
	run("state", id)
	fmt.Println("delete", run("delete", id))
	n, err := strconv.Atoi(string(pid))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if _, err := host.Reap(n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// waitZombie returns the process's state letter of proc(5) stat once it is Z,
// or what it was last.
func waitZombie(pid string) string {
	state := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && state != "Z"; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return err.Error()
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		state, _, _ = strings.Cut(rest, " ")
	}
	return state
}
