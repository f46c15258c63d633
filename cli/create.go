package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

func (p *program) createCommand() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "set up a container, up to the point where its process would begin",
		ArgsUsage: "CONTAINER-ID",
		Description: `The container is made of the bundle's config.json and waits for "wrun start".
Its id is yours to choose, and must be new below --root. Whatever is wrong with
the bundle, its program included, fails here and leaves nothing behind.

EXAMPLE:
   wrun create --bundle /bundle --pid-file /run/hello.pid hello && wrun start hello`,
		Flags: createFlags(),
		Action: idCommand(func(c *cli.Context, id string) error {
			o, err := p.createOptions(c, id)
			if err != nil {
				return err
			}
			return p.rt.Create(o)
		}),
	}
}

func createFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "bundle", Aliases: []string{"b"}, DefaultText: "the current folder", Usage: "the folder `DIR` of config.json"},
		&cli.StringFlag{Name: "console-socket", Usage: "send the master side of the container's terminal to the unix socket `PATH`"},
		&cli.StringFlag{Name: "pidfd-socket", Usage: "send a pidfd of the container's process to the unix socket `PATH`"},
		&cli.StringFlag{Name: "pid-file", Usage: "write the pid of the container's process to the file `PATH`"},
		&cli.BoolFlag{Name: "no-pivot", DisableDefaultText: true, Usage: "do not use pivot_root(2): for a root file system on a ramdisk"},
		&cli.BoolFlag{Name: "no-new-keyring", DisableDefaultText: true, Usage: "keep the caller's session keyring"},
		&cli.IntFlag{Name: "preserve-fds", Usage: "hand `N` descriptors on, from 3, or behind those of socket activation (LISTEN_FDS)"},
	}
}

// createOptions reads the flags of create and run. Paths are the caller's.
func (p *program) createOptions(c *cli.Context, id string) (libcontainer.CreateOptions, error) {
	o := libcontainer.CreateOptions{
		ID:           id,
		NoPivot:      c.Bool("no-pivot"),
		NoNewKeyring: c.Bool("no-new-keyring"),
		PreserveFDs:  c.Int("preserve-fds"),
	}
	if p.global.systemdCgroup {
		return o, errors.New("--systemd-cgroup: this version manages cgroups through cgroupfs only: leave the flag out (containerd: SystemdCgroup = false; podman: --cgroup-manager cgroupfs; docker: native.cgroupdriver=cgroupfs)")
	}
	if o.PreserveFDs < 0 {
		return o, fmt.Errorf("--preserve-fds: %d is negative", o.PreserveFDs)
	}
	for _, f := range []struct {
		path *string
		flag string
	}{
		{&o.ConsoleSocket, "console-socket"},
		{&o.PidfdSocket, "pidfd-socket"},
		{&o.PidFile, "pid-file"},
	} {
		given := c.String(f.flag)
		if given == "" {
			continue
		}
		path, err := filepath.Abs(given)
		if err != nil {
			return o, fmt.Errorf("--%s: %w", f.flag, err)
		}
		*f.path = path
	}
	bundle, err := bundleDir(c)
	o.Bundle = bundle
	return o, err
}

// bundleDir is --bundle made absolute, by default the current folder.
func bundleDir(c *cli.Context) (string, error) {
	if given := c.String("bundle"); given != "" {
		bundle, err := filepath.Abs(given)
		if err != nil {
			return "", fmt.Errorf("--bundle: %w", err)
		}
		return bundle, nil
	}
	return os.Getwd()
}
