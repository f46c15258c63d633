package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"wrun/wasm"
)

// This file and cwd.go are all that knows whose WASI host the guest gets:
// wazero's, with a few functions of our own in place of its.

const wasiModule = "wasi_snapshot_preview1"

// Errors of WASI preview 1, errno in its witx.
const (
	errnoSuccess = 0
	errnoFault   = 21
	errnoInval   = 28
	errnoNotsup  = 58
)

// link provides the imports, and gives the configuration the module is
// instantiated with.
func link(ctx context.Context, r wazero.Runtime, job *wasm.Job, imports []api.FunctionDefinition) (wazero.ModuleConfig, error) {
	wasi := r.NewHostModuleBuilder(wasiModule)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(wasi)
	env := environ(job.Env)
	export(wasi, "environ_sizes_get", env.sizes, 2)
	export(wasi, "environ_get", env.get, 2)
	export(wasi, "proc_raise", raise, 1)
	compiled, err := wasi.Compile(ctx)
	if err != nil {
		return nil, fmt.Errorf("wasi: %w", err)
	}
	missing, err := unprovided(imports, compiled.ExportedFunctions())
	if err != nil {
		return nil, err
	}
	if err := stub(ctx, r, wasi, missing, job.TrapUnknown); err != nil {
		return nil, err
	}
	if _, err := wasi.Instantiate(ctx); err != nil {
		return nil, fmt.Errorf("wasi: %w", err)
	}
	return wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions(). // the engine calls them itself, later
		WithArgs(job.Args...).
		WithStdin(os.Stdin).WithStdout(os.Stdout).WithStderr(os.Stderr).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().
		WithRandSource(rand.Reader).
		WithFSConfig(preopens(job.Cwd)), nil
}

// export adds a function of n i32 parameters that returns an errno.
func export(b wazero.HostModuleBuilder, name string, f func(mem api.Memory, p []uint64) uint32, n int) {
	fn := api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
		stack[0] = uint64(f(m.Memory(), stack))
	})
	params := slices.Repeat([]api.ValueType{api.ValueTypeI32}, n)
	b.NewFunctionBuilder().WithGoModuleFunction(fn, params, []api.ValueType{api.ValueTypeI32}).Export(name)
}

// unprovided gives the imported functions that are not in have.
func unprovided(imports []api.FunctionDefinition, have map[string]api.FunctionDefinition) (missing []api.FunctionDefinition, err error) {
	for _, def := range imports {
		module, name, _ := def.Import()
		got := have[name]
		if module != wasiModule || got == nil {
			missing = append(missing, def)
			continue
		}
		if !slices.Equal(def.ParamTypes(), got.ParamTypes()) || !slices.Equal(def.ResultTypes(), got.ResultTypes()) {
			return nil, fmt.Errorf("imports %s.%s as %s, but it is %s", module, name,
				signature(def.ParamTypes(), def.ResultTypes()), signature(got.ParamTypes(), got.ResultTypes()))
		}
	}
	return missing, nil
}

// stub provides functions that trap for the missing ones, if that is wanted.
func stub(ctx context.Context, r wazero.Runtime, wasi wazero.HostModuleBuilder, missing []api.FunctionDefinition, wanted bool) error {
	if len(missing) == 0 {
		return nil
	}
	if !wanted {
		var names []string
		for _, def := range missing {
			module, name, _ := def.Import()
			names = append(names, module+"."+name)
		}
		return fmt.Errorf("imports nobody provides: %s; with the annotation %s=trap they trap when called", list(names), wasm.AnnotationUnknownImports)
	}
	others := map[string]wazero.HostModuleBuilder{}
	for _, def := range missing {
		module, name, _ := def.Import()
		b := wasi
		if module != wasiModule {
			if others[module] == nil {
				others[module] = r.NewHostModuleBuilder(module)
			}
			b = others[module]
		}
		trap := api.GoFunc(func(context.Context, []uint64) {
			panic(&guestFault{trapPrefix + "call of " + module + "." + name + ", an import nobody provides"})
		})
		b.NewFunctionBuilder().WithGoFunction(trap, def.ParamTypes(), def.ResultTypes()).Export(name)
	}
	for module, b := range others {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("imports of %s: %w", module, err)
		}
	}
	return nil
}

// preopens gives the guest the container's files, so that paths mean what they
// mean to a native program.
//
// WASI knows no working directory: each language's library makes its own of the
// list of preopened directories.
//   - Go takes $PWD, else the first entry, and then the longest entry that a
//     path begins with. So the working directory comes first, then "/".
//   - wasi-libc (C, C++, Rust, Swift, TinyGo) strips "/" and "./" off entries
//     and paths alike: it asks for "/a" and for "a" in the same way, at the last
//     entry that is "/" or ".". For it "." comes last, and means the working
//     directory with "/" behind it, see cwdFS.
//
// If the working directory is "/", one entry serves all.
func preopens(cwd string) wazero.FSConfig {
	root := sysfs.DirFS("/")
	fs := wazero.NewFSConfig().(sysfs.FSConfig)
	if cwd == "/" {
		return fs.WithSysFSMount(root, "/")
	}
	fs = fs.WithSysFSMount(sysfs.DirFS(cwd), cwd).(sysfs.FSConfig)
	fs = fs.WithSysFSMount(root, "/").(sysfs.FSConfig)
	// wazero would take "." for another name of "/". The NUL keeps them apart;
	// to C it ends the name.
	return fs.WithSysFSMount(&cwdFS{root: root, cwd: cwd[1:]}, ".\x00")
}

// environ is the guest's environment exactly as configured: wazero's own would
// drop double and odd entries.
type environ []string

func (e environ) sizes(mem api.Memory, p []uint64) uint32 {
	size := 0
	for _, s := range e {
		size += len(s) + 1
	}
	if !mem.WriteUint32Le(uint32(p[0]), uint32(len(e))) || !mem.WriteUint32Le(uint32(p[1]), uint32(size)) {
		return errnoFault
	}
	return errnoSuccess
}

func (e environ) get(mem api.Memory, p []uint64) uint32 {
	list, text := uint32(p[0]), uint32(p[1])
	for _, s := range e {
		if !mem.WriteUint32Le(list, text) || !mem.WriteString(text, s) || !mem.WriteByte(text+uint32(len(s)), 0) {
			return errnoFault
		}
		list += 4
		text += uint32(len(s)) + 1
	}
	return errnoSuccess
}

// raise is proc_raise. Signals that end a process end it with 128 plus the
// number Linux has for them: PID 1 cannot kill itself. Those that are ignored by
// default are; stopping is not possible.
func raise(_ api.Memory, p []uint64) uint32 {
	sig := uint32(p[0])
	switch {
	case sig == 0 || sig > 30:
		return errnoInval
	case sig <= 15: // the same up to SIGTERM
	case sig == 16 || sig == 17 || sig == 22 || sig == 27: // CHLD CONT URG WINCH
		return errnoSuccess
	case sig >= 18 && sig <= 21: // STOP TSTP TTIN TTOU
		return errnoNotsup
	default: // Linux has SIGSTKFLT before them
		sig++
	}
	os.Exit(128 + int(sig))
	return errnoSuccess
}
