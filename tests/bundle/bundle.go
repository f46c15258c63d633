// Package bundle makes the OCI bundles that the root tests, the stress test,
// the bench and the clients' images are built from.
package bundle

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Busybox returns the static busybox every rootfs is made of: $WRUN_BUSYBOX,
// or Debian's busybox-static.
func Busybox() (string, error) {
	path := os.Getenv("WRUN_BUSYBOX")
	if path == "" {
		path = "/bin/busybox"
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no static busybox: %w: apt-get install busybox-static", err)
	}
	return path, nil
}

// Make writes a bundle to dir: a busybox rootfs, and config.json as runtime's
// own `spec` command prints it, without a terminal, with a writable root and
// with args as the process.
func Make(dir, runtime string, args ...string) error {
	if err := Rootfs(filepath.Join(dir, "rootfs")); err != nil {
		return err
	}
	out, err := exec.Command(runtime, "spec", "-b", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s spec -b %s: %w: %s", runtime, dir, err, out)
	}
	c, err := Open(filepath.Join(dir, "config.json"))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"true"}
	}
	for _, e := range []struct {
		path  string
		value any
	}{
		{"process.terminal", false},
		{"root.readonly", false},
		{"process.args", args},
	} {
		if err := c.Set(e.path, e.value); err != nil {
			return err
		}
	}
	return c.Save()
}

// Rootfs writes a busybox system to dir: /bin with a link per applet, the
// folders that mounts want, and passwd and group with root, user and nobody.
func Rootfs(dir string) error {
	for _, d := range []string{"bin", "proc", "dev", "sys", "etc", "root", "home/user", "var"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o1777); err != nil && !os.IsExist(err) {
		return err
	}
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		return err
	}
	box, err := Busybox()
	if err != nil {
		return err
	}
	if err := Copy(box, filepath.Join(dir, "bin/busybox"), 0o755); err != nil {
		return err
	}
	list, err := exec.Command(box, "--list").Output()
	if err != nil {
		return fmt.Errorf("%s --list: %w", box, err)
	}
	for name := range strings.FieldsSeq(string(list)) {
		err := os.Symlink("busybox", filepath.Join(dir, "bin", name))
		if err != nil && !os.IsExist(err) {
			return err
		}
	}
	passwd := "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
	if err := os.WriteFile(filepath.Join(dir, "etc/passwd"), []byte(passwd), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "etc/group"), []byte("root:x:0:\ntty:x:5:\nuser:x:1000:\n"), 0o644)
}

// Copy copies the file from to a new file to with the mode given.
func Copy(from, to string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Chmod(mode); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
