package compile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wrun/linux/kernel"
)

// Every word of MountOptions, alone: what it sets and clears. A word that is
// missing here, or that MountOptions does not list, fails the test.
func TestParseOptionsWords(t *testing.T) {
	const (
		ro, nosuid, nodev, noexec   = kernel.MOUNT_ATTR_RDONLY, kernel.MOUNT_ATTR_NOSUID, kernel.MOUNT_ATTR_NODEV, kernel.MOUNT_ATTR_NOEXEC
		nodiratime, nosymfollow     = kernel.MOUNT_ATTR_NODIRATIME, kernel.MOUNT_ATTR_NOSYMFOLLOW
		times, noatime, strictatime = kernel.MOUNT_ATTR__ATIME, kernel.MOUNT_ATTR_NOATIME, kernel.MOUNT_ATTR_STRICTATIME
	)
	want := map[string]mountOptions{
		"bind": {bind: true}, "rbind": {bind: true, recursive: true}, "remount": {remount: true}, "tmpcopyup": {copyUp: true},
		"sync": {sb: []string{"sync"}}, "dirsync": {sb: []string{"dirsync"}}, "lazytime": {sb: []string{"lazytime"}}, "mand": {sb: []string{"mand"}},
	}
	for _, w := range []string{"defaults", "async", "nolazytime", "nomand", "silent", "loud", "iversion", "noiversion"} {
		want[w] = mountOptions{}
	}
	for w, p := range map[string]int{"private": kernel.MS_PRIVATE, "shared": kernel.MS_SHARED, "slave": kernel.MS_SLAVE, "unbindable": kernel.MS_UNBINDABLE} {
		want[w], want["r"+w] = mountOptions{prop: p}, mountOptions{prop: p, propRec: true}
	}
	for w, x := range map[string][2]int{
		"ro": {ro, 0}, "rw": {0, ro}, "nosuid": {nosuid, 0}, "suid": {0, nosuid}, "nodev": {nodev, 0}, "dev": {0, nodev},
		"noexec": {noexec, 0}, "exec": {0, noexec}, "nodiratime": {nodiratime, 0}, "diratime": {0, nodiratime},
		"nosymfollow": {nosymfollow, 0}, "symfollow": {0, nosymfollow},
		"noatime": {noatime, times}, "strictatime": {strictatime, times},
		"atime": {0, times}, "relatime": {0, times}, "norelatime": {0, times}, "nostrictatime": {0, times},
	} {
		want[w] = mountOptions{set: x[0], clr: x[1]}
		want["r"+w] = mountOptions{rset: x[0], rclr: x[1]}
	}
	for w, m := range want {
		got, err := parseOptions("tmpfs", []string{w})
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, %v\nwant %+v", w, got, err, m)
		}
	}
	listed := MountOptions()
	if !slices.IsSorted(listed) {
		t.Error("MountOptions is not sorted")
	}
	for _, w := range listed {
		if _, ok := want[w]; !ok {
			t.Errorf("MountOptions lists %q, which this test does not know", w)
		}
		delete(want, w)
	}
	for w := range want {
		t.Errorf("MountOptions does not list %q", w)
	}
}

