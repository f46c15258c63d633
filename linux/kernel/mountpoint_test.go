package kernel

import "testing"

func TestMountPointIn(t *testing.T) {
	const info = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /a rw - tmpfs tmpfs rw
31 30 0:26 / /a/b\040c rw - tmpfs tmpfs rw
`
	for path, want := range map[string]string{"/": "/", "/x": "/", "/a": "/a", "/ab": "/", "/a/b": "/a", "/a/b c": "/a/b c", "/a/b c/d": "/a/b c"} {
		if got := mountPointIn(info, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := mountPointIn("", "/"); got != "" {
		t.Errorf("no mounts: %q", got)
	}
	if at, err := MountPoint("/"); at != "/" || err != nil {
		t.Errorf("%q %v", at, err)
	}
}
