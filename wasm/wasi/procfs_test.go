package wasi

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// No way to /proc/PID/mem, and none to write to procfs but under /proc/sys.
func TestProcfs(t *testing.T) {
	dir := t.TempDir()
	symlink(t, "/proc/self/mem", dir, "link")
	symlink(t, "/proc/self", dir, "self")
	pid := os.Getpid()
	names := []string{
		"proc/self/mem", "proc/thread-self/mem", fmt.Sprintf("proc/%d/mem", pid), fmt.Sprintf("proc/%d/task/%d/mem", pid, pid),
		"proc/self/task/../mem", "proc/../proc/self/./mem", dir[1:] + "/link", dir[1:] + "/self/mem", dir[1:] + "/self/task/" + fmt.Sprint(pid) + "/mem",
	}
	for _, walks := range []bool{false, true} {
		c := newCaller(t, Preopen{Dir: "/"})
		c.h.walks = walks
		for _, name := range names {
			for _, rights := range []Rights{RightFdRead, RightFdWrite, RightFdRead | RightFdWrite, allRights} {
				if _, e := c.open(name, opts{follow: true, rights: rights}); e != eacces {
					t.Errorf("%s with rights %#x: errno %d", name, rights, e)
				}
			}
		}
		self := c.mustOpen("proc/self", opts{oflags: oflagDirectory, follow: true})
		if _, e := c.open("mem", opts{at: self}); e != eacces {
			t.Errorf("mem beneath /proc/self: errno %d", e)
		}
		for _, name := range []string{"clear_refs", "oom_score_adj", "coredump_filter", "comm", "task/../timerslack_ns"} {
			if _, e := c.open(name, opts{at: self, rights: RightFdWrite}); e != eacces && e != eperm {
				t.Errorf("writing %s: errno %d", name, e)
			}
			if _, e := c.open(name, opts{at: self, oflags: oflagTrunc, none: true}); e == esuccess {
				t.Errorf("truncating %s worked", name)
			}
		}
		fd := c.mustOpen("status", opts{at: self})
		if s, e := c.read(fd); e != esuccess || s == "" {
			t.Errorf("status: %q, errno %d", s, e)
		}
		// Magic links lead nowhere.
		for _, name := range []string{"proc/self/root/etc", "proc/self/cwd", "proc/self/exe", fmt.Sprintf("proc/%d/fd/1", pid), "proc/self/root"} {
			fd, e := c.open(name, opts{follow: true})
			if walks { // their text is followed, like any other's
				continue
			}
			if e != eloop {
				t.Errorf("%s: descriptor %d, errno %d", name, fd, e)
			}
		}
		link := filepath.Join(dir, "hard")
		if err := os.Link("/proc/self/mem", link); err == nil {
			t.Error("procfs has hard links: test them")
		}
	}
}

// What is mounted elsewhere is known by what it is.
func TestProcfsMounted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
	runtime.LockOSThread() // and never unlocked: the thread keeps the mounts to itself
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		t.Skipf("unshare: %v", err)
	}
	check(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	dir := t.TempDir()
	file(t, dir, "mem", "")
	file(t, dir, "comm", "")
	mkdir(t, dir, "self")
	mkdir(t, dir, "sys")
	bind := func(from, to string) {
		t.Helper()
		check(t, syscall.Mount(from, to, "", syscall.MS_BIND, ""))
		t.Cleanup(func() {
			const detach = 2 // MNT_DETACH
			check(t, syscall.Unmount(to, detach))
		})
	}
	task := fmt.Sprintf("/proc/%d/task/%d", os.Getpid(), syscall.Gettid())
	bind("/proc/self/mem", dir+"/mem")
	bind(task+"/comm", dir+"/comm")
	bind(task, dir+"/self")
	bind("/proc/sys", dir+"/sys")
	bind("/proc/self/mem", "/proc/sys/kernel/domainname") // as deep as can be
	for _, p := range []Preopen{{Dir: "/"}, {Dir: dir, Guest: dir}} {
		c := newCaller(t, p)
		top := ""
		if p.Dir == "/" {
			top = dir[1:] + "/"
		}
		for _, name := range []string{"mem", "self/mem", "comm", "self/comm", "sys/kernel/hostname"} {
			if _, e := c.open(top+name, opts{rights: RightFdRead | RightFdWrite}); e != eacces {
				t.Errorf("%s%s: errno %d", top, name, e)
			}
		}
		for _, name := range []string{"mem", "self/mem"} {
			if _, e := c.open(top+name, opts{}); e != eacces {
				t.Errorf("%s%s to read: errno %d", top, name, e)
			}
		}
		c.mustOpen(top+"sys/kernel/hostname", opts{})
	}
	c := newCaller(t, Preopen{Dir: "/"})
	for _, rights := range []Rights{RightFdRead, RightFdWrite} {
		if _, e := c.open("proc/sys/kernel/domainname", opts{rights: rights}); e != eacces {
			t.Errorf("mem under /proc/sys: errno %d", e)
		}
	}
	fd := c.mustOpen("proc/sys/kernel/hostname", opts{rights: RightFdRead | RightFdWrite})
	if s, e := c.read(fd); e != esuccess || s == "" {
		t.Errorf("hostname %q, errno %d", s, e)
	}
}
