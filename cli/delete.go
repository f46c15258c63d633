package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"wrun/state"
)

func (p *program) deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "remove what a stopped container leaves behind",
		ArgsUsage: "CONTAINER-ID",
		Description: `With --force a container that still runs is killed, one that was never finished
is cleared away, and one that does not exist is no error.

EXAMPLE:
   wrun delete hello
   wrun delete --force hello`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, DisableDefaultText: true, Usage: "kill the container first if it runs"},
		},
		Action: idCommand(func(c *cli.Context, id string) error {
			force := c.Bool("force")
			err := p.rt.Delete(id, force)
			if force && errors.Is(err, state.ErrNotExist) {
				return nil
			}
			return err
		}),
	}
}
