package cli

import (
	"github.com/urfave/cli/v2"
)

func (p *program) runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "create a container, start it, wait for its end and delete it",
		ArgsUsage: "CONTAINER-ID",
		Description: `The exit code is that of the container's process, 128 and the number of the
signal if one ended it.

EXAMPLE:
   cd /bundle && wrun run hello
   wrun run --detach --bundle /bundle --pid-file /run/hello.pid hello`,
		Flags: append(createFlags(),
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, DisableDefaultText: true, Usage: "return as soon as the process runs"},
			&cli.BoolFlag{Name: "keep", DisableDefaultText: true, Usage: `leave the ended container to "wrun delete"`},
			&cli.BoolFlag{Name: "no-subreaper", DisableDefaultText: true, Usage: "do not adopt the processes that the container leaves behind"},
		),
		Action: idCommand(func(c *cli.Context, id string) error {
			o, err := p.createOptions(c, id)
			if err != nil {
				return err
			}
			o.Detach = c.Bool("detach")
			o.Keep = c.Bool("keep")
			o.NoSubreaper = c.Bool("no-subreaper")
			p.exit, err = p.rt.Run(o)
			return err
		}),
	}
}
