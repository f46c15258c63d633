package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// checkArgs wants low to high arguments and answers in runc's words.
func checkArgs(c *cli.Context, low, high int) error {
	name, n := c.Command.Name, c.NArg()
	want, number := "", 0
	switch {
	case n >= low && n <= high:
		return nil
	case low == high:
		want, number = "exactly", low
	case n < low:
		want, number = "a minimum of", low
	default:
		want, number = "a maximum of", high
	}
	return fmt.Errorf(`wrun: "%s" requires %s %d argument(s): see "wrun %s --help"`, name, want, number, name)
}

// about puts the command and the container before an error.
func about(c *cli.Context, err error) error {
	if err == nil {
		return nil
	}
	if id := c.Args().First(); id != "" {
		return fmt.Errorf("wrun %s %s: %w", c.Command.Name, id, err)
	}
	return fmt.Errorf("wrun %s: %w", c.Command.Name, err)
}

// idCommand is the action of a command whose one argument is a container.
func idCommand(do func(c *cli.Context, id string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := checkArgs(c, 1, 1); err != nil {
			return err
		}
		return about(c, do(c, c.Args().First()))
	}
}
