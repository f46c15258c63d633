package cli

import "github.com/urfave/cli/v2"

func (p *program) pauseCommand() *cli.Command {
	return &cli.Command{
		Name:      "pause",
		Usage:     "freeze all processes of a container",
		ArgsUsage: "CONTAINER-ID",
		Description: `The processes keep their memory and do nothing until "wrun resume".

EXAMPLE:
   wrun pause hello && wrun resume hello`,
		Action: idCommand(func(c *cli.Context, id string) error { return p.rt.Pause(id) }),
	}
}

func (p *program) resumeCommand() *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "let a paused container run again",
		ArgsUsage: "CONTAINER-ID",
		Description: `The processes go on where "wrun pause" has stopped them.

EXAMPLE:
   wrun resume hello`,
		Action: idCommand(func(c *cli.Context, id string) error { return p.rt.Resume(id) }),
	}
}
