package libcontainer

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// LogFormat is the shape of a log line.
type LogFormat int

const (
	// LogText is logrus's text format: time="…" level=error msg="…".
	LogText LogFormat = iota
	// LogJSON is logrus's JSON format, which containerd, docker and conmon read
	// back: {"level":"error","msg":"…","time":"…"}.
	LogJSON
	// LogPlain is for a person at a terminal: an error as it is, wrun: warning: ….
	LogPlain
)

// Log writes log lines as runc does. Callers take the last line whose level is
// exactly "error" as the reason of a failure, so a line is always one line and
// one write. A nil *Log throws everything away.
type Log struct {
	format LogFormat
	debug  bool

	mu  sync.Mutex
	w   io.Writer
	err error
}

// NewLog returns a log that writes to w. Debug lines are dropped unless debug.
func NewLog(w io.Writer, format LogFormat, debug bool) *Log {
	return &Log{w: w, format: format, debug: debug}
}

// Debugf logs what only somebody looking for a fault wants to read.
func (l *Log) Debugf(format string, args ...any) {
	if l != nil && l.debug {
		l.print("debug", format, args)
	}
}

// Debug tells whether debug lines are written, for callers whose arguments cost
// something.
func (l *Log) Debug() bool {
	return l != nil && l.debug
}

// Warnf logs what does not stop the command but may surprise.
func (l *Log) Warnf(format string, args ...any) {
	if l != nil {
		l.print("warning", format, args)
	}
}

// Errorf logs why the command failed. Only the command line calls it, once:
// everything else returns its error.
func (l *Log) Errorf(format string, args ...any) {
	if l != nil {
		l.print("error", format, args)
	}
}

// Err returns the first error of writing a line, nil if there was none.
func (l *Log) Err() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *Log) print(level, format string, args []any) {
	msg := format
	if len(args) > 0 {
		msg = fmt.Sprintf(format, args...)
	}
	line := logLine(nil, l.format, time.Now(), level, msg)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(line); err != nil && l.err == nil {
		l.err = err
	}
}

// logLine appends one line to b, newline included.
func logLine(b []byte, format LogFormat, now time.Time, level, msg string) []byte {
	switch format {
	case LogJSON:
		b = append(b, `{"level":"`...)
		b = append(b, level...)
		b = append(b, `","msg":`...)
		b = appendJSONString(b, msg)
		b = append(b, `,"time":"`...)
		b = now.AppendFormat(b, time.RFC3339)
		b = append(b, `"}`...)
	case LogPlain:
		if level != "error" { // which says itself who speaks, and is one
			b = append(b, "wrun: "...)
			b = append(b, level...)
			b = append(b, ": "...)
		}
		b = appendOneLine(b, msg)
	default:
		b = append(b, `time="`...)
		b = now.AppendFormat(b, time.RFC3339)
		b = append(b, `" level=`...)
		b = append(b, level...)
		b = append(b, " msg="...)
		if isBare(msg) {
			b = append(b, msg...)
		} else {
			b = strconv.AppendQuote(b, msg)
		}
	}
	return append(b, '\n')
}

func appendJSONString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		// A string always encodes: bytes that are no UTF-8 become U+FFFD.
		panic(err)
	}
	return append(b, quoted...)
}

// isBare tells whether logrus's text format leaves s without quotes.
func isBare(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '.', c == '_', c == '/', c == '@', c == '^', c == '+':
		default:
			return false
		}
	}
	return s != ""
}

// appendOneLine appends s with control characters escaped, so that text out of
// an image or a config can neither fake a second line nor steer a terminal.
func appendOneLine(b []byte, s string) []byte {
	for _, r := range s {
		if strconv.IsPrint(r) {
			b = append(b, string(r)...)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b = append(b, quoted[1:len(quoted)-1]...)
	}
	return b
}
