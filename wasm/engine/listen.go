package main

import (
	"fmt"
	"net/netip"

	"wrun/wasm"
	"wrun/wasm/wasi"
)

// openSockets gives the guest the sockets that the job has for it: its
// descriptors 3, 4, …, so it comes before the directories. They are bound in the
// container's network namespace, which is the engine's.
func openSockets(h *wasi.Host, job *wasm.Job) error {
	if job.Drain > 0 {
		if err := armDrain(h, job.Drain); err != nil {
			return err
		}
	}
	for fd := 3; fd < 3+job.Inherited; fd++ {
		if err := h.InheritSocket(fd); err != nil {
			return blamed{fmt.Errorf("LISTEN_FDS: %w", err)}
		}
	}
	for _, l := range job.Listen {
		if err := h.Bind(l.Addr, l.Blocking); err != nil {
			return blamed{fmt.Errorf("annotations[%q]: %s: %w", wasm.AnnotationListen, l, err)}
		}
	}
	return nil
}

// guestEnv is the guest's environment: as configured, and what it has to know
// of its sockets.
func guestEnv(job *wasm.Job) []string {
	var bound []netip.AddrPort
	for _, l := range job.Listen {
		bound = append(bound, l.Addr)
	}
	return wasi.ListenEnv(job.Env, job.Inherited, bound)
}
