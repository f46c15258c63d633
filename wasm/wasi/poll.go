package wasi

import (
	"encoding/binary"
	"math"
	"syscall"
	"unsafe"
)

// poll_oneoff of preview 1: subscription and event in its witx.

const (
	subscriptionSize = 48
	eventSize        = 32

	eventClock   = 0
	eventFdRead  = 1
	eventFdWrite = 2

	clockAbsolute = 1 // subclockflags
	eventHangup   = 1 // eventrwflags
)

// never is a deadline that does not come, in nanoseconds.
const never = math.MaxInt64

// clockStep is how long a wait for an absolute time of day goes on before the
// clock is looked at again, in nanoseconds: ppoll(2) does not notice when
// somebody sets it.
const clockStep = 1e9

// pollScratch keeps what a poll needs from one call to the next, so that it
// does not allocate.
type pollScratch struct {
	start int64 // when the call came, on the monotonic clock
	fds   []pollFD
	// numbers are the guest's, of each of fds; slot has, by that number, the place
	// in fds plus one. One descriptor gets one place however many subscriptions it
	// has, because ppoll(2) takes no more than RLIMIT_NOFILE.
	numbers []uint32
	slot    []int32
}

// pollFunctions are poll_oneoff and WasmEdge's epoll_oneoff.
func (h *Host) pollFunctions() []function {
	return []function{
		{"poll_oneoff", "iiii", h.pollOneoff},
		{"epoll_oneoff", "iiii", h.pollOneoff},
	}
}

// subscription is one subscription, read from the guest's memory once.
type subscription struct {
	userdata []byte // 8 bytes
	kind     byte
	fd       uint32
	clock    uint32
	timeout  int64 // nanoseconds
	absolute bool
}

func readSubscription(b []byte) subscription {
	le := binary.LittleEndian
	s := subscription{userdata: b[:8], kind: b[8]}
	if s.kind != eventClock {
		s.fd = le.Uint32(b[16:])
		return s
	}
	s.clock = le.Uint32(b[16:])
	s.timeout = int64(min(le.Uint64(b[24:]), never))
	s.absolute = le.Uint16(b[40:])&clockAbsolute != 0
	return s
}

// pollOneoff is poll_oneoff(in, out, nsubscriptions, *nevents).
func (h *Host) pollOneoff(m memory, p []uint64) Errno {
	in, out, n, count := uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3])
	if n == 0 || n > math.MaxUint32/subscriptionSize {
		return einval
	}
	subs, e := m.bytes(in, n*subscriptionSize)
	if e != esuccess {
		return e
	}
	events, e := m.bytes(out, n*eventSize)
	if e != esuccess {
		return e
	}
	if _, e := m.bytes(count, 4); e != esuccess {
		return e
	}
	s := &h.polling
	s.start = h.nanos(clockMonotonic)
	deadline, dayDeadline, e := h.subscribe(subs)
	if e == esuccess {
		e = s.wait(deadline, dayDeadline, h.nanos)
	}
	if e == esuccess {
		e = m.putU32(count, h.report(subs, events))
	}
	s.clear()
	return e
}

// subscribe lists what to wait for in h.polling, and gives the deadlines on the
// monotonic clock and on the time of day. What is ready, or wrong, as it is has
// a deadline that has passed.
func (h *Host) subscribe(subs []byte) (deadline, dayDeadline int64, e Errno) {
	s := &h.polling
	deadline, dayDeadline = never, never
	for ; len(subs) > 0; subs = subs[subscriptionSize:] {
		sub := readSubscription(subs)
		switch sub.kind {
		case eventClock:
			at, clock, e := s.due(sub)
			switch {
			case e != esuccess:
				deadline = 0
			case clock == clockRealtime:
				dayDeadline = min(dayDeadline, at)
			default:
				deadline = min(deadline, at)
			}
		case eventFdRead, eventFdWrite:
			f, e := h.table.GetRights(sub.fd, RightPollFdReadwrite)
			if e != esuccess || alwaysReady(f) {
				deadline = 0
				continue
			}
			s.add(sub.fd, f.Host, pollEvents(sub.kind))
		default:
			return 0, 0, einval
		}
	}
	return deadline, dayDeadline, esuccess
}

// due gives the time of a clock subscription, and the clock it is on: relative
// times are on the monotonic one, which nobody sets.
func (s *pollScratch) due(sub subscription) (at int64, clock uint32, e Errno) {
	switch sub.clock {
	case clockRealtime, clockMonotonic:
	case clockProcess, clockThread:
		return 0, 0, enotsup
	default:
		return 0, 0, einval
	}
	if sub.absolute {
		return sub.timeout, sub.clock, esuccess
	}
	if sub.timeout > never-s.start {
		return never, clockMonotonic, esuccess
	}
	return s.start + sub.timeout, clockMonotonic, esuccess
}

// alwaysReady tells of files and directories, as poll(2) has it; ppoll would
// say POLLNVAL of a directory opened with O_PATH.
func alwaysReady(f *FD) bool { return f.Kind == KindFile || f.Kind == KindDir }

