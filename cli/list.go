package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

func (p *program) listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the containers below --root",
		Description: `EXAMPLE:
   wrun list
   wrun --root /run/containerd/runc/default list --format json`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "table", Usage: "print as `table|json`"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, DisableDefaultText: true, Usage: "print the ids only"},
		},
		Action: func(c *cli.Context) error {
			if err := checkArgs(c, 0, 0); err != nil {
				return err
			}
			format := c.String("format")
			if format != "table" && format != "json" {
				return about(c, fmt.Errorf("invalid format option: %q is neither table nor json", format))
			}
			docs, err := p.rt.List()
			if err != nil && (p.global.rootGiven || !errors.Is(err, fs.ErrNotExist)) {
				return about(c, err)
			}
			slices.SortFunc(docs, func(a, b libcontainer.StateDoc) int { return strings.Compare(a.ID, b.ID) })
			switch {
			case c.Bool("quiet"):
				return p.write(idLines(docs))
			case format == "json":
				return p.writeList(docs)
			default:
				return p.write(table(listRows(docs)))
			}
		},
	}
}

// writeList prints one line, as runc does, but an empty list where runc prints
// null.
func (p *program) writeList(docs []libcontainer.StateDoc) error {
	b := []byte{'['}
	for i := range docs {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendDoc(b, &docs[i]); err != nil {
			return fmt.Errorf("container %s: %w", docs[i].ID, err)
		}
	}
	return p.write(append(b, "]\n"...))
}

func idLines(docs []libcontainer.StateDoc) []byte {
	var b []byte
	for i := range docs {
		b = append(b, docs[i].ID...)
		b = append(b, '\n')
	}
	return b
}

func listRows(docs []libcontainer.StateDoc) [][]string {
	rows := [][]string{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}}
	for i := range docs {
		d := &docs[i]
		rows = append(rows, []string{
			d.ID, strconv.Itoa(d.Pid), d.Status, d.Bundle, d.Created.Format(time.RFC3339Nano), d.Owner,
		})
	}
	return rows
}

// table lays rows out as runc does: columns of at least 12 characters, three
// blanks or more between them, nothing after the last.
func table(rows [][]string) []byte {
	const least, gap = 12, 3
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], least, utf8.RuneCountInString(cell)+gap)
		}
	}
	var b []byte
	for _, row := range rows {
		last := len(row) - 1
		for i, cell := range row {
			b = append(b, cell...)
			for n := utf8.RuneCountInString(cell); i < last && n < widths[i]; n++ {
				b = append(b, ' ')
			}
		}
		b = append(b, '\n')
	}
	return b
}
