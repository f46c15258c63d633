package cli

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
	"wrun/spec/jsonscan"
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
			return p.writeDoc(doc)
		}),
	}
}

// writeDoc prints doc indented, with a newline at the end.
func (p *program) writeDoc(doc *libcontainer.StateDoc) error {
	data, err := appendDoc(nil, doc)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	return p.write(out.Bytes())
}

// appendDoc appends what json.Marshal makes of doc, without the tables that
// json.Marshal builds about the type in each process. The error is that of a
// time beyond RFC 3339.
func appendDoc(b []byte, doc *libcontainer.StateDoc) ([]byte, error) {
	created, err := doc.Created.MarshalJSON()
	if err != nil {
		return nil, err
	}
	text := func(key, value string) {
		b = jsonscan.AppendText(append(b, key...), value)
	}
	text(`{"ociVersion":`, doc.OCIVersion)
	text(`,"id":`, doc.ID)
	b = append(b, `,"pid":`...)
	b = strconv.AppendInt(b, int64(doc.Pid), 10)
	text(`,"status":`, doc.Status)
	text(`,"bundle":`, doc.Bundle)
	text(`,"rootfs":`, doc.Rootfs)
	b = append(append(b, `,"created":`...), created...)
	if len(doc.Annotations) > 0 {
		b = jsonscan.AppendMap(append(b, `,"annotations":`...), doc.Annotations)
	}
	text(`,"owner":`, doc.Owner)
	return append(b, '}'), nil
}

// writeJSON prints v indented, with a newline at the end.
func (p *program) writeJSON(v any, indent string) error {
	data, err := json.MarshalIndent(v, "", indent)
	if err != nil {
		return err
	}
	return p.write(append(data, '\n'))
}
