package cli

import "github.com/urfave/cli/v2"

func (p *program) featuresCommand() *cli.Command {
	return &cli.Command{
		Name:  "features",
		Usage: "print what this wrun can do, as the runtime-spec's features document",
		Description: `EXAMPLE:
   wrun features`,
		Action: func(c *cli.Context) error {
			if err := checkArgs(c, 0, 0); err != nil {
				return err
			}
			return about(c, p.writeJSON(p.rt.Features(), "    "))
		},
	}
}
