package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wrun/wasm"
	"wrun/wasm/wasi"
)

// guest is a loaded module.
type guest struct {
	ctx      context.Context
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	host     *wasi.Host
	instance api.Module // nil as long as instantiating it would run guest code
	entry    []string   // the exports to call, the last gives the exit code
}

// load brings a module as far as it goes without running any of it. Errors are
// complete: they name what in the bundle is to blame.
func load(job *wasm.Job) (*guest, error) {
	blame := func(err error) error {
		if errors.As(err, new(blamed)) { // for something else
			return err
		}
		return blamed{fmt.Errorf("process.args[0] %s: %w", job.Args[0], err)}
	}
	code, err := readModule(job.ModuleFD)
	if err != nil {
		return nil, blame(err)
	}
	ctx := context.Background()
	g := &guest{ctx: ctx, runtime: wazero.NewRuntimeWithConfig(ctx, runtimeConfig())}
	if g.compiled, err = g.runtime.CompileModule(ctx, code); err != nil {
		if bytes.Contains(code, []byte("\x04wasi\x0cthread-spawn")) {
			err = fmt.Errorf("%w%s", err, hintThreads)
		}
		return nil, blame(err)
	}
	outline, err := scan(code)
	if err != nil {
		return nil, blame(err)
	}
	if len(outline.imports) > 0 {
		return nil, blame(fmt.Errorf("imports nobody provides: %s%s", list(outline.imports), hint(g.compiled.ImportedFunctions())))
	}
	if g.entry, err = entry(g.compiled.ExportedFunctions(), job.Func); err != nil {
		return nil, blame(err)
	}
	if g.host, err = link(ctx, g.runtime, job, g.compiled.ImportedFunctions()); err != nil {
		return nil, blame(err)
	}
	if !outline.start {
		if err := g.instantiate(); err != nil {
			return nil, blame(err)
		}
	}
	return g, nil
}

// runtimeConfig chooses wazero's compiler where the CPU has what that needs,
// else its interpreter. Ending a guest by a context would cost every loop a
// check, and is not needed: the process is ended.
func runtimeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().
		WithCloseOnContextDone(false).
		WithDebugInfoEnabled(false)
}

func (g *guest) instantiate() (err error) {
	config := wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions() // the engine calls them itself, later
	g.instance, err = g.runtime.InstantiateModule(g.ctx, g.compiled, config)
	return err
}

// The functions WASI names: a command has the first, a reactor the second.
const (
	startFunc      = "_start"
	initializeFunc = "_initialize"
)

// entry gives the exports to call, in order. name is the function asked for,
// or "".
func entry(exports map[string]api.FunctionDefinition, name string) (calls []string, err error) {
	if exports[startFunc] == nil && exports[initializeFunc] != nil {
		if err := callable(exports, initializeFunc); err != nil {
			return nil, err
		}
		calls = append(calls, initializeFunc)
	}
	if name == "" {
		name = startFunc
		if len(calls) > 0 {
			return nil, fmt.Errorf("a reactor, without %s: name a function as in module.wasm#func; %s", startFunc, exported(exports))
		}
	}
	if err := callable(exports, name); err != nil {
		return nil, err
	}
	if len(calls) == 0 || name != initializeFunc {
		calls = append(calls, name)
	}
	return calls, nil
}

// callable checks that an export takes nothing and returns nothing or an i32.
func callable(exports map[string]api.FunctionDefinition, name string) error {
	def := exports[name]
	if def == nil {
		return fmt.Errorf("no function %s is exported; %s", name, exported(exports))
	}
	result := def.ResultTypes()
	if len(def.ParamTypes()) > 0 || len(result) > 1 || len(result) == 1 && result[0] != api.ValueTypeI32 {
		return fmt.Errorf("function %s must take nothing and return nothing or an i32; %s", name, exported(exports))
	}
	return nil
}

// exported lists a module's functions for an error.
func exported(exports map[string]api.FunctionDefinition) string {
	if len(exports) == 0 {
		return "it exports no functions"
	}
	var names []string
	for name, def := range exports {
		names = append(names, name+signature(def.ParamTypes(), def.ResultTypes()))
	}
	slices.Sort(names)
	return "it exports " + list(names)
}

// list joins what an error enumerates, and stops where nobody reads on.
func list(items []string) string {
	const most = 20
	if more := len(items) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), more)
	}
	return strings.Join(items, ", ")
}

// signature prints a function type: (i32,i64)i32.
func signature(params, results []api.ValueType) string {
	types := func(vs []api.ValueType) string {
		var s []string
		for _, v := range vs {
			s = append(s, api.ValueTypeName(v))
		}
		return strings.Join(s, ",")
	}
	s := "(" + types(params) + ")"
	if len(results) > 1 {
		return s + "(" + types(results) + ")"
	}
	return s + types(results)
}
