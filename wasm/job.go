package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EnvJob is the environment variable that tells the engine which descriptor its
// job is read from.
const EnvJob = "WRUN_ENGINE_JOB"

// MaxJob bounds an encoded job, in bytes. Arguments and environment of a native
// program are bounded by the kernel to about 6 MB (execve(2)).
const MaxJob = 16 << 20

// maxFD bounds descriptor numbers; the kernel's sysctl fs.nr_open cannot be
// above it.
const maxFD = 1 << 30

const jobMagic = "wrunjob\x01"

// The bits of the flags word.
const (
	flagTrapUnknown = 1 << iota
	flagSoft        // the engine does not harden itself
	flagsAll        = 1<<iota - 1
)

// The bits of a preopen's flags word.
const flagReadOnly = 1

// Job is what the engine is told: everything of the guest that a native
// program would be given through execve, and where to report to. It reaches
// the engine through a descriptor, so that nothing of the bundle steers the
// engine's own Go runtime.
type Job struct {
	Version string   // of wrun; the engine refuses another than its own
	Args    []string // as configured, args[0] included
	Env     []string // as configured
	Cwd     string   // absolute; it is the engine's working directory too
	Func    string   // the export to call, "" for _start
	// ModuleFD is the module, a regular file or memfd, open for reading.
	ModuleFD int
	FIFOFD   int // one byte comes through it at `start`
	SyncFD   int // the sync socket
	// TrapUnknown links imports that nobody provides to functions that trap.
	TrapUnknown bool
	// MemoryLimit is the container's memory limit in bytes, 0 for none. While
	// it loads a module the engine tries to stay below.
	MemoryLimit uint64
	// Preopens are the guest's directories; none means the container's "/".
	Preopens []Preopen
	// Inherited sockets are the descriptors from 3 on (LISTEN_FDS).
	Inherited int
	// Listen are sockets to bind for the guest.
	Listen []Listen
	// Drain is how long the guest's connections may go on after a SIGTERM, 0 if
	// that ends it at once.
	Drain time.Duration
	// Soft leaves the engine as it is started: see AnnotationHarden.
	Soft bool
}

