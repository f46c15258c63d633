package cgroup

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// deviceHosts are the ways the host can limit devices.
func deviceHosts() []func(*testing.T) *Host {
	return []func(*testing.T) *Host{v1Host, unifiedHost}
}

// node makes a device file of the test's own.
func node(t *testing.T, dir, name string, mode uint32, major, minor uint32) string {
	t.Helper()
	path := dir + "/" + name
	if err := syscall.Mknod(path, mode|0o666, int(kernel.Mkdev(major, minor))); err != nil {
		t.Fatalf("devices cannot be made here: %v", err)
	}
	return path
}

func deny(kind string, major, minor int64, access string) specs.LinuxDeviceCgroup {
	return specs.LinuxDeviceCgroup{Type: kind, Major: &major, Minor: &minor, Access: access}
}

func allow(kind string, major, minor int64, access string) specs.LinuxDeviceCgroup {
	d := deny(kind, major, minor, access)
	d.Allow = true
	return d
}

// What the rules say is what happens, on v1 and on v2, when they are set and
// when they are changed.
func TestRootDevices(t *testing.T) {
	for _, host := range deviceHosts() {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			tmp, err := os.MkdirTemp("/dev/shm", "wrun-test")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(tmp) })
			node(t, tmp, "null", syscall.S_IFCHR, 1, 3)
			node(t, tmp, "zero", syscall.S_IFCHR, 1, 5)
			node(t, tmp, "kmsg", syscall.S_IFCHR, 1, 11)
			node(t, tmp, "ttyS9", syscall.S_IFCHR, 4, 73)
			try := fmt.Sprintf(`cd %s
				for i in 1 2 3 4 5; do
					for f in null zero kmsg; do
						( : <$f ) 2>/dev/null && echo -n "$f:r "
						( : >>$f ) 2>/dev/null && echo -n "$f:w "
					done
					rm -f new; mknod new c 1 11 2>/dev/null && echo -n "mknod "
					echo; read x
				done`, tmp)
			if err := g.Apply(nil); err != nil {
				t.Fatal(err)
			}
			sh := inside(t, g, try)
			sh.release()
			expect(t, sh, "null:r null:w zero:r zero:w mknod")

			g = Load(g.host, g.Paths())
			if err := g.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
				{Access: "rwm"}, allow("c", 1, 11, "r"), deny("c", 1, 3, "w"), // the last is overridden by the implied rules
			}}); err != nil {
				t.Fatal(err)
			}
			sh.release()
			expect(t, sh, "null:r null:w zero:r zero:w kmsg:r mknod")

			if err := g.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{deny("a", -1, -1, "rwm")}}); err != nil {
				t.Fatal(err)
			}
			sh.release()
			expect(t, sh, "null:r null:w zero:r zero:w mknod")
			if err := g.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}, deny("c", 1, 11, "w")}}); err != nil {
				t.Fatal(err) // to a default of allow, and back
			}
			sh.release()
			expect(t, sh, "null:r null:w zero:r zero:w kmsg:r mknod")
			if err := g.Apply(nil); err != nil {
				t.Fatal(err)
			}
			sh.release()
			expect(t, sh, "null:r null:w zero:r zero:w mknod")
			if frozen, err := g.Frozen(); frozen || err != nil {
				t.Error("left frozen", err)
			}
			if d := g.controller("devices"); d.v2 {
				if n := countFilters(t, d.path); n != 1 {
					t.Errorf("%d programs are attached", n)
				}
			}
		})
	}
}

func expect(t *testing.T, sh *shell, want string) {
	t.Helper()
	if got := strings.TrimSpace(sh.line()); got != want {
		t.Errorf("it can use %q, want %q", got, want)
	}
}

func countFilters(t *testing.T, path string) int {
	t.Helper()
	fd, err := kernel.CgroupOpen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.Close(fd)
	fds, err := kernel.DeviceFilters(fd)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		kernel.Close(fd)
	}
	return len(fds)
}

// A privileged container's rules need no program, and v1 keeps its default.
func TestRootDevicesAllowAll(t *testing.T) {
	for _, host := range deviceHosts() {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			if err := g.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}}); err != nil {
				t.Fatal(err)
			}
			d := g.controller("devices")
			if d.v2 {
				if n := countFilters(t, d.path); n != 0 {
					t.Errorf("%d programs are attached", n)
				}
			} else if got := read(t, d.file("devices.list")); got != "a *:* rwm" {
				t.Errorf("devices.list is %q", got)
			}
		})
	}
}

// While rules change, a device that both sets allow is never refused and one
// that neither allows never opens.
func TestRootDevicesNoWindow(t *testing.T) {
	for _, host := range deviceHosts() {
		t.Run("", func(t *testing.T) {
			g := newGroup(t, host(t))
			if err := g.Apply(nil); err != nil {
				t.Fatal(err)
			}
			tmp, err := os.MkdirTemp("/dev/shm", "wrun-test")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(tmp) })
			node(t, tmp, "zero", syscall.S_IFCHR, 1, 5)
			node(t, tmp, "kmsg", syscall.S_IFCHR, 1, 11)
			sh := inside(t, g, fmt.Sprintf(`cd %s; n=0
				while [ $n -lt 3000 ]; do n=$((n+1))
					{ : <zero; } 2>/dev/null || echo refused
					if { command : <kmsg; } 2>/dev/null; then echo opened; fi
				done; echo done`, tmp))
			sh.release()
			stop := make(chan struct{})
			result := make(chan error)
			go func() {
				loaded := Load(g.host, g.Paths())
				for i := int64(0); ; i++ {
					select {
					case <-stop:
						result <- nil
						return
					default:
					}
					err := loaded.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
						{Access: "rwm"}, allow("c", 1, 5+i%2*200, "rwm"), allow("b", i%7, -1, "rw"),
					}})
					if err != nil {
						result <- err
						return
					}
				}
			}()
			out := sh.rest()
			close(stop)
			if err := <-result; err != nil {
				t.Error(err)
			}
			if out != "done\n" {
				t.Errorf("said %.100q", out)
			}
		})
	}
}

// Long lists load: the verifier's work must not grow with their square.
func TestRootDevicesManyRules(t *testing.T) {
	g := newGroup(t, unifiedHost(t))
	var list []specs.LinuxDeviceCgroup
	for i := int64(0); i < 2000; i++ {
		d := allow("c", i%500+200, i, []string{"rwm", "rw", "r"}[i%3])
		d.Allow = i%5 != 0
		list = append(list, d)
	}
	if err := g.Apply(&specs.LinuxResources{Devices: list}); err != nil {
		t.Fatal(err)
	}
}

// A rule that a v1 list cannot express is refused, by its number.
func TestRootDeviceErrors(t *testing.T) {
	g := newGroup(t, v1Host(t))
	err := g.Apply(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
		allow("c", 10, -1, "rwm"), deny("c", 10, 229, "w"),
	}})
	want := "linux.resources.devices: rule 1 (deny c 10:229 w): not supported by cgroup v1, cannot punch hole in existing wildcard rule c 10:* rwm"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
