package cli

import (
	"encoding/json"

	"github.com/urfave/cli/v2"
)

func (p *program) stateCommand() *cli.Command {
	return &cli.Command{
		Name:      "state",
		Usage:     "print what a container is doing, as JSON",
		ArgsUsage: "CONTAINER-ID",
		Description: `The status is creating, created, running, paused or stopped.

EXAMPLE:
   wrun state hello`,
		Action: idCommand(func(_ *cli.Context, id string) error {
			doc, err := p.rt.State(id)
			if err != nil {
				return err
			}
			return p.writeJSON(doc, "  ")
		}),
	}
}

// writeJSON prints v indented, with a newline at the end.
func (p *program) writeJSON(v any, indent string) error {
	data, err := json.MarshalIndent(v, "", indent)
	if err != nil {
		return err
	}
	return p.write(append(data, '\n'))
}
