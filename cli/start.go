package cli

import "github.com/urfave/cli/v2"

func (p *program) startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "let the process of a created container begin",
		ArgsUsage: "CONTAINER-ID",
		Description: `Returns when the container's program runs, or says why it does not.

EXAMPLE:
   wrun start hello`,
		Action: idCommand(func(_ *cli.Context, id string) error {
			return p.rt.Start(id)
		}),
	}
}
