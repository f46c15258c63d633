package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wrun/tests/host"
	"wrun/tests/leaks"
)

// setup gives a script its own state folder, container id and `rt` program,
// and makes sure that nothing of it is left at the end.
//
// $ID is a name no other script uses; further containers are ${ID}2, ${ID}x.
// $RUNTIME is the program's path, $ROOT its state folder, $GUESTS the folder
// of built guests.
func (rt *runtime) setup(env *testscript.Env) error {
	work := env.WorkDir
	script := strings.TrimPrefix(filepath.Base(work), "script-")
	id := fmt.Sprintf("wt-%s-%s-%d", rt.name, script, os.Getpid())
	bin, root := filepath.Join(work, ".bin"), filepath.Join(work, ".state")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	// Containers of other users must be able to reach their rootfs.
	for dir := work; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	wrapper := fmt.Sprintf("#!/bin/sh\nexec '%s' --root '%s' \"$@\"\n", rt.path, root)
	if err := os.WriteFile(filepath.Join(bin, "rt"), []byte(wrapper), 0o755); err != nil {
		return err
	}
	guests, err := host.Guests("../..")
	if err != nil {
		return err
	}
	env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
	env.Setenv("ID", id)
	env.Setenv("RUNTIME", rt.path)
	env.Setenv("ROOT", root)
	env.Setenv("GUESTS", guests)
	env.Setenv("CGV", cgroupVersion())
	env.Values[terminalsKey{}] = terminals{}
	env.Defer(func() { rt.cleanup(env, root, id) })
	return nil
}

// cleanup removes the containers a script still has, and fails the script when
// anything of it outlives them.
func (rt *runtime) cleanup(env *testscript.Env, root, id string) {
	t := env.T()
	entries, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	failed := false
	fail := func(format string, args ...any) {
		failed = true
		t.Log(fmt.Sprintf(format, args...))
	}
	entries = containers(entries)
	for _, e := range entries {
		if out, err := rt.command(root, "delete", "--force", e.Name()).CombinedOutput(); err != nil {
			fail("delete --force %s: %v: %s", e.Name(), err, out)
		}
	}
	if entries, err = os.ReadDir(root); err != nil && !os.IsNotExist(err) {
		fail("%v", err)
	}
	for _, e := range containers(entries) {
		fail("left in the state folder: %s", e.Name())
	}
	for _, line := range leftovers(env.WorkDir+"/", id) {
		fail("left on the host: %s", line)
	}
	if failed {
		t.FailNow()
	}
}

// containers leaves out what the state folder holds beside containers: no id
// begins with a dot.
func containers(entries []os.DirEntry) []os.DirEntry {
	return slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
}

// leftovers waits a moment for what dies at its own pace, then names what
// still exists of the container ids that begin with id and of the folder work.
func leftovers(work, id string) []string {
	var left []string
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left = nil
		groups, err := leaks.Cgroups(id)
		if err != nil {
			return []string{err.Error()}
		}
		for _, g := range groups {
			left = append(left, "cgroup "+g)
		}
		mounts, err := leaks.Mounts(work)
		if err != nil {
			return []string{err.Error()}
		}
		for _, m := range mounts {
			left = append(left, "mount "+m)
		}
		for _, text := range []string{id, work} {
			procs, err := leaks.Processes(text)
			if err != nil {
				return []string{err.Error()}
			}
			for _, p := range procs {
				left = append(left, "process "+strconv.Itoa(p.Pid)+" "+p.Name)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}
