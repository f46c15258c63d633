package state

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The state file is JSON and encoding/json could do all of this. But its first
// use of a type costs 0.13 ms in each process, more than all else that reading a
// container's state does, and start, kill, delete and state pay it once per
// container each. So the usual file is written and read by hand. Whatever is
// unusual is left to encoding/json, which also has the better errors; a fuzzer
// holds the two together.

// appendContainer appends what json.Marshal makes of c.
func appendContainer(b []byte, c *Container) ([]byte, error) {
	var err error
	str := func(key, s string) {
		b = append(b, key...)
		if err == nil {
			b, err = appendString(b, s)
		}
	}
	table := func(key string, m map[string]string) {
		if len(m) == 0 {
			return
		}
		b = append(b, key...)
		sep := "{"
		for _, k := range slices.Sorted(maps.Keys(m)) {
			str(sep, k)
			str(":", m[k])
			sep = ","
		}
		b = append(b, '}')
	}
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(c.Version), 10)
	str(`,"ociVersion":`, c.OCIVersion)
	str(`,"id":`, c.ID)
	str(`,"phase":`, string(c.Phase))
	if c.Pid != 0 {
		b = append(b, `,"pid":`...)
		b = strconv.AppendInt(b, int64(c.Pid), 10)
	}
	if c.StartTime != 0 {
		b = append(b, `,"startTime":`...)
		b = strconv.AppendUint(b, c.StartTime, 10)
	}
	str(`,"bundle":`, c.Bundle)
	if c.Rootfs != "" {
		str(`,"rootfs":`, c.Rootfs)
	}
	created, terr := c.Created.MarshalJSON()
	if terr != nil {
		return nil, terr
	}
	b = append(append(b, `,"created":`...), created...)
	table(`,"annotations":`, c.Annotations)
	table(`,"cgroupPaths":`, c.CgroupPaths)
	if c.Wasm {
		b = append(b, `,"wasm":true`...)
	}
	if c.SharedPID {
		b = append(b, `,"sharedPid":true`...)
	}
	if c.Hooks {
		b = append(b, `,"hooks":true`...)
	}
	return append(b, '}'), err
}

func appendString(b []byte, s string) ([]byte, error) {
	if !isPlain(s) {
		quoted, err := json.Marshal(s)
		return append(b, quoted...), err
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"'), nil
}

// isPlain tells whether s stands for itself between quotes, also to json.Marshal,
// which escapes HTML.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c >= 0x7f:
			return false
		case c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// scan reads a file as appendContainer writes it for plain strings, in any order
// of fields. ok is false for every other file, right or wrong.
func scan(raw []byte) (c *Container, ok bool) {
	s := &scanner{rest: string(raw)}
	c = new(Container)
	var seen uint
	s.object(func(key string) {
		bit := s.field(key, c)
		if seen&bit != 0 {
			s.bad = true // encoding/json has rules for a field given twice
		}
		seen |= bit
	})
	if s.rest != "" && s.rest != "\n" {
		s.bad = true
	}
	return c, !s.bad
}

// field reads the value of the field key into c and returns the key's bit.
func (s *scanner) field(key string, c *Container) uint {
	switch key {
	case "version":
		c.Version = int(s.number())
		return 1 << 0
	case "ociVersion":
		c.OCIVersion = s.str()
		return 1 << 1
	case "id":
		c.ID = s.str()
		return 1 << 2
	case "phase":
		c.Phase = Phase(s.str())
		return 1 << 3
	case "pid":
		c.Pid = int(s.number())
		return 1 << 4
	case "startTime":
		c.StartTime = s.number()
		return 1 << 5
	case "bundle":
		c.Bundle = s.str()
		return 1 << 6
	case "rootfs":
		c.Rootfs = s.str()
		return 1 << 7
	case "created":
		c.Created = s.time()
		return 1 << 8
	case "annotations":
		c.Annotations = s.table()
		return 1 << 9
	case "cgroupPaths":
		c.CgroupPaths = s.table()
		return 1 << 10
	case "wasm":
		c.Wasm = s.boolean()
		return 1 << 11
	case "sharedPid":
		c.SharedPID = s.boolean()
		return 1 << 12
	case "hooks":
		c.Hooks = s.boolean()
		return 1 << 13
	}
	s.bad = true
	return 0
}

// scanner reads JSON without blanks and escapes. Once something is bad, it stays
// so and nothing more is read.
type scanner struct {
	rest string
	bad  bool
}

// eat removes token from the front.
func (s *scanner) eat(token string) bool {
	if s.bad || len(s.rest) < len(token) || s.rest[:len(token)] != token {
		return false
	}
	s.rest = s.rest[len(token):]
	return true
}

func (s *scanner) need(token string) {
	if !s.eat(token) {
		s.bad = true
	}
}

// object calls value with each key, to read what comes after the colon.
func (s *scanner) object(value func(key string)) {
	s.need("{")
	if s.eat("}") {
		return
	}
	for !s.bad {
		key := s.str()
		s.need(":")
		value(key)
		if s.eat("}") {
			return
		}
		s.need(",")
	}
}

func (s *scanner) str() string {
	s.need(`"`)
	for i := 0; !s.bad && i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			value := s.rest[:i]
			s.rest = s.rest[i+1:]
			return value
		case c == '\\' || c < ' ' || c >= 0x7f:
			s.bad = true
		}
	}
	s.bad = true
	return ""
}

// number reads up to 18 digits, which fit an int64.
func (s *scanner) number() uint64 {
	n, i := uint64(0), 0
	for ; i < len(s.rest) && s.rest[i] >= '0' && s.rest[i] <= '9'; i++ {
		n = n*10 + uint64(s.rest[i]-'0')
	}
	if i == 0 || i > 18 || i > 1 && s.rest[0] == '0' {
		s.bad = true
		return 0
	}
	s.rest = s.rest[i:]
	return n
}

func (s *scanner) boolean() bool {
	if s.eat("true") {
		return true
	}
	s.need("false")
	return false
}

func (s *scanner) time() (t time.Time) {
	text := s.str()
	if !s.bad && t.UnmarshalJSON([]byte(`"`+text+`"`)) != nil {
		s.bad = true
	}
	return t
}

func (s *scanner) table() map[string]string {
	m := make(map[string]string)
	s.object(func(key string) { m[key] = s.str() })
	return m
}