func pollEvents(kind byte) int16 {
	if kind == eventFdRead {
		return pollIn
	}
	return pollOut
}

func (s *pollScratch) add(n uint32, host int, events int16) {
	if int(n) >= len(s.slot) {
		s.slot = append(s.slot, make([]int32, int(n)+1-len(s.slot))...)
	}
	if i := s.slot[n]; i != 0 {
		s.fds[i-1].events |= events
		return
	}
	s.fds = append(s.fds, pollFD{fd: int32(host), events: events})
	s.numbers = append(s.numbers, n)
	s.slot[n] = int32(len(s.fds))
}

// events gives what ppoll found of a guest's descriptor.
func (s *pollScratch) events(n uint32) int16 {
	if uint64(n) >= uint64(len(s.slot)) || s.slot[n] == 0 {
		return 0 // the guest lets its events overwrite its subscriptions
	}
	return s.fds[s.slot[n]-1].revents
}

func (s *pollScratch) clear() {
	for _, n := range s.numbers {
		s.slot[n] = 0
	}
	s.numbers, s.fds = s.numbers[:0], s.fds[:0]
}

// wait waits for one of the descriptors, or a deadline by the clocks of now. A
// signal makes ppoll(2) return early; the deadline stays what it was.
func (s *pollScratch) wait(deadline, dayDeadline int64, now func(clock uint32) int64) Errno {
	for {
		left := remaining(deadline, dayDeadline, now)
		var timeout *syscall.Timespec
		if left != never {
			t := syscall.NsecToTimespec(left)
			timeout = &t
		}
		n, e := ppoll(s.fds, timeout)
		switch {
		case e == syscall.EINTR:
		case e != 0:
			return errnoOf(e)
		case n > 0 || left == 0 || remaining(deadline, dayDeadline, now) == 0:
			return esuccess
		}
	}
}

// remaining gives how long to wait, in nanoseconds.
func remaining(deadline, dayDeadline int64, now func(clock uint32) int64) int64 {
	left := int64(never)
	if deadline == 0 {
		return 0
	}
	if deadline != never {
		left = max(deadline-now(clockMonotonic), 0)
	}
	if dayDeadline != never {
		left = min(left, max(dayDeadline-now(clockRealtime), 0), clockStep)
	}
	return left
}

// report writes the events that came about, in the order of the subscriptions.
func (h *Host) report(subs, events []byte) (done uint32) {
	for ; len(subs) > 0; subs = subs[subscriptionSize:] {
		sub := readSubscription(subs)
		var e Errno
		var size uint64
		var flags uint16
		if sub.kind == eventClock {
			var over bool
			if over, e = h.over(sub); !over {
				continue
			}
		} else {
			var ready bool
			if ready, size, flags, e = h.readiness(sub); !ready {
				continue
			}
		}
		le := binary.LittleEndian
		var b [eventSize]byte
		copy(b[:8], sub.userdata)
		le.PutUint16(b[8:], uint16(e))
		b[10] = sub.kind
		le.PutUint64(b[16:], size)
		le.PutUint16(b[24:], flags)
		events = events[copy(events, b[:]):]
		done++
	}
	return done
}

// over tells whether a clock subscription has an event: its time has come, or
// it has none.
func (h *Host) over(sub subscription) (bool, Errno) {
	at, clock, e := h.polling.due(sub)
	return e != esuccess || at <= h.nanos(clock), e
}

// readiness tells whether a descriptor's subscription has an event.
func (h *Host) readiness(sub subscription) (ready bool, size uint64, flags uint16, e Errno) {
	f, e := h.table.GetRights(sub.fd, RightPollFdReadwrite)
	if e != esuccess {
		return true, 0, 0, e
	}
	if !alwaysReady(f) {
		got := h.polling.events(sub.fd)
		const over = pollErr | pollHup
		switch {
		case got&pollNval != 0:
			return true, 0, 0, ebadf
		case got&(pollEvents(sub.kind)|over) == 0:
			return false, 0, 0, esuccess
		}
		// A pipe whose reader has gone has only POLLERR (poll(2)).
		if got&pollHup != 0 || got&pollErr != 0 && f.Kind == KindPipe {
			flags = eventHangup
		}
	}
	if sub.kind == eventFdRead {
		size = h.polling.readable(f)
	}
	return true, size, flags, esuccess
}

// readable gives the bytes that can be read at once, 0 where that means nothing.
func (s *pollScratch) readable(f *FD) uint64 {
	if f.Kind == KindListener || f.Kind == KindDir {
		return 0
	}
	const fionread = 0x541b // ioctl_tty(2), socket(7), pipe(7)
	var n int32
	if _, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(f.Host), fionread, uintptr(unsafe.Pointer(&n))); e != 0 {
		return 0
	}
	return uint64(max(n, 0))
}

// nanos is the clock the guest sees, one of the two that can be waited for.
func (h *Host) nanos(clock uint32) int64 {
	t, _ := h.clock(clock) // Linux has these two
	return t
}

// nanos gives a clock's time in nanoseconds, of a clock that Linux has.
func nanos(clock uint32) int64 {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}
