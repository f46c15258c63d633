package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"
)

func (p *program) updateCommand() *cli.Command {
	number := func(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }
	return &cli.Command{
		Name:      "update",
		Usage:     "change the limits of a container",
		ArgsUsage: "CONTAINER-ID",
		Description: `What is not given stays as it is. --resources takes the document that
config.json calls linux.resources, from a file or, as -, from stdin; its devices
are not looked at. Sizes are bytes, or end in k, m, g or t; -1 is no limit.

EXAMPLE:
   wrun update --memory 256m --pids-limit 100 hello`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "resources", Aliases: []string{"r"}, Usage: "take the limits from the JSON document `FILE`, - for stdin"},
			number("blkio-weight", "share of block I/O, `WEIGHT` from 10 to 1000"),
			number("cpu-period", "length of a CPU period, `MICROSECONDS`"),
			number("cpu-quota", "CPU time in each period, `MICROSECONDS`"),
			number("cpu-burst", "unused CPU time that may be saved up, `MICROSECONDS`"),
			number("cpu-share", "share of CPU time, relative `SHARES`"),
			number("cpu-rt-period", "length of a realtime period, `MICROSECONDS` (cgroup v1)"),
			number("cpu-rt-runtime", "realtime CPU time in each period, `MICROSECONDS` (cgroup v1)"),
			number("cpuset-cpus", "the processors to use, `LIST` as 0-3,7"),
			number("cpuset-mems", "the memory nodes to use, `LIST`"),
			number("memory", "memory limit, `BYTES`"),
			number("cpu-idle", "1: only take CPU time that nobody wants, `0|1`"),
			number("memory-reservation", "memory to be left with under pressure, `BYTES`"),
			number("memory-swap", "memory and swap together, `BYTES`"),
			number("pids-limit", "how many tasks there may be, `NUMBER`"),
			number("l3-cache-schema", "Intel RDT: the L3 `SCHEMA`"),
			number("mem-bw-schema", "Intel RDT: the memory bandwidth `SCHEMA`"),
			&cli.StringFlag{Name: "kernel-memory", Hidden: true, Usage: "obsolete, without effect: `BYTES`"},
			&cli.StringFlag{Name: "kernel-memory-tcp", Hidden: true, Usage: "obsolete, without effect: `BYTES`"},
		},
		Action: idCommand(func(c *cli.Context, id string) error {
			r, err := resources(c, os.Stdin)
			if err != nil {
				return err
			}
			return p.rt.Update(id, r)
		}),
	}
}

// maxResources bounds the document, in bytes.
const maxResources = 1 << 20

// resources reads the document or the flags; as with runc the flags do not
// count beside a document.
func resources(c *cli.Context, stdin io.Reader) (*specs.LinuxResources, error) {
	if path := c.String("resources"); path != "" {
		return readResources(path, stdin)
	}
	for _, name := range []string{"l3-cache-schema", "mem-bw-schema"} {
		if c.String(name) != "" {
			return nil, fmt.Errorf("--%s: Intel RDT is not supported by this version of wrun", name)
		}
	}
	f := &resourceFlags{c: c}
	m, u, b := new(specs.LinuxMemory), new(specs.LinuxCPU), new(specs.LinuxBlockIO)
	m.Limit, m.Reservation, m.Swap = f.size("memory"), f.size("memory-reservation"), f.size("memory-swap")
	u.Shares, u.Period, u.RealtimePeriod = f.unsigned("cpu-share"), f.unsigned("cpu-period"), f.unsigned("cpu-rt-period")
	u.Quota, u.RealtimeRuntime, u.Idle = f.signed("cpu-quota"), f.signed("cpu-rt-runtime"), f.signed("cpu-idle")
	u.Burst = f.unsigned("cpu-burst")
	u.Cpus, u.Mems = c.String("cpuset-cpus"), c.String("cpuset-mems")
	r := &specs.LinuxResources{Memory: m, CPU: u}
	if w := f.unsigned("blkio-weight"); w != nil {
		if *w > 1000 {
			return nil, fmt.Errorf("--blkio-weight %d: want 10 to 1000", *w)
		}
		weight := uint16(*w)
		b.Weight = &weight
		r.BlockIO = b
	}
	if n := f.signed("pids-limit"); n != nil {
		r.Pids = &specs.LinuxPids{Limit: n}
	}
	return r, f.err
}

func readResources(path string, stdin io.Reader) (*specs.LinuxResources, error) {
	name, in := "stdin", stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--resources: %w", err)
		}
		defer f.Close()
		name, in = path, f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxResources+1))
	if err != nil {
		return nil, fmt.Errorf("--resources %s: %w", name, err)
	}
	if len(raw) > maxResources {
		return nil, fmt.Errorf("--resources %s: more than %d bytes", name, maxResources)
	}
	r := new(specs.LinuxResources)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("--resources %s: %w", name, err)
	}
	return r, nil
}

// resourceFlags reads numbers out of flags; the first error stays.
type resourceFlags struct {
	c   *cli.Context
	err error
}

func (f *resourceFlags) bad(name, text string, err error) {
	if f.err == nil {
		if errors.Is(err, strconv.ErrRange) {
			f.err = fmt.Errorf("--%s %s: out of range", name, text)
			return
		}
		f.err = fmt.Errorf("--%s %s: not a number", name, text)
	}
}

func (f *resourceFlags) signed(name string) *int64 {
	text := f.c.String(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.bad(name, text, err)
	}
	return &n
}

func (f *resourceFlags) unsigned(name string) *uint64 {
	text := f.c.String(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		f.bad(name, text, err)
	}
	return &n
}

// size reads bytes, with the units of docker and runc: k, m, g, t, in powers
// of 1024, followed by b, ib or nothing.
func (f *resourceFlags) size(name string) *int64 {
	text := f.c.String(name)
	if text == "" {
		return nil
	}
	digits := strings.TrimRight(strings.ToLower(text), "bikmgtp")
	n, err := strconv.ParseFloat(digits, 64)
	unit, ok := sizeUnit(strings.ToLower(text)[len(digits):])
	switch {
	case err != nil || !ok:
		f.bad(name, text, strconv.ErrSyntax)
		return nil
	case n*unit >= math.MaxInt64 || n < 0 && text != "-1":
		f.bad(name, text, strconv.ErrRange)
		return nil
	}
	bytes := int64(n * unit)
	return &bytes
}

func sizeUnit(s string) (float64, bool) {
	switch strings.TrimSuffix(strings.TrimSuffix(s, "b"), "i") {
	case "":
		return 1, s == "" || s == "b"
	case "k":
		return 1 << 10, true
	case "m":
		return 1 << 20, true
	case "g":
		return 1 << 30, true
	case "t":
		return 1 << 40, true
	case "p":
		return 1 << 50, true
	}
	return 0, false
}
