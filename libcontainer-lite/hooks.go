package libcontainer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"wrun/spec"
	"wrun/state"
)

// runtimeHooks runs prestart and createRuntime hooks, in the runtime's
// namespaces, while the init waits. The state is on disk by then, and says
// `created`: a hook may ask wrun about its container (runtime.md, "Lifecycle",
// steps 3 and 4).
func (c *container) runtimeHooks() error {
	if err := c.confine(); err != nil {
		return err
	}
	if err := c.saveState(); err != nil {
		return err
	}
	c.hooked = true
	h := c.spec.Hooks
	for _, list := range []struct {
		name  string
		hooks []specs.Hook
	}{{"prestart", h.Prestart}, {"createRuntime", h.CreateRuntime}} { //nolint:staticcheck // docker's bridge needs prestart
		if err := runHooks(list.name, list.hooks, c.spec, c.st, specs.StateCreated); err != nil {
			return err
		}
	}
	return nil
}

// poststop runs the poststop hooks of a container that is gone. A failure is a
// warning, and the next hook runs (config.md, "Poststop").
func (r *Runtime) poststop(s *specs.Spec, st *state.Container) {
	if s == nil || s.Hooks == nil {
		return
	}
	for i := range s.Hooks.Poststop {
		if err := runHook("poststop", i, &s.Hooks.Poststop[i], s, st, specs.StateStopped); err != nil {
			r.Log.Warnf("%v", err)
		}
	}
}

// runHooks runs hooks in their order; the first failure ends it.
func runHooks(name string, hooks []specs.Hook, s *specs.Spec, st *state.Container, status specs.ContainerState) error {
	for i := range hooks {
		if err := runHook(name, i, &hooks[i], s, st, status); err != nil {
			return err
		}
	}
	return nil
}

// maxHookOutput bounds what is kept of a hook's output, in bytes.
const maxHookOutput = 4096

// runHook runs one hook with the container's state on its stdin. os/exec would
// cost every command its imports.
func runHook(name string, i int, h *specs.Hook, s *specs.Spec, st *state.Container, status specs.ContainerState) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("error running %s hook #%d: %s: %w", name, i, h.Path, err)
		}
	}()
	pid := st.Pid
	if status == specs.StateStopped {
		pid = 0
	}
	doc, err := spec.StateJSON(st.ID, status, pid, st.Bundle, s.Annotations)
	if err != nil {
		return err
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, inR.Close(), inW.Close())
	}
	argv := h.Args
	if len(argv) == 0 {
		argv = []string{h.Path}
	}
	p, err := os.StartProcess(h.Path, argv, &os.ProcAttr{Dir: st.Bundle, Env: hookEnv(h), Files: []*os.File{inR, outW, outW}})
	_, _ = inR.Close(), outW.Close()
	if err != nil {
		_, _ = inW.Close(), outR.Close()
		return err
	}
	go func() {
		// A hook need not read its stdin: EPIPE is no failure of it.
		_, _ = inW.Write(doc)
		_ = inW.Close()
	}()
	output := make(chan []byte, 1)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, io.LimitReader(outR, maxHookOutput))
		_, _ = io.Copy(io.Discard, outR)
		output <- b.Bytes()
	}()
	ps, timedOut, err := waitHook(p, h.Timeout)
	// A daemon that a hook leaves behind may hold its output open for ever.
	time.AfterFunc(100*time.Millisecond, func() { _ = outR.SetReadDeadline(time.Now()) })
	said := <-output
	_ = outR.Close()
	switch {
	case err != nil:
		return err
	case timedOut:
		return fmt.Errorf("timed out after %d seconds%s", *h.Timeout, quoted(said))
	case !ps.Success():
		return fmt.Errorf("%s%s", ps, quoted(said))
	}
	return nil
}

// hookEnv is the hook's environment: exactly what is given; nothing given is
// the runtime's own, as with runc.
func hookEnv(h *specs.Hook) []string {
	if h.Env == nil {
		return os.Environ()
	}
	return h.Env
}

func quoted(output []byte) string {
	s := strings.TrimSpace(string(output))
	if s == "" {
		return ""
	}
	return ", output: " + s
}

// waitHook waits for a hook, and kills it after its timeout in seconds.
func waitHook(p *os.Process, timeout *int) (ps *os.ProcessState, timedOut bool, err error) {
	if timeout == nil {
		ps, err = p.Wait()
		return ps, false, err
	}
	fired := make(chan struct{})
	t := time.AfterFunc(time.Duration(*timeout)*time.Second, func() {
		_ = p.Signal(syscall.SIGKILL) // it may be gone already
		close(fired)
	})
	ps, err = p.Wait()
	if !t.Stop() {
		<-fired
		timedOut = ps != nil && !ps.Success()
	}
	return ps, timedOut, err
}
