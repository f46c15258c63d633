package compile

import (
	"fmt"
	"path"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// device is a node to be made.
type device struct {
	field string
	path  string
	mode  int // S_IF… and permissions
	rdev  uint64
	owner bool
	uid   int
	gid   int
}

// defaultDevices are those every container has (config-linux.md, "Default
// Devices"); /dev/console and /dev/ptmx come elsewhere.
func defaultDevices() []device {
	d := make([]device, 0, 6)
	for _, x := range [...]struct {
		name         string
		major, minor uint32
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}} {
		d = append(d, device{path: "/dev/" + x.name, mode: kernel.S_IFCHR | 0o666, rdev: kernel.Mkdev(x.major, x.minor)})
	}
	return d
}

// deviceList is the default devices and linux.devices; an entry of the config
// replaces the default of its path.
func (c *compiler) deviceList() ([]device, error) {
	list := defaultDevices()
next:
	for i, x := range c.s.Linux.Devices {
		field := fmt.Sprintf("linux.devices[%d] %s", i, x.Path)
		d := device{field: field, path: path.Clean(x.Path), rdev: kernel.Mkdev(uint32(x.Major), uint32(x.Minor))}
		if d.path == "/dev/ptmx" || d.path == "/dev/console" && c.s.Process != nil && c.s.Process.Terminal {
			continue // the container's own stand there
		}
		kind, err := deviceKind(x.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		d.mode = kind | 0o666
		if x.FileMode != nil {
			d.mode = kind | int(x.FileMode.Perm())
		}
		if x.UID != nil {
			d.owner, d.uid = true, int(*x.UID)
		}
		if x.GID != nil {
			d.owner, d.gid = true, int(*x.GID)
		}
		if kind == kernel.S_IFIFO {
			d.rdev = 0
		}
		for k := range list {
			if list[k].path == d.path {
				list[k] = d
				continue next
			}
		}
		list = append(list, d)
	}
	return list, nil
}

func deviceKind(t string) (int, error) {
	switch t {
	case "c", "u":
		return kernel.S_IFCHR, nil
	case "b":
		return kernel.S_IFBLK, nil
	case "p":
		return kernel.S_IFIFO, nil
	}
	return 0, fmt.Errorf("type %q: want c, b, u or p", t)
}

// devBound tells whether the config binds a /dev over the container's: then
// nothing is made in it.
func (c *compiler) devBound() bool {
	for i := range c.s.Mounts {
		m := &c.s.Mounts[i]
		if path.Clean("/"+m.Destination) != "/dev" {
			continue
		}
		if m.Type == "bind" {
			return true
		}
		for _, o := range m.Options {
			if o == "bind" || o == "rbind" {
				return true
			}
		}
	}
	return false
}

// devices makes the nodes and links of /dev, by its descriptor: a symlink in
// its place would lead elsewhere.
func (c *compiler) devices() error {
	if !c.mountNS() || c.devBound() {
		return nil
	}
	list, err := c.deviceList()
	if err != nil {
		return err
	}
	b := c.b
	mark := b.Mark()
	defer b.Release(mark)
	dev := b.Slot()
	c.openDev(dev)
	for i := range list {
		d := &list[i]
		field := d.field
		if field == "" {
			field = "default device " + d.path
		}
		b.Field(field)
		if dir, name := path.Split(d.path); dir == "/dev/" {
			c.mknod(dev, name, d, field)
		} else {
			c.mknodElsewhere(d, field)
		}
	}
	b.Field("default link /dev/core")
	noKcore := b.Label()
	b.Do(kernel.SYS_FACCESSAT2, prog.Int(kernel.AT_FDCWD), b.Str("/proc/kcore"), prog.Int(0), prog.Int(0)).Accept(enoent).Else(noKcore)
	c.link("/proc/kcore", dev, "core")
	b.Bind(noKcore)
	for _, l := range [...][2]string{{"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}} {
		b.Field("default link /dev/" + l[1])
		c.link(l[0], dev, l[1])
	}
	b.Field("default link /dev/ptmx")
	b.Do(kernel.SYS_UNLINKAT, dev.Val(), b.Str("ptmx"), prog.Int(0)).Accept(enoent)
	c.link("pts/ptmx", dev, "ptmx")
	c.close(dev)
	return nil
}

func (c *compiler) link(to string, dir prog.Slot, name string) {
	c.b.Do(kernel.SYS_SYMLINKAT, c.b.Str(to), dir.Val(), c.b.Str(name)).Accept(eexist)
}

// openDev opens the container's /dev, made if the image has none. A symlink
// is refused: an image could lead the nodes anywhere in its root.
func (c *compiler) openDev(dev prog.Slot) {
	b := c.b
	b.Field("/dev")
	flags := kernel.O_PATH | kernel.O_DIRECTORY | kernel.O_NOFOLLOW
	missing, symlink, have := b.Label(), b.Label(), b.Label()
	c.openRoot("/dev", flags, 0, kernel.RESOLVE_NO_SYMLINKS).Into(dev).Accept(enoent, eloop, enotdir).Else(missing)
	b.Jump(have)
	b.Bind(missing)
	b.IfNe(dev.Val(), prog.Int(-enoent), symlink)
	b.Do(kernel.SYS_MKDIRAT, c.root.Val(), b.Str("dev"), prog.Int(0o755))
	c.openRoot("/dev", flags, 0, kernel.RESOLVE_NO_SYMLINKS).Into(dev)
	b.Jump(have)
	b.Bind(symlink)
	b.Field("/dev of the image is no directory: devices must be made in an ordinary directory")
	b.Do(prog.FAIL, dev.Val())
	b.Bind(have)
}

func (c *compiler) mknod(dir prog.Slot, name string, d *device, field string) {
	b := c.b
	if c.userNS() && d.mode&kernel.S_IFMT != kernel.S_IFIFO {
		c.bindDevice(dir, name, d, field)
		return
	}
	node := b.Do(kernel.SYS_MKNODAT, dir.Val(), b.Str(name), prog.Int(d.mode), prog.Int(int(d.rdev))).Accept(eexist)
	if d.owner {
		exists := b.Label()
		node.Else(exists)
		b.Do(kernel.SYS_FCHOWNAT, dir.Val(), b.Str(name), prog.Int(d.uid), prog.Int(d.gid), prog.Int(kernel.AT_SYMLINK_NOFOLLOW))
		b.Bind(exists)
	}
}

// mknodElsewhere makes a node outside /dev's own level; the parent makes its
// folder if need be.
func (c *compiler) mknodElsewhere(d *device, field string) {
	b := c.b
	mark := b.Mark()
	dir := b.Slot()
	missing, have := b.Label(), b.Label()
	folder := path.Dir(d.path)
	open := func() prog.Ref { return c.openRoot(folder, kernel.O_PATH|kernel.O_DIRECTORY, 0, 0).Into(dir) }
	open().Accept(enoent).Else(missing)
	b.Jump(have)
	b.Bind(missing)
	id := c.barrier(Barrier{Kind: BarrierTarget, Path: folder, Field: field})
	c.sendFD(c.word(TagBarrier+id, 1), c.root.Val())
	c.await(c.buf, 8)
	open()
	b.Bind(have)
	c.mknod(dir, path.Base(d.path), d, field)
	c.close(dir)
	b.Release(mark)
}