func TestParseOptions(t *testing.T) {
	const (
		ro, nosuid, nodev = kernel.MOUNT_ATTR_RDONLY, kernel.MOUNT_ATTR_NOSUID, kernel.MOUNT_ATTR_NODEV
		times, noatime    = kernel.MOUNT_ATTR__ATIME, kernel.MOUNT_ATTR_NOATIME
	)
	for _, c := range []struct {
		typ     string
		options []string
		want    mountOptions
		err     string
	}{
		{typ: "bind", want: mountOptions{bind: true}},
		{options: []string{""}},
		{options: []string{"ro", "rw"}, want: mountOptions{clr: ro}},
		{options: []string{"rw", "ro"}, want: mountOptions{set: ro}},
		{options: []string{"rro", "rrw", "ro"}, want: mountOptions{set: ro, rclr: ro}},
		{options: []string{"noatime", "strictatime", "relatime"}, want: mountOptions{clr: times}},
		{options: []string{"relatime", "noatime"}, want: mountOptions{set: noatime, clr: times}},
		{options: []string{"private", "rslave"}, want: mountOptions{prop: kernel.MS_SLAVE, propRec: true}},
		{options: []string{"rslave", "private"}, want: mountOptions{prop: kernel.MS_PRIVATE}},
		{options: []string{"ro,nosuid", "nodev,size=1m"}, want: mountOptions{set: ro | nosuid | nodev, data: []string{"size=1m"}}},
		{options: []string{`context="a:b:c1,c2",ro`}, want: mountOptions{set: ro, data: []string{`context="a:b:c1,c2"`}}},
		{options: []string{`lowerdir=/a\,b:/c,upperdir=/u`}, want: mountOptions{data: []string{`lowerdir=/a\,b:/c`, "upperdir=/u"}}},
		{options: []string{`x=\\,ro`}, want: mountOptions{set: ro, data: []string{`x=\\`}}},
		{options: []string{`x=\`, "ro,"}, want: mountOptions{set: ro, data: []string{`x=\`}}},
		{options: []string{"mode=0755", "uid=1", "noauto"}, want: mountOptions{data: []string{"mode=0755", "uid=1", "noauto"}}},
		{options: []string{"_netdev"}},
		// Words that only look like another's recursive form.
		{options: []string{"rsize=4096", "rmand", "rremount"}, want: mountOptions{data: []string{"rsize=4096", "rmand", "rremount"}}},
		{options: []string{"idmap"}, err: "option idmap: not supported by this version of wrun"},
		{options: []string{"ridmap=uids=0-1-1"}, err: "option ridmap=uids=0-1-1: not supported by this version of wrun"},
		{options: []string{"copy-symlink"}, err: "option copy-symlink: not supported by this version of wrun"},
	} {
		got, err := parseOptions(c.typ, c.options)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: got error %v, want %s", c.options, err, c.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, %v\nwant %+v", c.options, got, err, c.want)
		}
	}
}

func TestOption(t *testing.T) {
	for in, want := range map[string]string{
		"size=1m": `size|1m|true`, "noauto": `noauto||false`, "x=": `x||true`, "a=b=c": `a|b=c|true`,
		`c="a,b"`: `c|a,b|true`, `c="`: `c|"|true`, `c=""`: `c||true`, `c="a"b`: `c|"a"b|true`,
	} {
		k, v, has := option(in)
		if got := fmt.Sprintf("%s|%s|%t", k, v, has); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestLowerdirs(t *testing.T) {
	for in, want := range map[string][]string{
		"/a": {"/a"}, "/a:/b:/c": {"/a", "/b", "/c"}, `/a\:b:/c`: {"/a:b", "/c"}, `/a\\:/b`: {`/a\`, "/b"}, `/a\`: {`/a\`}, "/a::/d": {"/a", "", "/d"},
	} {
		if got := lowerdirs(in); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

// classic knows every attribute that mount(2) has a flag for.
func TestClassic(t *testing.T) {
	m, err := parseOptions("", strings.Fields("ro nosuid nodev noexec nodiratime nosymfollow noatime sync dirsync lazytime mand size=1"))
	if err != nil {
		t.Fatal(err)
	}
	want := kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC | kernel.MS_NODIRATIME | kernel.MS_NOSYMFOLLOW |
		kernel.MS_NOATIME | kernel.MS_SYNCHRONOUS | kernel.MS_DIRSYNC | kernel.MS_LAZYTIME | kernel.MS_MANDLOCK
	if got := m.classic(); got != want {
		t.Errorf("got %#x, want %#x", got, want)
	}
	strict := mountOptions{set: kernel.MOUNT_ATTR_STRICTATIME}
	if got := strict.classic(); got != kernel.MS_STRICTATIME {
		t.Errorf("strictatime: got %#x", got)
	}
}
