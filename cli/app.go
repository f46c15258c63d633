package cli

import (
	"flag"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// commandNames lists the commands in the order of the help.
func commandNames() []string {
	return []string{"create", "start", "run", "exec", "state", "kill", "delete", "pause", "resume", "ps", "update", "list", "spec", "features", "explain"}
}

// command builds the command of that name, nil if there is none.
func (p *program) command(name string) *cli.Command {
	switch name {
	case "create":
		return p.createCommand()
	case "start":
		return p.startCommand()
	case "run":
		return p.runCommand()
	case "exec":
		return p.execCommand()
	case "state":
		return p.stateCommand()
	case "kill":
		return p.killCommand()
	case "delete":
		return p.deleteCommand()
	case "pause":
		return p.pauseCommand()
	case "resume":
		return p.resumeCommand()
	case "ps":
		return p.psCommand()
	case "update":
		return p.updateCommand()
	case "list":
		return p.listCommand()
	case "spec":
		return p.specCommand()
	case "features":
		return p.featuresCommand()
	case "explain":
		return p.explainCommand()
	}
	return nil
}

// direct runs a command line in which nothing is wrong or asked for, without
// setting up urfave/cli's App: 0.15 ms of CPU less in each call, of which a
// container needs five. The flags are the same, the parser is the same package
// flag, and the commands cannot tell. done is false if it did not run.
func (p *program) direct() (done bool, err error) {
	top, err := parse(globalFlags(), p.args[1:])
	if err != nil {
		return false, nil
	}
	parent := cli.NewContext(nil, top, nil)
	if parent.Bool("version") {
		return true, p.before(parent)
	}
	cmd := p.command(top.Arg(0))
	if cmd == nil {
		return false, nil
	}
	set, err := parse(cmd.Flags, top.Args()[1:])
	if err != nil {
		return false, nil
	}
	if err := p.before(parent); err != nil {
		return true, err
	}
	c := cli.NewContext(nil, set, parent)
	c.Command = cmd
	return true, cmd.Action(c)
}

// parse parses args as urfave/cli does: flags end at the first word that is
// none. An error means that urfave/cli has something to say.
func parse(flags []cli.Flag, args []string) (*flag.FlagSet, error) {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var twins [][2]string
	for _, f := range flags {
		switch f := f.(type) {
		case *cli.BoolFlag:
			v := set.Bool(f.Name, f.Value, "")
			for _, alias := range f.Aliases {
				set.BoolVar(v, alias, f.Value, "")
				twins = append(twins, [2]string{f.Name, alias})
			}
		case *cli.IntFlag:
			set.Int(f.Name, f.Value, "")
		case *cli.StringFlag:
			v := set.String(f.Name, f.Value, "")
			for _, alias := range f.Aliases {
				set.StringVar(v, alias, f.Value, "")
				twins = append(twins, [2]string{f.Name, alias})
			}
		case *cli.GenericFlag:
			for _, name := range f.Names() {
				set.Var(f.Value, name, "")
			}
		default:
			return nil, fmt.Errorf("%v: not a flag that parse knows", f.Names())
		}
	}
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	given := make(map[string]bool, set.NFlag())
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, t := range twins {
		if given[t[0]] && given[t[1]] {
			return nil, fmt.Errorf("%s and %s are one flag", t[0], t[1])
		}
	}
	return set, nil
}

// app is the whole command line for urfave/cli, for help and errors.
func (p *program) app() *cli.App {
	app := &cli.App{
		Name:        "wrun",
		Usage:       "run OCI containers, native and WebAssembly ones",
		UsageText:   "wrun [global options] COMMAND [options] [arguments]",
		Description: description,
		HideVersion: true, // ours is among the global flags
		Flags:       globalFlags(),
		Before:      p.before,
		Action:      unknownCommand,
		Writer:      p.stdout,
		ErrWriter:   p.stderr,
		// Exit codes are Main's.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return fmt.Errorf(`%w: see "wrun --help"`, err)
		},
	}
	for _, name := range commandNames() {
		cmd := p.command(name)
		// Else "wrun state help" would be no question for a container's state.
		cmd.HideHelpCommand = true
		cmd.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
			return fmt.Errorf(`wrun %s: %w: see "wrun %s --help"`, name, err, name)
		}
		app.Commands = append(app.Commands, cmd)
	}
	return app
}

const description = `A container is made of a bundle: a folder with a config.json and, as a rule, the
root file system. To make one and run it:

    mkdir -p bundle/rootfs && cd bundle
    (unpack an image into rootfs)
    wrun spec                # writes config.json: a shell
    wrun run hello

What "run" does at once, container engines do step by step:

    wrun create --bundle /bundle hello
    wrun start hello
    wrun state hello
    wrun kill hello TERM
    wrun delete hello

"wrun COMMAND --help" explains a command. Every command exits with 0, or with 1
and one line that says why, "run" with the exit code of the container's process.`

// unknownCommand is called for a first word that is no command, and for none.
func unknownCommand(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	// runc's words and exit code.
	return cli.Exit(fmt.Sprintf(`No help topic for '%s': see "wrun --help" for the commands`, c.Args().First()), 3)
}
