package libcontainer

import (
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/spec"
	"wrun/state"
)

// Explain prints the program that would set up a bundle, or, without a bundle,
// the one that a container was set up by, compiled again from its own copy of
// the config. Nothing is made or started.
func (r *Runtime) Explain(w io.Writer, o CreateOptions) error {
	c := &container{r: r, o: &o, fifo: -1, job: -1, console: -1}
	if err := c.loadForExplain(); err != nil {
		return err
	}
	if err := c.compile(); err != nil {
		return err
	}
	p := c.program
	if _, err := fmt.Fprintln(w, "#", firstProcess(p)); err != nil {
		return err
	}
	return p.Prog.Print(w)
}

// firstProcess says how the process starts that runs the program.
func firstProcess(p *compile.Compiled) string {
	switch {
	case p.Stub:
		return "started by clone(SIGCHLD) as a stub, which joins the pid namespace and clones the init beside itself"
	case p.Clone == kernel.CLONE_NEWPID:
		return "started by clone(CLONE_NEWPID|SIGCHLD)"
	}
	return "started by clone(SIGCHLD)"
}

func (c *container) loadForExplain() error {
	if c.o.Bundle != "" {
		if c.o.ID == "" {
			c.o.ID = "ID"
		}
		return c.loadBundle()
	}
	dir, err := state.Open(c.r.Root).Dir(c.o.ID)
	if err != nil {
		return err
	}
	st, lerr := dir.Load()
	raw, cerr := dir.Config()
	if err := errors.Join(lerr, cerr, dir.Close()); err != nil {
		return err
	}
	if c.feats, err = kernel.Probe(); err != nil {
		return err
	}
	if c.spec, err = spec.Parse(raw, "config.json"); err != nil {
		return err
	}
	if c.spec.Linux == nil {
		c.spec.Linux = new(specs.Linux)
	}
	c.o.Bundle = st.Bundle
	return c.judge()
}
