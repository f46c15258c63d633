package wasm

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The annotations about sockets. In a pod, whose annotations reach each of its
// containers, NAME/CONTAINER holds for the container of that name and wins over
// NAME.
const (
	// AnnotationListen lists sockets that listen when the guest starts, its
	// descriptors 3, 4, …: tcp:ADDRESS:PORT[,blocking], separated by spaces.
	AnnotationListen = "run.wrun.wasi.listen"
	// AnnotationDrain is how long the guest may go on with the connections it has
	// after a SIGTERM, as 10s or 1m30s.
	AnnotationDrain = "run.wrun.wasi.drain"
)

// What containerd and CRI-O name a container of a pod with.
const (
	annotationNameContainerd = "io.kubernetes.cri.container-name"
	annotationNameCRIO       = "io.kubernetes.cri-o.ContainerName"
)

// Bounds of what may be asked for: descriptors are scarce, and a pod's grace
// period is a matter of minutes.
const (
	MaxListen = 64
	MaxDrain  = time.Hour
)

// Listen is a TCP socket that is bound before the guest starts.
type Listen struct {
	Addr     netip.AddrPort
	Blocking bool // accept waits for a connection
}

// String gives the annotation's form, without options.
func (l Listen) String() string { return "tcp:" + l.Addr.String() }

// Listens reads AnnotationListen. The error names the annotation and the entry.
func Listens(s *specs.Spec) ([]Listen, error) {
	key, value, ok := Annotation(s, AnnotationListen)
	if !ok {
		return nil, nil
	}
	var all []Listen
	for entry := range strings.FieldsSeq(value) {
		l, err := parseListen(entry)
		if err != nil {
			return nil, fmt.Errorf("annotations[%q]: %q: %w: as in tcp:0.0.0.0:8080 or tcp:[::]:8080,blocking", key, entry, err)
		}
		for _, other := range all {
			if other.Addr == l.Addr && l.Addr.Port() != 0 {
				return nil, fmt.Errorf("annotations[%q]: %q: the address is listed twice", key, entry)
			}
		}
		all = append(all, l)
	}
	if len(all) > MaxListen {
		return nil, fmt.Errorf("annotations[%q]: %d entries: at most %d are possible", key, len(all), MaxListen)
	}
	return all, nil
}

func parseListen(entry string) (l Listen, err error) {
	addr, options, _ := strings.Cut(entry, ",")
	addr, ok := strings.CutPrefix(addr, "tcp:")
	if !ok {
		return l, fmt.Errorf("only tcp is known")
	}
	if l.Addr, err = netip.ParseAddrPort(addr); err != nil {
		return l, fmt.Errorf("not an IP address and a port")
	}
	if l.Addr.Addr().Zone() != "" {
		return l, fmt.Errorf("an address with a zone")
	}
	for _, o := range strings.Split(options, ",") {
		switch o {
		case "":
		case "blocking":
			l.Blocking = true
		default:
			return l, fmt.Errorf("unknown option %q", o)
		}
	}
	return l, nil
}

// Drain reads AnnotationDrain, 0 if there is none. The error names the
// annotation.
func Drain(s *specs.Spec) (time.Duration, error) {
	key, value, ok := Annotation(s, AnnotationDrain)
	if !ok {
		return 0, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 || d > MaxDrain {
		return 0, fmt.Errorf("annotations[%q]: %q: not a time from 1ms to %v, as 10s", key, value, MaxDrain)
	}
	return d, nil
}

// Annotation looks an annotation up that a pod may have per container. key is
// the one that was found.
func Annotation(s *specs.Spec, name string) (key, value string, ok bool) {
	container := s.Annotations[annotationNameContainerd]
	if container == "" {
		container = s.Annotations[annotationNameCRIO]
	}
	if container != "" {
		key = name + "/" + container
		if value, ok = s.Annotations[key]; ok {
			return key, value, true
		}
	}
	value, ok = s.Annotations[name]
	return name, value, ok
}

// appendListens encodes what Job.Listen has: a count, then of each the address
// as text and a flags word.
func appendListens(b []byte, all []Listen) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(len(all)))
	for _, l := range all {
		b = appendString(b, l.Addr.String())
		var flags uint32
		if l.Blocking {
			flags |= flagBlocking
		}
		b = le.AppendUint32(b, flags)
	}
	return b
}

// flagBlocking is a bit of a socket's flags word.
const flagBlocking = 1

// listens is the inverse of appendListens.
func (r *jobReader) listens() (all []Listen) {
	n := r.u32("listen")
	if r.err == nil && n > MaxListen {
		r.err = fmt.Errorf("job: listen: %d entries", n)
	}
	for range n {
		text, flags := r.text("listen"), r.u32("listen")
		if r.err != nil {
			return nil
		}
		addr, err := netip.ParseAddrPort(text)
		if err != nil || addr.String() != text || addr.Addr().Zone() != "" || flags&^flagBlocking != 0 {
			r.err = fmt.Errorf("job: listen: %q with flags %#x", text, flags)
			return nil
		}
		all = append(all, Listen{addr, flags&flagBlocking != 0})
	}
	return all
}
