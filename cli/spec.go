package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"wrun/spec"
)

func (p *program) specCommand() *cli.Command {
	return &cli.Command{
		Name:  "spec",
		Usage: "write a config.json to begin with: a shell in the folder rootfs",
		Description: `Edit process.args to run something else. An existing config.json is left alone.

EXAMPLE:
   cd /bundle && wrun spec && wrun run hello`,
		Flags: []cli.Flag{
			createFlags()[0],
			&cli.BoolFlag{Name: "rootless", DisableDefaultText: true, Usage: "write a config for a plain user"},
		},
		Action: func(c *cli.Context) error {
			if err := checkArgs(c, 0, 0); err != nil {
				return err
			}
			return about(c, writeSpec(c))
		},
	}
}

func writeSpec(c *cli.Context) error {
	if c.Bool("rootless") {
		return errors.New("--rootless: this version writes the config for root only")
	}
	bundle, err := bundleDir(c)
	if err != nil {
		return err
	}
	data, err := spec.DefaultJSON(unifiedCgroups())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(bundle, "config.json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return errors.New("File config.json exists. Remove it first") // runc's words
	}
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	return errors.Join(err, f.Close())
}

// unifiedCgroups tells whether the host has cgroup v2 alone.
func unifiedCgroups() bool {
	const cgroup2Magic = 0x63677270 // statfs(2)
	var st syscall.Statfs_t
	return syscall.Statfs("/sys/fs/cgroup", &st) == nil && int64(st.Type) == cgroup2Magic
}
