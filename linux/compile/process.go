package compile

import (
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"wrun/linux/kernel"
	"wrun/linux/prog"
	"wrun/spec"
)

// Permissions of a session keyring (keyctl_setperm(3)): all for its possessor;
// view, read, search and link for its user. The user's search is what a
// keyring made by joining lacks.
const keyringPerm = 0x3f1b0000

// keyring gives the container a session keyring of its own, so that it cannot
// reach its caller's. Kernels without keyrings answer ENOSYS.
func (c *compiler) keyring() error {
	if c.o.NoKeyring {
		return nil
	}
	b := c.b
	b.Field("session keyring")
	c.labelKeyring()
	none := b.Label()
	b.Do(kernel.SYS_KEYCTL, prog.Int(kernel.KEYCTL_JOIN_SESSION_KEYRING), b.Str("_ses."+c.o.ID)).Into(c.tmp).Accept(enosys).Else(none)
	b.Do(kernel.SYS_KEYCTL, prog.Int(kernel.KEYCTL_SETPERM), c.tmp.Val(), prog.Int(keyringPerm)).Accept(eacces, enosys)
	b.Bind(none)
	return nil
}

// passwd sends /etc/passwd of the final root to the parent, which looks up
// HOME by uid: that needs parsing. It is opened so that nothing in its place
// can hang or act on the opening, and the parent checks that it is a file.
func (c *compiler) passwd() error {
	p := c.s.Process
	if p == nil {
		return nil
	}
	for _, e := range lastOfEach(p.Env) {
		if v, ok := strings.CutPrefix(e, "HOME="); ok && v != "" {
			return nil
		}
	}
	b := c.b
	c.out.Home = true
	c.home = b.Buf(homeSize)
	b.Field("process.env: HOME from /etc/passwd")
	none := b.Label()
	c.openRoot("/etc/passwd", kernel.O_RDONLY|kernel.O_NONBLOCK|kernel.O_NOCTTY, 0, 0).Into(c.tmp).Accept(prog.AnyErrno).Else(none)
	id := c.barrier(Barrier{Kind: BarrierPasswd, Field: "process.env"})
	c.sendFD(c.word(TagBarrier+id, 0), c.tmp.Val())
	c.close(c.tmp)
	b.Bind(none)
	return nil
}

// lastOfEach keeps the last entry of each name: what exec'd programs see must
// not depend on which of two they look at.
func lastOfEach(env []string) []string {
	last := make(map[string]int, len(env))
	for i, e := range env {
		k, _, _ := strings.Cut(e, "=")
		last[k] = i
	}
	if len(last) == len(env) {
		return env
	}
	out := make([]string, 0, len(last))
	for i, e := range env {
		k, _, _ := strings.Cut(e, "=")
		if last[k] == i {
			out = append(out, e)
		}
	}
	return out
}

// limits sets the resource limits (prlimit(2)). Raising a hard one takes
// CAP_SYS_RESOURCE on the host: in a user namespace it is the parent's work.
func (c *compiler) limits() error {
	p := c.s.Process
	if p == nil || c.userNS() {
		return nil
	}
	for i, r := range p.Rlimits {
		n, ok := spec.Rlimit(r.Type)
		if !ok {
			return fmt.Errorf("process.rlimits[%d].type: %q is no resource limit of Linux", i, r.Type)
		}
		c.b.Field(fmt.Sprintf("process.rlimits[%d] %s", i, r.Type))
		c.b.Do(kernel.SYS_PRLIMIT64, prog.Int(0), prog.Int(n), c.b.Words(r.Soft, r.Hard), prog.Int(0))
	}
	return nil
}

