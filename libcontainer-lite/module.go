package libcontainer

import (
	"fmt"
	"time"

	"wrun/linux/compile"
	"wrun/linux/kernel"
	"wrun/wasm"
)

// module decides about a file that may be a wasm module: what the init found
// where args[0] points to, opened with the workload's own ids. For a module
// the engine is told what to run.
func (c *container) module(i, fd int) (verdict int, err error) {
	if i >= len(c.program.Modules) || fd < 0 {
		return 0, fmt.Errorf("init: no module %d", i)
	}
	m := c.program.Modules[i]
	kind, _, _, _, err := kernel.FileKind(fd)
	if err != nil {
		return 0, err
	}
	if kind != kernel.S_IFREG {
		return compile.VerdictNext, nil
	}
	var head [wasm.HeadSize]byte
	n, err := kernel.Pread(fd, head[:], 0)
	if err != nil {
		return 0, fmt.Errorf("process.args[0] %s: %w", m.Path, err)
	}
	native, err := wasm.Resolve(c.wasm, m.Path, wasm.Sniff(head[:n]))
	if err != nil {
		return 0, err
	}
	if native {
		return compile.VerdictNative, nil
	}
	if err := wasm.Limits(c.spec); err != nil {
		return 0, err
	}
	return compile.VerdictWasm, c.writeJob(m)
}

// writeJob tells the engine what to run, in the memfd it has from the start.
func (c *container) writeJob(m compile.Module) error {
	trap, err := wasm.UnknownImports(c.spec)
	if err != nil {
		return err
	}
	preopens, err := wasm.Preopens(c.spec)
	if err != nil {
		return err
	}
	soft, err := wasm.Soft(c.spec)
	if err != nil {
		return err
	}
	var listen []wasm.Listen
	var drain time.Duration
	if !c.joins { // the sockets are those of the container's own module
		if listen, err = wasm.Listens(c.spec); err != nil {
			return err
		}
		if drain, err = wasm.Drain(c.spec); err != nil {
			return err
		}
	}
	p := c.spec.Process
	j := wasm.Job{
		Version: c.r.Version, Args: p.Args, Env: p.Env, Cwd: p.Cwd, TrapUnknown: trap, Preopens: preopens, Soft: soft, Listen: listen, Inherited: c.listenFDs, Drain: drain,
		ModuleFD: c.program.ModuleFD, FIFOFD: c.program.FD(compile.FileFIFO), SyncFD: c.program.FD(compile.FileSync),
	}
	if m.Split {
		_, j.Func, _ = wasm.SplitFunc(p.Args[0])
	}
	j.MemoryLimit = wasm.MemoryLimit(c.spec)
	if err := kernel.WriteAt0(c.job, j.Encode()); err != nil {
		return fmt.Errorf("wrun-engine: %w", err)
	}
	c.engine = true
	return kernel.Seal(c.job)
}
