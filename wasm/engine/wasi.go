package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wrun/wasm"
	"wrun/wasm/wasi"
)

// link provides the imports.
func link(ctx context.Context, r wazero.Runtime, job *wasm.Job, imports []api.FunctionDefinition) (*wasi.Host, error) {
	host, err := newHost(job)
	if err != nil {
		return nil, err
	}
	builder := r.NewHostModuleBuilder(wasi.ModuleName)
	host.Export(builder, imports)
	compiled, err := builder.Compile(ctx)
	if err != nil {
		return nil, fmt.Errorf("wasi: %w", err)
	}
	missing, err := unprovided(imports, compiled.ExportedFunctions())
	if err != nil {
		return nil, err
	}
	if err := stub(ctx, r, builder, missing, job.TrapUnknown); err != nil {
		return nil, err
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		return nil, fmt.Errorf("wasi: %w", err)
	}
	return host, nil
}

// newHost gives the guest its descriptors: stdio, sockets, then directories.
func newHost(job *wasm.Job) (*wasi.Host, error) {
	h := &wasi.Host{
		Args: job.Args, Env: guestEnv(job),
		Exit: func(code uint32) { os.Exit(int(code & 0xff)) },
		Log:  func(line string) { writeError("wrun-engine: " + line + "\n") },
	}
	if err := h.OpenStdio(); err != nil {
		return nil, err
	}
	if err := openSockets(h, job); err != nil {
		return nil, err
	}
	for _, p := range preopens(job) {
		if err := h.Preopen(p); err != nil {
			if len(job.Preopens) > 0 {
				err = blamed{fmt.Errorf("annotations[%q]: %w", wasm.AnnotationPreopen, err)}
			}
			return nil, err
		}
	}
	return h, nil
}

// preopens gives the guest the container's files, so that paths mean what they
// mean to a native program, or what the job names instead.
//
// WASI knows no working directory: each language's library makes its own of the
// list of preopened directories.
//   - Go takes $PWD, else the first entry, and then the longest entry that a
//     path begins with. So the working directory comes first, then "/".
//   - wasi-libc (C, C++, Rust, Swift, TinyGo) strips "/" and "./" off entries
//     and paths alike: it asks for "/a" and for "a" in the same way, at the last
//     entry that is "/" or ".". For it "." comes last, and means the working
//     directory with "/" behind it.
//
// If the working directory is "/", one entry serves all.
func preopens(job *wasm.Job) (list []wasi.Preopen) {
	asked := job.Preopens
	if len(asked) == 0 {
		asked = []wasm.Preopen{{Dir: "/", Guest: "/"}}
	}
	cwd := path.Clean(job.Cwd)
	for _, p := range asked {
		if p.Dir != "/" || p.Guest != "/" || cwd == "/" {
			list = append(list, wasi.Preopen{Dir: p.Dir, Guest: p.Guest, ReadOnly: p.ReadOnly})
			continue
		}
		list = append(list,
			wasi.Preopen{Dir: cwd, Guest: cwd, ReadOnly: p.ReadOnly, Native: true},
			wasi.Preopen{Dir: "/", Guest: "/", ReadOnly: p.ReadOnly},
			wasi.Preopen{Dir: "/", Guest: ".", ReadOnly: p.ReadOnly, Cwd: cwd})
	}
	return list
}

// unprovided gives the imported functions that are not in have.
func unprovided(imports []api.FunctionDefinition, have map[string]api.FunctionDefinition) (missing []api.FunctionDefinition, err error) {
	for _, def := range imports {
		module, name, _ := def.Import()
		got := have[name]
		if module != wasi.ModuleName || got == nil {
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
func stub(ctx context.Context, r wazero.Runtime, host wazero.HostModuleBuilder, missing []api.FunctionDefinition, wanted bool) error {
	if len(missing) == 0 {
		return nil
	}
	if !wanted {
		var names []string
		for _, def := range missing {
			module, name, _ := def.Import()
			names = append(names, module+"."+name)
		}
		return fmt.Errorf("imports nobody provides: %s%s; with the annotation %s=trap they trap when called", list(names), hint(missing), wasm.AnnotationUnknownImports)
	}
	others := map[string]wazero.HostModuleBuilder{}
	for _, def := range missing {
		module, name, _ := def.Import()
		b := host
		if module != wasi.ModuleName {
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

// hintThreads is about modules whose threads share an imported memory.
const hintThreads = "; it is built for wasi-threads: build it without threads (wasm32-wasip1)"

// hint says what kind of module asks for such imports, as the rest of an error.
func hint(imports []api.FunctionDefinition) string {
	for _, def := range imports {
		module, name, _ := def.Import()
		switch {
		case module == "wasi_unstable":
			return "; they are of WASI preview 0, which compilers left in 2020: build the module anew"
		case strings.HasPrefix(module, "wasi:"):
			return "; they are of WASI 0.2: build a preview 1 module (wasm32-wasip1)"
		case module == "wasi" && name == "thread-spawn":
			return hintThreads
		case module == "env" && emscripten(name):
			return "; they are of Emscripten for the web: build with -sSTANDALONE_WASM"
		case module == "wbg", strings.HasPrefix(module, "__wbindgen"):
			return "; they are of wasm-bindgen for the web: build for wasm32-wasip1"
		}
	}
	return ""
}

// emscripten tells functions of Emscripten's JavaScript from others in "env".
func emscripten(name string) bool {
	for _, prefix := range []string{"emscripten_", "_emscripten_", "__syscall_", "invoke_", "__cxa_", "_embind_", "_abort_js"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
