package ctr

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wrun/tests/host"
	"wrun/tests/leaks"
)

// limit ends a client that hangs; patience is for what must happen soon.
const (
	limit    = 2 * time.Minute
	patience = 20 * time.Second
)

// daemon is a containerd of the test's own: root, state and socket in its
// folder, and a namespace no other test uses, since shims of all daemons share
// /run/containerd.
type daemon struct {
	t       *testing.T
	runtime string
	dir     string
	ns      string
}

func newDaemon(t *testing.T) *daemon {
	host.NeedRoot(t)
	for _, tool := range []string{"containerd", "ctr", "containerd-shim-runc-v2"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: apt-get install containerd", err)
		}
	}
	d := &daemon{t: t, runtime: host.Runtime(t, "../../.."), dir: t.TempDir(), ns: fmt.Sprintf("wc-%d", os.Getpid())}
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\n  address = %q\n",
		filepath.Join(d.dir, "root"), filepath.Join(d.dir, "state"), d.socket())
	path := filepath.Join(d.dir, "config.toml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(d.dir, "containerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("containerd", "--config", path)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop(cmd) })
	d.eventually("containerd answers", func() bool { return d.ctr("version").code == 0 })
	return d
}

func (d *daemon) socket() string { return filepath.Join(d.dir, "c.sock") }

// stop ends the daemon and checks that nothing of its namespace is left.
func (d *daemon) stop(cmd *exec.Cmd) {
	for _, c := range strings.Fields(d.ctr("containers", "ls", "-q").out) {
		d.ctr("tasks", "rm", "-f", c)
		d.ctr("containers", "rm", c)
	}
	d.eventually("the shims have gone", func() bool { return len(d.left()) == 0 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		d.t.Error(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(patience):
		d.t.Error("containerd did not end")
		cmd.Process.Kill()
	}
	if d.t.Failed() {
		if log, err := os.ReadFile(filepath.Join(d.dir, "containerd.log")); err == nil {
			d.t.Logf("containerd's log:\n%s", log[max(0, len(log)-4000):])
		}
	}
	// Both are made per namespace and kept by containerd itself.
	for _, dir := range []string{"/run/containerd/runc/", "/run/containerd/s/"} {
		os.Remove(dir + d.ns)
	}
}

// left names what containers and shims of the namespace still hold.
func (d *daemon) left() []string {
	var all []string
	groups, err := leaks.Cgroups(d.ns)
	if err != nil {
		return []string{err.Error()}
	}
	for _, g := range groups {
		// The namespace's own cgroup is containerd's; what is in it is ours.
		entries, err := os.ReadDir(g)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.IsDir() {
				all = append(all, "cgroup "+filepath.Join(g, e.Name()))
			}
		}
		os.Remove(g)
	}
	procs, err := leaks.Processes("-namespace " + d.ns)
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range procs {
		all = append(all, "process "+p.Name)
	}
	mounts, err := leaks.Mounts(filepath.Join(d.dir, "state"))
	if err != nil {
		return []string{err.Error()}
	}
	for _, m := range mounts {
		all = append(all, "mount "+m)
	}
	if entries, err := os.ReadDir("/run/containerd/runc/" + d.ns); err == nil {
		for _, e := range entries {
			all = append(all, "state folder "+e.Name())
		}
	}
	return all
}

// result is what a client said and how it ended.
type result struct {
	out, err string
	code     int
}

func (r result) String() string { return fmt.Sprintf("status %d\n%s%s", r.code, r.out, r.err) }

func (d *daemon) ctr(args ...string) result {
	return d.command("ctr", append([]string{"-a", d.socket(), "-n", d.ns}, args...)...)
}

func (d *daemon) command(name string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	// ctr can miss an early end of stdin and hang: keep it open.
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// run is `ctr run` with the runtime under test.
func (d *daemon) run(args ...string) result {
	return d.ctr(append([]string{"run", "--runc-binary", d.runtime, "--runtime", "io.containerd.runc.v2"}, args...)...)
}

func (d *daemon) eventually(what string, done func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("after %v: not true that %s; left: %s", patience, what, strings.Join(d.left(), "\n"))
		}
	}
}
