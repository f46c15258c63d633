package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

func (p *program) explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "print the system calls that make a container, without making it",
		ArgsUsage: "[CONTAINER-ID]",
		Description: `A container is set up by a program of system calls, compiled from config.json
for this host. It is printed as strace(1) would, each call with the field it
comes from, values of environment variables left out: for a bundle, or for a
container that exists.

EXAMPLE:
   wrun explain --bundle /bundle
   wrun explain hello`,
		Flags: []cli.Flag{createFlags()[0]},
		Action: func(c *cli.Context) error {
			if err := checkArgs(c, 0, 1); err != nil {
				return err
			}
			return about(c, p.explain(c))
		},
	}
}

func (p *program) explain(c *cli.Context) error {
	o := libcontainer.CreateOptions{ID: c.Args().First()}
	if o.ID != "" {
		if c.String("bundle") != "" {
			return errors.New("--bundle: not together with a container, whose config is known")
		}
		return p.rt.Explain(p.stdout, o)
	}
	bundle, err := bundleDir(c)
	if err != nil {
		return err
	}
	o.Bundle = bundle
	return p.rt.Explain(p.stdout, o)
}
