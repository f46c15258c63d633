package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

// values is a flag that may be repeated. urfave/cli's own lists split at
// commas, which environment variables hold.
type values []string

func (v *values) Set(s string) error { *v = append(*v, s); return nil }
func (v *values) String() string     { return strings.Join(*v, " ") }

// list gives what a repeatable flag was given.
func list(c *cli.Context, name string) []string {
	if v, ok := c.Generic(name).(*values); ok {
		return *v
	}
	return nil
}

// execFailed is the exit code of an exec that ran nothing, as with runc: the
// command's own codes are below.
const execFailed = 255

func (p *program) execCommand() *cli.Command {
	return &cli.Command{
		Name:      "exec",
		Usage:     "run a further process in a container",
		ArgsUsage: "CONTAINER-ID COMMAND [ARG...]  |  --process FILE CONTAINER-ID",
		Description: `The process starts out as the container's own one would: environment, user,
capabilities and working directory are those of the container's config.json,
as the flags change them; --process FILE gives all of it as a JSON document.
In a wasm container a module runs in the engine, anything else natively.

EXAMPLE:
   wrun exec --tty hello sh`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "console-socket", Usage: "send the master side of the process's terminal to the unix socket `PATH`"},
			&cli.StringFlag{Name: "pidfd-socket", Usage: "send a pidfd of the process to the unix socket `PATH`"},
			&cli.StringFlag{Name: "cwd", Usage: "work in the folder `DIR` of the container"},
			&cli.GenericFlag{Name: "env", Aliases: []string{"e"}, Value: new(values), Usage: "set the environment variable `NAME=VALUE` (repeatable)"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, DisableDefaultText: true, Usage: "give the process a terminal"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "run as `UID[:GID]`, numbers"},
			&cli.GenericFlag{Name: "additional-gids", Aliases: []string{"g"}, Value: new(values), Usage: "be in the group `GID` too (repeatable)"},
			&cli.StringFlag{Name: "process", Aliases: []string{"p"}, Usage: "take the whole process from the JSON document `FILE`"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, DisableDefaultText: true, Usage: "return as soon as the process runs"},
			&cli.StringFlag{Name: "pid-file", Usage: "write the pid of the process to the file `PATH`"},
			&cli.StringFlag{Name: "process-label", Usage: "run under the SELinux `LABEL`"},
			&cli.StringFlag{Name: "apparmor", Usage: "run under the AppArmor `PROFILE`"},
			&cli.BoolFlag{Name: "no-new-privs", DisableDefaultText: true, Usage: "never gain privileges by an execve"},
			&cli.GenericFlag{Name: "cap", Aliases: []string{"c"}, Value: new(values), Usage: "add the capability `CAP_NAME` (repeatable)"},
			&cli.IntFlag{Name: "preserve-fds", Usage: "hand `N` descriptors on, from 3"},
			&cli.GenericFlag{Name: "cgroup", Value: new(values), Usage: "run in a sub-cgroup, `[CONTROLLER:]PATH` (repeatable)"},
			&cli.BoolFlag{Name: "ignore-paused", DisableDefaultText: true, Usage: "do not refuse a paused container: wait until it is resumed"},
			&cli.BoolFlag{Name: "no-subreaper", Hidden: true, DisableDefaultText: true, Usage: "do not adopt the processes that the command leaves behind"},
		},
		Action: p.exec,
	}
}

func (p *program) exec(c *cli.Context) error {
	least := 2
	if c.String("process") != "" {
		least = 1
	}
	if err := checkArgs(c, least, 1<<20); err != nil {
		return cli.Exit(err.Error(), execFailed)
	}
	o, err := p.execOptions(c)
	if err == nil {
		p.exit, err = p.rt.Exec(o)
	}
	if err != nil {
		return cli.Exit(about(c, err).Error(), execFailed)
	}
	return nil
}

func (p *program) execOptions(c *cli.Context) (libcontainer.ExecOptions, error) {
	o := libcontainer.ExecOptions{
		ID: c.Args().First(), Detach: c.Bool("detach"), PreserveFDs: c.Int("preserve-fds"),
		IgnorePaused: c.Bool("ignore-paused"), NoSubreaper: c.Bool("no-subreaper"), Cgroups: list(c, "cgroup"),
	}
	if o.PreserveFDs < 0 {
		return o, fmt.Errorf("--preserve-fds: %d is negative", o.PreserveFDs)
	}
	for _, f := range []struct {
		to   *string
		name string
	}{{&o.ConsoleSocket, "console-socket"}, {&o.PidfdSocket, "pidfd-socket"}, {&o.PidFile, "pid-file"}} {
		given := c.String(f.name)
		if given == "" {
			continue
		}
		abs, err := filepath.Abs(given)
		if err != nil {
			return o, fmt.Errorf("--%s: %w", f.name, err)
		}
		*f.to = abs
	}
	var err error
	if path := c.String("process"); path != "" {
		o.Process, err = readProcess(path)
	} else {
		o.Process, err = p.processOf(c, o.ID)
	}
	return o, err
}

func readProcess(path string) (*specs.Process, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--process: %w", err)
	}
	process := new(specs.Process)
	if err := json.Unmarshal(raw, process); err != nil {
		return nil, fmt.Errorf("--process %s: %w", path, err)
	}
	if len(process.Args) == 0 {
		return nil, fmt.Errorf("--process %s: args is empty", path)
	}
	return process, nil
}

// processOf is the container's own process as the flags change it.
func (p *program) processOf(c *cli.Context, id string) (*specs.Process, error) {
	s, err := p.rt.ExecProcess(id)
	if err != nil {
		return nil, err
	}
	s.Args = c.Args().Slice()[1:]
	s.Terminal = c.Bool("tty")
	s.Env = append(s.Env, list(c, "env")...)
	if v := c.String("cwd"); v != "" {
		s.Cwd = v
	}
	if v := c.String("process-label"); v != "" {
		s.SelinuxLabel = v
	}
	if v := c.String("apparmor"); v != "" {
		s.ApparmorProfile = v
	}
	if c.IsSet("no-new-privs") {
		s.NoNewPrivileges = c.Bool("no-new-privs")
	}
	if caps := list(c, "cap"); len(caps) > 0 {
		if s.Capabilities == nil {
			s.Capabilities = new(specs.LinuxCapabilities)
		}
		// Never the inheritable set (CVE-2022-29162).
		for _, set := range []*[]string{&s.Capabilities.Bounding, &s.Capabilities.Effective, &s.Capabilities.Permitted} {
			*set = append(*set, caps...)
		}
	}
	if v := c.String("user"); v != "" {
		uid, gid, hasGID, err := libcontainer.ParseUser(v)
		if err != nil {
			return nil, err
		}
		s.User.UID = uid
		if hasGID {
			s.User.GID = gid
		}
	}
	for _, text := range list(c, "additional-gids") {
		g, err := strconv.ParseUint(text, 10, 32)
		if err != nil || g == 1<<32-1 {
			return nil, fmt.Errorf("--additional-gids %s: no group id", text)
		}
		s.User.AdditionalGids = append(s.User.AdditionalGids, uint32(g))
	}
	if s.Terminal && c.Bool("detach") && c.String("console-socket") == "" {
		return nil, errors.New("--tty: cannot allocate tty if wrun will detach without setting console socket (--console-socket)")
	}
	return s, nil
}