// Encode gives the job's bytes: the magic, the sync descriptor and the version,
// then the rest; integers as u32 or u64, strings with a u32 length before them,
// all little endian.
func (j *Job) Encode() []byte {
	le := binary.LittleEndian
	b := []byte(jobMagic)
	b = le.AppendUint32(b, uint32(j.SyncFD))
	b = appendString(b, j.Version)
	b = appendString(b, j.Cwd)
	b = appendString(b, j.Func)
	var flags uint32
	if j.TrapUnknown {
		flags |= flagTrapUnknown
	}
	if j.Soft {
		flags |= flagSoft
	}
	b = le.AppendUint32(b, flags)
	b = le.AppendUint64(b, j.MemoryLimit)
	b = le.AppendUint32(b, uint32(j.ModuleFD))
	b = le.AppendUint32(b, uint32(j.FIFOFD))
	for _, list := range [][]string{j.Args, j.Env} {
		b = le.AppendUint32(b, uint32(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
	}
	b = le.AppendUint32(b, uint32(len(j.Preopens)))
	for _, p := range j.Preopens {
		b = appendString(b, p.Dir)
		b = appendString(b, p.Guest)
		var flags uint32
		if p.ReadOnly {
			flags |= flagReadOnly
		}
		b = le.AppendUint32(b, flags)
	}
	b = le.AppendUint32(b, uint32(j.Inherited))
	b = appendListens(b, j.Listen)
	return le.AppendUint64(b, uint64(j.Drain))
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// JobHead gives what every version of wrun puts at the head of a job, so that an
// engine of another version can tell so: the rest may have another form.
func JobHead(b []byte) (version string, syncFD int, err error) {
	r := &jobReader{rest: b}
	r.magic()
	syncFD = r.fd("sync fd")
	version = r.text("version")
	return version, syncFD, r.err
}

// DecodeJob is the inverse of Encode. It accepts nothing that Encode would not
// have written for a job with sound descriptors and an absolute cwd.
func DecodeJob(b []byte) (*Job, error) {
	if len(b) > MaxJob {
		return nil, fmt.Errorf("job: longer than %d bytes", MaxJob)
	}
	r := &jobReader{rest: b}
	r.magic()
	var j Job
	j.SyncFD = r.fd("sync fd")
	j.Version = r.text("version")
	j.Cwd = r.text("cwd")
	j.Func = r.text("func")
	flags := r.u32("flags")
	j.TrapUnknown = flags&flagTrapUnknown != 0
	j.Soft = flags&flagSoft != 0
	j.MemoryLimit = r.u64("memory limit")
	j.ModuleFD = r.fd("module fd")
	j.FIFOFD = r.fd("fifo fd")
	j.Args = r.list("args")
	j.Env = r.list("env")
	j.Preopens = r.preopens()
	j.Inherited = r.fd("inherited")
	j.Listen = r.listens()
	j.Drain = time.Duration(r.u64("drain"))
	switch {
	case r.err != nil:
		return nil, r.err
	case flags&^flagsAll != 0:
		return nil, fmt.Errorf("job: unknown flags %#x", flags)
	case len(r.rest) != 0:
		return nil, fmt.Errorf("job: %d bytes too many", len(r.rest))
	case j.Drain < 0 || j.Drain > MaxDrain:
		return nil, fmt.Errorf("job: drain: %d ns", j.Drain)
	case len(j.Args) == 0:
		return nil, errors.New("job: no args")
	case !strings.HasPrefix(j.Cwd, "/"):
		return nil, fmt.Errorf("job: cwd %q is not absolute", j.Cwd)
	}
	return &j, nil
}

// jobReader takes fields off the front; the first error stays.
type jobReader struct {
	rest []byte
	err  error
}

func (r *jobReader) take(n int, field string) []byte {
	if r.err == nil && n > len(r.rest) {
		r.err = fmt.Errorf("job: %s: cut short", field)
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *jobReader) magic() {
	if string(r.take(len(jobMagic), "magic")) != jobMagic && r.err == nil {
		r.err = errors.New("job: wrong magic")
	}
}

func (r *jobReader) u32(field string) uint32 {
	b := r.take(4, field)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (r *jobReader) u64(field string) uint64 {
	b := r.take(8, field)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// text reads a string. WASI hands strings to the guest with a NUL behind them,
// so none may be inside.
func (r *jobReader) text(field string) string {
	n := r.u32(field)
	if r.err == nil && uint64(n) > uint64(len(r.rest)) {
		r.err = fmt.Errorf("job: %s: cut short", field)
	}
	if r.err != nil {
		return ""
	}
	s := string(r.take(int(n), field))
	if strings.IndexByte(s, 0) >= 0 {
		r.err = fmt.Errorf("job: %s: a NUL byte", field)
	}
	return s
}

func (r *jobReader) fd(field string) int {
	n := r.u32(field)
	if r.err == nil && n > maxFD {
		r.err = fmt.Errorf("job: %s: %d is no descriptor", field, n)
	}
	return int(n)
}

func (r *jobReader) list(field string) []string {
	n := r.u32(field)
	if r.err == nil && uint64(n)*4 > uint64(len(r.rest)) {
		r.err = fmt.Errorf("job: %s: cut short", field)
	}
	if r.err != nil || n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, r.text(field))
	}
	return list
}

func (r *jobReader) preopens() []Preopen {
	n := r.u32("preopens")
	if r.err == nil && n > MaxPreopen {
		r.err = fmt.Errorf("job: preopens: more than %d", MaxPreopen)
	}
	if r.err != nil || n == 0 {
		return nil
	}
	list := make([]Preopen, n)
	for i := range list {
		list[i].Dir = r.text("preopens")
		list[i].Guest = r.text("preopens")
		flags := r.u32("preopens")
		list[i].ReadOnly = flags&flagReadOnly != 0
		if r.err == nil && flags&^flagReadOnly != 0 {
			r.err = fmt.Errorf("job: preopens: unknown flags %#x", flags)
		}
	}
	return list
}
