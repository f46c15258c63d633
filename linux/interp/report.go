package interp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// Message is what an init or its engine sends: 8 bytes, {tag, value}, little
// endian. A tag below Barrier is the index of an op that failed, and the value
// its errno.
type Message struct {
	Tag, Value uint32
}

// Tags above the indices of ops.
const (
	// Barrier is added to the number of the barrier that was reached.
	Barrier = 0x80000000
	// Child: the value is the pid of the init that a stub made.
	Child = 0xC0000001
	// FSText: behind the message follows the kernel's text about a mount that
	// is about to be reported as failed (fsopen(2), "message retrieval").
	FSText = 0xC0000002
)

// MessageSize is the size of an encoded message in bytes.
const MessageSize = 8

// Encode gives the message's bytes, as programs hold them.
func (m Message) Encode() []byte {
	b := make([]byte, 0, MessageSize)
	b = binary.LittleEndian.AppendUint32(b, m.Tag)
	return binary.LittleEndian.AppendUint32(b, m.Value)
}

// DecodeMessage reads a message; what follows it is left alone.
func DecodeMessage(b []byte) (Message, error) {
	if len(b) < MessageSize {
		return Message{}, fmt.Errorf("init: a message of %d bytes, want %d", len(b), MessageSize)
	}
	return Message{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}, nil
}

// Failure is an op that failed: one line that names the config field, the
// call with its arguments, and the cause.
type Failure struct {
	Field string // mounts[3] /dev/shm
	Call  string // fsconfig(mode=1777)
	Text  string // the kernel's own words, if it had any
	Errno syscall.Errno
}

func (f *Failure) Error() string {
	s := ""
	for _, part := range [...]string{f.Field, f.Call, f.Text} {
		if part != "" {
			s += oneLine(part) + ": "
		}
	}
	return s + kernel.ErrnoText(int(f.Errno))
}

// oneLine keeps a path with a newline, or the kernel's text, from making two
// lines of an error, or from steering a terminal.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// Unwrap gives the errno, for errors.Is.
func (f *Failure) Unwrap() error { return f.Errno }

// maxErrno is MAX_ERRNO of the kernel (linux/err.h).
const maxErrno = 4095

// Report turns a message about a failed op into a Failure; a message that is
// none gives nil. A report about an op the program does not have is an error
// of its own, not a fault.
func Report(p *prog.Program, m Message, text string) error {
	if m.Tag >= Barrier {
		return nil
	}
	e := int32(m.Value)
	if e < 0 {
		e = -e
	}
	if int(m.Tag) >= len(p.Ops) || e <= 0 || e > maxErrno {
		return fmt.Errorf("init: a report about op %d, errno %d, that its program of %d ops cannot have sent", m.Tag, e, len(p.Ops))
	}
	return &Failure{Field: p.Field(int(m.Tag)), Call: p.Describe(int(m.Tag)), Text: text, Errno: syscall.Errno(e)}
}
