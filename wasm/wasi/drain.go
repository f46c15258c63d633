package wasi

import (
	"sync/atomic"
	"syscall"
	"time"
)

// maxDrained is how many listening sockets a drain closes.
const maxDrained = 64

// Drain is what the handler of SIGTERM needs to let a guest end gracefully. The
// handler is no Go code and may run on any thread, so this is plain memory of a
// fixed form: State at 0, Accepted at 4, Listeners at 8, Timer at 264.
//
// On the first signal the handler sets State, ends the process if nothing is
// accepted, else shuts the listeners' reading side down and starts the timer.
type Drain struct {
	State uint32 // 1 once the signal came
	// Accepted are the connections from accept that are open, and a call of
	// accept that is under way.
	Accepted  int32
	Listeners [maxDrained]int32 // host descriptors plus one, 0 where there is none
	Timer     struct{ Interval, Value syscall.Timeval }
}

// exitDrained is the exit code of a guest that SIGTERM has ended.
const exitDrained = 128 + uint32(syscall.SIGTERM)

// DrainBy makes d follow the guest's sockets. patience is how long connections
// may go on after the signal. It must be called before there are sockets.
func (h *Host) DrainBy(d *Drain, patience time.Duration) {
	d.Timer.Value = syscall.NsecToTimeval(int64(patience))
	h.net.drain = d
}

// listens notes a listening socket. One that others hold too is not shut down:
// it would be for them as well.
func (h *Host) listens(f *FD) {
	d := h.net.drain
	if d == nil || f.Shared {
		return
	}
	h.listensNot(f)
	for i := range d.Listeners {
		if atomic.CompareAndSwapInt32(&d.Listeners[i], 0, int32(f.Host)+1) {
			return
		}
	}
}

// listensNot forgets it again, before its descriptor is closed.
func (h *Host) listensNot(f *FD) {
	d := h.net.drain
	if d == nil {
		return
	}
	for i := range d.Listeners {
		atomic.CompareAndSwapInt32(&d.Listeners[i], int32(f.Host)+1, 0)
	}
}

// arrives counts a connection, before accept makes it.
func (h *Host) arrives() {
	if d := h.net.drain; d != nil {
		atomic.AddInt32(&d.Accepted, 1)
	}
}

// leaves counts a connection's end: the last one's ends the guest too.
func (h *Host) leaves() {
	d := h.net.drain
	if d != nil && atomic.AddInt32(&d.Accepted, -1) == 0 && h.drains() {
		h.Exit(exitDrained)
	}
}

// drains tells whether the signal came.
func (h *Host) drains() bool {
	d := h.net.drain
	return d != nil && atomic.LoadUint32(&d.State) != 0
}
