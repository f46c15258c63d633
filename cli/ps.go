package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

func (p *program) psCommand() *cli.Command {
	return &cli.Command{
		Name:      "ps",
		Usage:     "list the processes of a container",
		ArgsUsage: "CONTAINER-ID [PS-OPTION...]",
		Description: `The table is the host's ps(1), with its options, -ef by default, cut down to the
container's processes. The JSON form is the list of their pids.

EXAMPLE:
   wrun ps hello -o pid,comm`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "table", Usage: "print a `table` or json"},
		},
		Action: p.ps,
	}
}

func (p *program) ps(c *cli.Context) error {
	if err := checkArgs(c, 1, 1<<20); err != nil {
		return err
	}
	format := c.String("format")
	if format != "table" && format != "json" {
		return about(c, fmt.Errorf("--format %q: want table or json", format))
	}
	pids, err := p.rt.Processes(c.Args().First())
	if err != nil {
		return about(c, err)
	}
	if format == "json" {
		b := []byte{'['}
		for i, pid := range pids {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(pid), 10)
		}
		return p.write(append(b, "]\n"...))
	}
	args := c.Args().Slice()[1:]
	if len(args) == 0 {
		args = []string{"-ef"}
	}
	table, err := hostPS(args)
	if err != nil {
		return about(c, err)
	}
	rows, err := psRows(table, pids)
	if err != nil {
		return about(c, err)
	}
	return p.write(rows)
}

// hostPS gives the output of the host's ps(1).
func hostPS(args []string) ([]byte, error) {
	path := ""
	for _, dir := range []string{"/usr/bin/ps", "/bin/ps"} {
		if _, err := os.Stat(dir); err == nil {
			path = dir
			break
		}
	}
	if path == "" {
		return nil, errors.New("the host has no ps(1): install procps, or use --format json")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ps, err := os.StartProcess(path, append([]string{"ps"}, args...), &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nil, w, os.Stderr}})
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	out, err := io.ReadAll(r)
	state, werr := ps.Wait()
	if err := errors.Join(err, werr, r.Close()); err != nil {
		return nil, err
	}
	if !state.Success() {
		return nil, fmt.Errorf("ps %s: %s", strings.Join(args, " "), state)
	}
	return out, nil
}

// psRows keeps the header and the rows of pids; the column is found by its
// title.
func psRows(table []byte, pids []int) ([]byte, error) {
	header, rest, _ := bytes.Cut(table, []byte("\n"))
	column := slices.Index(strings.Fields(string(header)), "PID")
	if column < 0 {
		return nil, errors.New("ps(1) printed no column PID: ask for it, as in -o pid,comm")
	}
	out := append(slices.Clone(header), '\n')
	for line := range bytes.Lines(rest) {
		f := strings.Fields(string(line))
		if len(f) <= column {
			continue
		}
		pid, err := strconv.Atoi(f[column])
		if err != nil {
			return nil, fmt.Errorf("ps(1) printed %q as a pid", f[column])
		}
		if slices.Contains(pids, pid) {
			out = append(out, line...)
		}
	}
	return out, nil
}
