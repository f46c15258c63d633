package wasi

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// importing is a module with a page of memory that imports functions of n i32
// parameters with an i32 result, and exports functions that call them, NAME/N.
func importing(names []string, arity []int) []byte {
	vector := func(items ...[]byte) []byte {
		b := []byte{byte(len(items))}
		for _, i := range items {
			b = append(b, i...)
		}
		return b
	}
	text := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	section := func(id byte, body []byte) []byte {
		return append([]byte{id, byte(len(body))&0x7f | 0x80, byte(len(body) >> 7)}, body...)
	}
	var types, imports, funcs, code [][]byte
	exports := [][]byte{append(text("memory"), 2, 0)}
	for i, n := range arity {
		types = append(types, append(append([]byte{0x60, byte(n)}, strings.Repeat("\x7f", n)...), 1, 0x7f))
		imports = append(imports, append(append(text(ModuleName), text(names[i])...), 0, byte(i)))
		exports = append(exports, append(text(fmt.Sprintf("%s/%d", names[i], n)), 0, byte(len(arity)+i)))
		// A function of the module's own calls the import, as memory is the caller's.
		funcs = append(funcs, []byte{byte(i)})
		body := []byte{0}
		for p := range n {
			body = append(body, 0x20, byte(p)) // local.get
		}
		body = append(body, 0x10, byte(i), 0x0b) // call, end
		code = append(code, append([]byte{byte(len(body))}, body...))
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = append(b, section(1, vector(types...))...)
	b = append(b, section(2, vector(imports...))...)
	b = append(b, section(3, vector(funcs...))...)
	b = append(b, section(5, []byte{1, 0, 1})...)
	b = append(b, section(7, vector(exports...))...)
	return append(b, section(10, vector(code...))...)
}

// The version of a function is the one that the module's import has; one that
// nobody knows is ENOSYS, and told once.
func TestVersions(t *testing.T) {
	for _, tt := range []struct {
		name  string
		arity int
		want  Errno // of zeroes as arguments
	}{
		{"sock_open", 3, einval}, {"sock_open_v2", 3, einval}, {"sock_open", 4, enosys},
		{"sock_bind", 3, enotsock}, {"sock_listen", 2, enotsock}, {"sock_connect", 3, enotsock},
		{"sock_accept", 2, enotsock}, {"sock_accept", 3, enotsock}, {"sock_accept_v2", 3, enotsock}, {"sock_accept", 1, enosys},
		{"sock_recv", 6, enotsock}, {"sock_send", 5, enotsock}, {"sock_shutdown", 2, enotsock},
		{"sock_recv_from", 7, einval}, {"sock_recv_from", 8, einval}, {"sock_recv_from", 9, enosys},
		{"sock_send_to", 7, einval}, {"sock_send_to_v2", 7, einval},
		{"sock_getsockopt", 5, enotsock}, {"sock_setsockopt", 5, enotsock},
		{"sock_getlocaladdr", 3, einval}, {"sock_getlocaladdr", 4, einval}, {"sock_getlocaladdr", 5, enosys},
		{"sock_getpeeraddr", 3, einval}, {"sock_getpeeraddr", 4, einval}, {"sock_getpeeraddr_v2", 3, einval},
		{"sock_getaddrinfo", 8, aiMemory},
		{"poll_oneoff", 4, einval}, {"epoll_oneoff", 4, einval}, {"epoll_oneoff", 5, enosys},
	} {
		t.Run(fmt.Sprintf("%s/%d", tt.name, tt.arity), func(t *testing.T) {
			ctx := context.Background()
			r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
			defer r.Close(ctx)
			compiled, err := r.CompileModule(ctx, importing([]string{tt.name, "sched_yield"}, []int{tt.arity, 0}))
			check(t, err)
			var said []string
			g := newGuest(t)
			g.h.Log = func(s string) { said = append(said, s) }
			b := r.NewHostModuleBuilder(ModuleName)
			g.h.Export(b, compiled.ImportedFunctions())
			_, err = b.Instantiate(ctx)
			check(t, err)
			m, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
			check(t, err)
			for range 2 {
				got, err := m.ExportedFunction(fmt.Sprintf("%s/%d", tt.name, tt.arity)).Call(ctx, make([]uint64, tt.arity)...)
				check(t, err)
				if Errno(got[0]) != tt.want {
					t.Errorf("errno %d, want %d", got[0], tt.want)
				}
			}
			if told := tt.want == enosys; told != (len(said) == 1) || told && !strings.Contains(said[0], tt.name) {
				t.Errorf("log: %q", said)
			}
		})
	}
}
