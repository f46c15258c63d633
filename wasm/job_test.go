package wasm

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() *Job {
	return &Job{
		Version: "1.2.3", Args: []string{"a.wasm#f", "", "é"}, Env: []string{"A=1", "A=1"}, Cwd: "/work", Func: "f",
		ModuleFD: 40, FIFOFD: 41, SyncFD: 42, TrapUnknown: true, MemoryLimit: 1 << 40,
		Preopens: []Preopen{{"/data", "/", true}, {"/", "/all", false}}, Soft: true,
		Inherited: 2, Listen: []Listen{{netip.MustParseAddrPort("[::]:80"), true}, {netip.MustParseAddrPort("127.0.0.1:0"), false}}, Drain: 10 * time.Second,
	}
}

func TestJob(t *testing.T) {
	for _, want := range []*Job{sample(), {Args: []string{"x"}, Cwd: "/"}} {
		b := want.Encode()
		got, err := DecodeJob(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		version, sync, err := JobHead(b)
		if version != want.Version || sync != want.SyncFD || err != nil {
			t.Errorf("head: %q, %d, %v", version, sync, err)
		}
	}
}

func TestJobCut(t *testing.T) {
	whole := sample().Encode()
	for i := range whole {
		if _, err := DecodeJob(whole[:i]); err == nil {
			t.Errorf("%d of %d bytes are accepted", i, len(whole))
		}
	}
}

func TestJobRefused(t *testing.T) {
	encode := func(change func(*Job)) []byte {
		j := sample()
		change(j)
		return j.Encode()
	}
	count := binary.LittleEndian.AppendUint32(nil, 3) // of args
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"magic":    {[]byte("wrunjob\x02"), "wrong magic"},
		"too much": {append(sample().Encode(), 0), "1 bytes too many"},
		"huge":     {make([]byte, MaxJob+1), "longer than"},
		"NUL":      {encode(func(j *Job) { j.Args[1] = "a\x00b" }), "args: a NUL byte"},
		"no args":  {encode(func(j *Job) { j.Args = nil }), "no args"},
		"cwd":      {encode(func(j *Job) { j.Cwd = "work" }), `cwd "work" is not absolute`},
		"fd":       {encode(func(j *Job) { j.ModuleFD = -1 }), "module fd: 4294967295 is no descriptor"},
		"listen":   {bytes.Replace(sample().Encode(), []byte("[::]:80"), []byte("[::]:08"), 1), `listen: "[::]:08"`},
		"listen 2": {bytes.Replace(sample().Encode(), []byte("[::]:80"), []byte("0::0:80"), 1), `listen: "0::0:80"`},
		"drain":    {encode(func(j *Job) { j.Drain = MaxDrain + 1 }), "drain: 3600000000001 ns"},
		"drain 2":  {encode(func(j *Job) { j.Drain = -1 }), "drain: -1 ns"},
		"sockets":  {append(sample().Encode()[:len(sample().Encode())-46], 65, 0, 0, 0), "listen: 65 entries"},
		"count":    {bytes.Replace(encode(func(j *Job) { j.Soft = false }), count, []byte("\xff\xff\xff\xff"), 1), "cut short"},
		"flags":    {bytes.Replace(encode(func(j *Job) { j.MemoryLimit = 0xabcdef }), []byte("\x03\x00\x00\x00\xef\xcd\xab"), []byte("\x07\x00\x00\x00\xef\xcd\xab"), 1), "unknown flags 0x7"},
	} {
		if _, err := DecodeJob(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is decoded encodes to the same bytes: there is one form of a job.
func FuzzDecodeJob(f *testing.F) {
	f.Add(sample().Encode())
	f.Add((&Job{Args: []string{"x"}, Cwd: "/"}).Encode())
	f.Add([]byte(jobMagic))
	f.Add(append([]byte(jobMagic), "\xff\xff\xff\xff\xff\xff\xff\xff"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := DecodeJob(b)
		if err != nil {
			return
		}
		if again := j.Encode(); !bytes.Equal(again, b) {
			t.Errorf("%q decodes to %+v, which encodes to %q", b, j, again)
		}
	})
}

func TestMessage(t *testing.T) {
	if got := Message(TagEngineReady, ""); string(got) != "\x01\x00\x00\xe0\x00\x00\x00\x00" {
		t.Errorf("got %q", got)
	}
	if got := Message(TagEngineFailed, "why"); string(got) != "\x02\x00\x00\xe0\x00\x00\x00\x00why" {
		t.Errorf("got %q", got)
	}
	if got := Message(TagEngineFailed, strings.Repeat("x", 5000)); len(got) != MaxMessage {
		t.Errorf("%d bytes", len(got))
	}
}
