package libcontainer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// The text and JSON lines are those of runc (logrus 1.9), but that logrus leaves
// an empty message out.
func TestLogLine(t *testing.T) {
	now := time.Date(2026, 7, 31, 12, 0, 5, 999, time.FixedZone("", 2*3600))
	for _, tt := range []struct{ level, msg, text, json, plain string }{
		{
			"error", `container "c1" does not exist`,
			`time="2026-07-31T12:00:05+02:00" level=error msg="container \"c1\" does not exist"`,
			`{"level":"error","msg":"container \"c1\" does not exist","time":"2026-07-31T12:00:05+02:00"}`,
			`container "c1" does not exist`,
		},
		{
			"warning", "/dev/null",
			`time="2026-07-31T12:00:05+02:00" level=warning msg=/dev/null`,
			`{"level":"warning","msg":"/dev/null","time":"2026-07-31T12:00:05+02:00"}`,
			`wrun: warning: /dev/null`,
		},
		{
			"debug", "",
			`time="2026-07-31T12:00:05+02:00" level=debug msg=""`,
			`{"level":"debug","msg":"","time":"2026-07-31T12:00:05+02:00"}`,
			`wrun: debug: `,
		},
		{
			"error", "a\nb\x1b[2Jé",
			`time="2026-07-31T12:00:05+02:00" level=error msg="a\nb\x1b[2Jé"`,
			`{"level":"error","msg":"a\nb\u001b[2Jé","time":"2026-07-31T12:00:05+02:00"}`,
			`a\nb\x1b[2Jé`,
		},
		{
			"error", "<a> \xff",
			`time="2026-07-31T12:00:05+02:00" level=error msg="<a> \xff"`,
			`{"level":"error","msg":"\u003ca\u003e \ufffd","time":"2026-07-31T12:00:05+02:00"}`,
			"<a> \uFFFD",
		},
	} {
		for _, f := range []struct {
			format LogFormat
			want   string
		}{{LogText, tt.text}, {LogJSON, tt.json}, {LogPlain, tt.plain}} {
			if got := string(logLine(nil, f.format, now, tt.level, tt.msg)); got != f.want+"\n" {
				t.Errorf("format %d, %q:\n got %s want %s", f.format, tt.msg, got, f.want)
			}
		}
	}
}

func TestLogLevels(t *testing.T) {
	var out strings.Builder
	l := NewLog(&out, LogPlain, false)
	l.Debugf("hidden")
	l.Warnf("%d%%", 5)
	l.Errorf("100%")
	if got, want := out.String(), "wrun: warning: 5%\n100%\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	out.Reset()
	l = NewLog(&out, LogPlain, true)
	l.Debugf("shown")
	if got, want := out.String(), "wrun: debug: shown\n"; got != want || !l.Debug() {
		t.Errorf("got %q, want %q", got, want)
	}
	var none *Log
	none.Debugf("x")
	none.Warnf("x")
	none.Errorf("x")
	if none.Err() != nil || none.Debug() {
		t.Error("a nil log must do nothing")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLogKeepsWriteError(t *testing.T) {
	l := NewLog(brokenWriter{}, LogText, false)
	l.Errorf("x")
	if err := l.Err(); err == nil || err.Error() != "disk full" {
		t.Errorf("Err() = %v, want disk full", err)
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add("plain")
	f.Add("two\nlines\r\x00\xff\u2028")
	f.Fuzz(func(t *testing.T, msg string) {
		for _, format := range []LogFormat{LogText, LogJSON, LogPlain} {
			line := logLine(nil, format, time.Unix(0, 0), "error", msg)
			if n := strings.IndexAny(string(line), "\n\r"); n != len(line)-1 {
				t.Fatalf("format %d, %q is not one line: %q", format, msg, line)
			}
			if format == LogJSON && !json.Valid(line) {
				t.Fatalf("%q: not JSON: %q", msg, line)
			}
		}
	})
}
