// Package wasi is a host for WASI preview 1 and WasmEdge's sockets on Linux
// descriptors.
//
// It has two layers. Below are objects: open files and directories with path
// resolution beneath a preopen, sockets, poll sources, errors. Above is what
// preview 1 makes of them: descriptor numbers, rights, and its functions, each a
// method of Host that takes its parameters off wazero's stack.
package wasi

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// ModuleName is what preview 1's functions are imported from.
const ModuleName = "wasi_snapshot_preview1"

// Host is what one guest sees of the world. Its functions are called by one
// thread at a time.
type Host struct {
	Args, Env []string
	// Exit ends the guest with proc_exit's code or 128+signal; it does not return.
	Exit func(code uint32)
	// Log says what the user may want to know, one line.
	Log func(string)

	table   Table
	module  api.Module // the caller seen last
	without bool       // that has no memory
	walks   bool       // there is no openat2

	// A point in time by Go's clock and by CLOCK_MONOTONIC, in ns.
	began   time.Time
	beganAt int64

	// Scratch of calls, so that they need not allocate.
	iov     []syscall.Iovec
	poll1   [1]pollFD
	zero    syscall.Timespec
	polling pollScratch
	net     sockScratch

	path1, path2, cwdPath pathBuffer
	dir                   knownDir
}

// function is a function of the host: errno is its only result.
type function struct {
	name string
	// params has a letter for each parameter: i for i32, l for i64.
	params string
	// call gets the parameters as wazero has them: an i32 in the low half.
	call func(m memory, p []uint64) Errno
}

// functions gives all functions of the host. Where a name has several forms,
// the first is the usual one.
func (h *Host) functions() []function {
	return slices.Concat(
		h.processFunctions(),
		h.clockFunctions(),
		h.fdFunctions(),
		h.ioFunctions(),
		h.filestatFunctions(),
		h.readdirFunctions(),
		h.pathFunctions(),
		h.socketFunctions(),
		h.pollFunctions(),
	)
}

// Export adds the host's functions to b, in the forms that imports ask for.
//
// A socket function that is imported in a form nobody knows answers ENOSYS.
func (h *Host) Export(b wazero.HostModuleBuilder, imports []api.FunctionDefinition) {
	wanted := map[string]string{}
	for _, def := range imports {
		if module, name, _ := def.Import(); module == ModuleName {
			wanted[name] = letters(def.ParamTypes(), def.ResultTypes())
		}
	}
	done := map[string]bool{}
	all := h.functions()
	for _, f := range all {
		want, asked := wanted[f.name]
		if done[f.name] || asked && want != f.params && slices.ContainsFunc(all, func(o function) bool { return o.name == f.name && o.params == want }) {
			continue
		}
		done[f.name] = true
		if asked && want != f.params && loose(f.name) && strings.Trim(want, "i") == "" {
			h.log(ModuleName + "." + f.name + ": imported with parameters nobody knows (" + want + "): it answers ENOSYS")
			f.params, f.call = want, func(memory, []uint64) Errno { return enosys }
		}
		b.NewFunctionBuilder().
			WithGoModuleFunction(h.adapt(f.call), valueTypes(f.params), []api.ValueType{api.ValueTypeI32}).
			Export(f.name)
	}
	b.NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) { h.Exit(uint32(stack[0])) }), valueTypes("i"), nil).
		Export("proc_exit")
}

// loose tells of which functions there are forms that nobody has written down.
func loose(name string) bool { return strings.HasPrefix(name, "sock_") || name == "epoll_oneoff" }

func (h *Host) adapt(call func(memory, []uint64) Errno) api.GoModuleFunc {
	return func(_ context.Context, mod api.Module, stack []uint64) {
		if mod != h.module {
			h.module = mod
			h.without = len(mod.ExportedMemoryDefinitions()) == 0
		}
		var m memory
		if !h.without {
			m = memoryOf(mod)
		}
		stack[0] = uint64(call(m, stack))
	}
}

func (h *Host) log(line string) {
	if h.Log != nil {
		h.Log(line)
	}
}

// letters gives a function type as function.params has it; "?" if the result is
// not one i32.
func letters(params, results []api.ValueType) string {
	b := make([]byte, len(params))
	for i, t := range params {
		switch t {
		case api.ValueTypeI32:
			b[i] = 'i'
		case api.ValueTypeI64:
			b[i] = 'l'
		default:
			b[i] = '?'
		}
	}
	if len(results) != 1 || results[0] != api.ValueTypeI32 {
		return "?" + string(b)
	}
	return string(b)
}

func valueTypes(letters string) []api.ValueType {
	types := make([]api.ValueType, len(letters))
	for i := range letters {
		types[i] = api.ValueTypeI32
		if letters[i] == 'l' {
			types[i] = api.ValueTypeI64
		}
	}
	return types
}
