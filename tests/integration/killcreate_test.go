package integration

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killcreate N BUNDLE starts `create` N times and kills it with SIGKILL at a
// random moment of its life. delete --force must then succeed and leave
// nothing, whatever was half done.
func (rt *runtime) cmdKillCreate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: killcreate N BUNDLE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	dir, root, id := ts.MkAbs(args[1]), ts.Getenv("ROOT"), ts.Getenv("ID")+"kill"
	begin := time.Now()
	rt.createAndKill(ts, root, dir, id, limit)
	span := time.Since(begin)
	rt.deleteAll(ts, root, id)
	for range n {
		after := rand.N(span + span/4)
		rt.createAndKill(ts, root, dir, id, after)
		rt.deleteAll(ts, root, id)
		if left := leftovers(ts.MkAbs("killcreate.out"), id); left != nil {
			ts.Fatalf("create killed after %v of %v: left: %s", after, span, strings.Join(left, "; "))
		}
		if _, err := os.Stat(root + "/" + id); err == nil {
			ts.Fatalf("create killed after %v of %v: the state folder is left", after, span)
		}
	}
}

func (rt *runtime) createAndKill(ts *testscript.TestScript, root, dir, id string, after time.Duration) {
	cmd := rt.command(root, "create", "--bundle", dir, id)
	// leaks.Processes knows what the runtime left alive by this file.
	out, err := os.Create(ts.MkAbs("killcreate.out"))
	ts.Check(err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	ts.Check(cmd.Start())
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil && after >= limit {
		ts.Fatalf("create %s: %v", id, err)
	}
}

func (rt *runtime) deleteAll(ts *testscript.TestScript, root, id string) {
	if out, err := rt.command(root, "delete", "--force", id).CombinedOutput(); err != nil {
		ts.Fatalf("delete --force %s: %v: %s", id, err, out)
	}
}
