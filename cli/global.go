package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	libcontainer "wrun/libcontainer-lite"
)

// globals are the flags before the command.
type globals struct {
	debug         bool
	logPath       string
	logFormat     string
	root          string // absolute
	rootGiven     bool
	systemdCgroup bool
	rootless      string // true, false or auto
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "debug", DisableDefaultText: true, Usage: "log what is being done"},
		&cli.StringFlag{Name: "log", Usage: "append log lines to the file `PATH` instead of stderr"},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "write log lines as `text|json`"},
		&cli.StringFlag{Name: "root", DefaultText: "/run/wrun, as a plain user $XDG_RUNTIME_DIR/wrun", Usage: "keep the state of containers below the folder `DIR`, which should be in a tmpfs"},
		&cli.BoolFlag{Name: "systemd-cgroup", DisableDefaultText: true, Usage: "not supported by this version: create and run refuse it"},
		&cli.StringFlag{Name: "rootless", Value: "auto", Usage: "without effect in this version: `true|false|auto`"},
		&cli.BoolFlag{Name: "version", Aliases: []string{"v"}, DisableDefaultText: true, Usage: "print the version and what is built in"},
	}
}

// before reads the flags before the command and opens the log. It is urfave/cli's
// Before, too.
func (p *program) before(c *cli.Context) error {
	if c.Bool("version") {
		if err := p.printVersion(); err != nil {
			return err
		}
		return errHandled
	}
	p.global = globals{
		debug:         c.Bool("debug"),
		logPath:       c.String("log"),
		logFormat:     c.String("log-format"),
		root:          c.String("root"),
		systemdCgroup: c.Bool("systemd-cgroup"),
		rootless:      c.String("rootless"),
	}
	if err := p.openLog(); err != nil {
		return err
	}
	if err := checkRootless(p.global.rootless); err != nil {
		return err
	}
	if err := p.setRoot(); err != nil {
		return err
	}
	p.rt = p.open(&libcontainer.Runtime{
		Root:    p.global.root,
		Log:     p.log,
		Argv0:   p.args[0],
		Version: engineVersion(p.version),
		Commit:  p.commit,
	})
	return nil
}

// openLog makes p.log. The file is opened even if nothing will be logged: a
// wrong path is best known at once.
func (p *program) openLog() error {
	format := libcontainer.LogText
	switch p.global.logFormat {
	case "text":
	case "json":
		format = libcontainer.LogJSON
	default:
		bad := p.global.logFormat
		p.global.logPath, p.global.logFormat = "", "text"
		return fmt.Errorf("--log-format: %q is not known, only text and json are", bad)
	}
	if p.global.logPath == "" {
		if format == libcontainer.LogText {
			format = p.stderrFormat()
		}
		p.log = libcontainer.NewLog(p.stderr, format, p.global.debug)
		return nil
	}
	// Not os.OpenFile: it would set up the netpoller for this file alone.
	fd, err := syscall.Open(p.global.logPath, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		path := p.global.logPath
		p.global.logPath = ""
		return fmt.Errorf("--log: %w", &os.PathError{Op: "open", Path: path, Err: err})
	}
	p.log = libcontainer.NewLog(os.NewFile(uintptr(fd), p.global.logPath), format, p.global.debug)
	return nil
}

// stderrFormat is the format of log lines on stderr: runc's, but for a person at
// a terminal.
func (p *program) stderrFormat() libcontainer.LogFormat {
	// A terminal is a character device, and so is /dev/null, where it does not
	// matter.
	if st, err := p.stderr.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
		return libcontainer.LogPlain
	}
	return libcontainer.LogText
}

func checkRootless(s string) error {
	switch strings.ToLower(s) {
	case "true", "false", "auto", "":
		return nil
	}
	return fmt.Errorf("--rootless: %q is not known, only true, false and auto are", s)
}

// setRoot makes the root absolute, or finds the default one.
func (p *program) setRoot() error {
	if p.global.root == "" {
		p.global.root = defaultRoot(os.Getenv, os.Geteuid(), inUserNamespace)
		return nil
	}
	root, err := filepath.Abs(p.global.root)
	if err != nil {
		return fmt.Errorf("--root: %w", err)
	}
	if root == "/" {
		return errors.New("--root: / cannot be the folder of the containers' state")
	}
	p.global.root, p.global.rootGiven = root, true
	return nil
}

// defaultRoot decides as runc does: whoever is not the host's root, and has one,
// uses their XDG_RUNTIME_DIR.
func defaultRoot(getenv func(string) string, euid int, inUserNS func() bool) string {
	const system = "/run/wrun"
	dir := getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(dir) {
		return system
	}
	if euid == 0 && (getenv("USER") == "root" || !inUserNS()) {
		return system
	}
	return filepath.Join(dir, "wrun")
}

// inUserNamespace tells whether this process's user ids are mapped, by
// user_namespaces(7): the initial namespace maps all of them to themselves.
func inUserNamespace() bool {
	m, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false // a kernel without user namespaces
	}
	f := strings.Fields(string(m))
	return len(f) != 3 || f[0] != "0" || f[1] != "0" || f[2] != "4294967295"
}

// engineVersion is what wrun-engine's must be. Neither has one when both were
// built without the Makefile.
func engineVersion(v string) string {
	if v == "" {
		return "unknown"
	}
	return v
}
