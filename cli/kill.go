package cli

import "github.com/urfave/cli/v2"

func (p *program) killCommand() *cli.Command {
	return &cli.Command{
		Name:      "kill",
		Usage:     "send a signal to a container's first process, TERM by default",
		ArgsUsage: "CONTAINER-ID [SIGNAL]",
		Description: `SIGNAL is a name, with or without SIG, or a number.

EXAMPLE:
   wrun kill hello
   wrun kill hello KILL`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Hidden: true, DisableDefaultText: true, Usage: "send it to every process of the container"},
		},
		Action: func(c *cli.Context) error {
			if err := checkArgs(c, 1, 2); err != nil {
				return err
			}
			name := "TERM"
			if c.NArg() == 2 {
				name = c.Args().Get(1)
			}
			sig, err := parseSignal(name)
			if err != nil {
				return about(c, err)
			}
			return about(c, p.rt.Kill(c.Args().First(), sig, c.Bool("all")))
		},
	}
}