// identity makes the process who it shall be: bounding set while the
// capabilities for that are there, groups and ids with the capabilities kept
// over the change, then the sets themselves. The working directory is entered
// before the ids change and, if only the user may, after.
func (c *compiler) identity() error {
	p := c.s.Process
	if p == nil {
		return nil
	}
	b := c.b
	sets := c.capabilities()
	b.Field("process.capabilities.bounding")
	for n := 0; n <= c.f.LastCap; n++ {
		if sets.bounding&(1<<n) == 0 {
			b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_CAPBSET_DROP), prog.Int(n), prog.Int(0), prog.Int(0), prog.Int(0))
		}
	}
	b.Field("process.user.umask")
	umask := 0o022
	if p.User.Umask != nil {
		umask = int(*p.User.Umask)
	}
	b.Do(kernel.SYS_UMASK, prog.Int(umask))
	cwd := path.Clean(p.Cwd)
	var later prog.Slot
	if cwd != "/" { // where pivot has left us
		later = c.cwdAsRoot(cwd)
	}

	b.Field("process.user")
	if p.User.UID != 0 {
		b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_SET_KEEPCAPS), prog.Int(1), prog.Int(0), prog.Int(0), prog.Int(0))
	}
	groups := make([]byte, 0, 4*len(p.User.AdditionalGids))
	for _, g := range p.User.AdditionalGids {
		groups = binary.LittleEndian.AppendUint32(groups, g)
	}
	list := prog.Int(0)
	if len(groups) > 0 {
		list = b.Data(groups)
	}
	b.Do(kernel.SYS_SETGROUPS, prog.Int(len(p.User.AdditionalGids)), list)
	gid, uid := prog.Int(int(p.User.GID)), prog.Int(int(p.User.UID))
	b.Do(kernel.SYS_SETRESGID, gid, gid, gid)
	b.Do(kernel.SYS_SETRESUID, uid, uid, uid)
	c.setCapabilities(sets)
	if cwd != "/" {
		c.cwdAsUser(cwd, later)
	}
	b.Field("init")
	c.close(c.root)
	if p.NoNewPrivileges {
		b.Field("process.noNewPrivileges")
		b.Do(kernel.SYS_PRCTL, prog.Int(kernel.PR_SET_NO_NEW_PRIVS), prog.Int(1), prog.Int(0), prog.Int(0), prog.Int(0))
	}
	return nil
}

// makeCwd lets the parent make a missing process.cwd, while the root can still
// be written to.
func (c *compiler) makeCwd() error {
	if c.s.Process == nil || path.Clean(c.s.Process.Cwd) == "/" {
		return nil
	}
	b := c.b
	cwd := path.Clean(c.s.Process.Cwd)
	field := "process.cwd " + cwd
	b.Field(field)
	missing, done := b.Label(), b.Label()
	c.openRoot(cwd, kernel.O_PATH, 0, 0).Into(c.dst).Accept(enoent, eacces, eperm).Else(missing)
	c.close(c.dst)
	b.Jump(done)
	b.Bind(missing)
	b.IfNe(c.dst.Val(), prog.Int(-enoent), done)
	id := c.barrier(Barrier{Kind: BarrierTarget, Path: cwd, Field: field})
	c.sendFD(c.word(TagBarrier+id, 1), c.root.Val())
	c.await(c.buf, 8)
	b.Bind(done)
	return nil
}

// cwdAsRoot enters process.cwd beneath the root. The slot it gives is 0 unless
// only the user may enter.
func (c *compiler) cwdAsRoot(cwd string) prog.Slot {
	b := c.b
	b.Field("process.cwd " + cwd)
	later := b.Slot()
	b.Set(later, prog.Int(0))
	refused, denied, done := b.Label(), b.Label(), b.Label()
	c.openRoot(cwd, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(c.dst).Accept(eacces, eperm).Else(denied)
	b.Do(kernel.SYS_FCHDIR, c.dst.Val()).Accept(eacces, eperm).Else(refused)
	c.close(c.dst)
	b.Jump(done)
	b.Bind(refused)
	c.close(c.dst)
	b.Bind(denied)
	b.Set(later, prog.Int(1))
	b.Bind(done)
	return later
}

// cwdAsUser enters it with the final ids if that is what it takes, and then
// makes sure that it lies inside the root: getcwd(2) says "(unreachable)" else
// (CVE-2024-21626).
func (c *compiler) cwdAsUser(cwd string, later prog.Slot) {
	b := c.b
	b.Field("process.cwd " + cwd)
	entered, inside := b.Label(), b.Label()
	b.IfEq(later.Val(), prog.Int(0), entered)
	c.openRoot(cwd, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(c.dst)
	b.Do(kernel.SYS_FCHDIR, c.dst.Val())
	c.close(c.dst)
	b.Bind(entered)
	long := b.Buf(4096)
	b.Do(kernel.SYS_GETCWD, long, prog.Int(4096))
	b.Do(prog.AND, long.Load(0), prog.Int(0xff)).Into(c.tmp)
	b.IfEq(c.tmp.Val(), prog.Int('/'), inside)
	b.Field("process.cwd " + cwd + " lies outside the container's root")
	b.Do(prog.FAIL, prog.Int(enoent))
	b.Bind(inside)
}
