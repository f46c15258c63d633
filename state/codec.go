package state

import (
	"strconv"
	"time"

	"wrun/spec/jsonscan"
)

// The state file is JSON and encoding/json could do all of this. But its first
// use of a type costs 0.13 ms in each process, more than all else that reading a
// container's state does, and start, kill, delete and state pay it once per
// container each. So the usual file is written and read by hand. Whatever is
// unusual is left to encoding/json, which also has the better errors; a fuzzer
// holds the two together.

// appendContainer appends what json.Marshal makes of c. The error is that of a
// time beyond RFC 3339.
func appendContainer(b []byte, c *Container) ([]byte, error) {
	created, err := c.Created.MarshalJSON()
	if err != nil {
		return nil, err
	}
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(c.Version), 10)
	b = appendField(b, `,"ociVersion":`, c.OCIVersion)
	b = appendField(b, `,"id":`, c.ID)
	b = appendField(b, `,"phase":`, string(c.Phase))
	if c.Pid != 0 {
		b = append(b, `,"pid":`...)
		b = strconv.AppendInt(b, int64(c.Pid), 10)
	}
	if c.StartTime != 0 {
		b = append(b, `,"startTime":`...)
		b = strconv.AppendUint(b, c.StartTime, 10)
	}
	b = appendField(b, `,"bundle":`, c.Bundle)
	if c.Rootfs != "" {
		b = appendField(b, `,"rootfs":`, c.Rootfs)
	}
	b = append(append(b, `,"created":`...), created...)
	if len(c.Annotations) > 0 {
		b = jsonscan.AppendMap(append(b, `,"annotations":`...), c.Annotations)
	}
	if len(c.CgroupPaths) > 0 {
		b = jsonscan.AppendMap(append(b, `,"cgroupPaths":`...), c.CgroupPaths)
	}
	if c.Wasm {
		b = append(b, `,"wasm":true`...)
	}
	if c.SharedPID {
		b = append(b, `,"sharedPid":true`...)
	}
	if c.Hooks {
		b = append(b, `,"hooks":true`...)
	}
	return append(b, '}'), nil
}

func appendField(b []byte, key, value string) []byte {
	return jsonscan.AppendText(append(b, key...), value)
}

// scan reads a usual state file. ok is false for every other, right or wrong:
// also for one with a field that a later wrun of this version may have added.
func scan(raw []byte) (c *Container, ok bool) {
	s := jsonscan.New(raw)
	c = new(Container)
	for key := range s.Fields {
		switch key {
		case "version":
			c.Version = int(s.Int(0))
		case "ociVersion":
			c.OCIVersion = s.Text()
		case "id":
			c.ID = s.Text()
		case "phase":
			c.Phase = Phase(s.Text())
		case "pid":
			c.Pid = int(s.Int(0))
		case "startTime":
			c.StartTime = s.Uint(64)
		case "bundle":
			c.Bundle = s.Text()
		case "rootfs":
			c.Rootfs = s.Text()
		case "created":
			c.Created = scanTime(s)
		case "annotations":
			c.Annotations = jsonscan.Map(s, (*jsonscan.Scanner).Text)
		case "cgroupPaths":
			c.CgroupPaths = jsonscan.Map(s, (*jsonscan.Scanner).Text)
		case "wasm":
			c.Wasm = s.Bool()
		case "sharedPid":
			c.SharedPID = s.Bool()
		case "hooks":
			c.Hooks = s.Bool()
		default:
			s.Fail()
		}
	}
	return c, s.End()
}

// scanTime reads a time, which must not have escapes: time takes the text as it
// stands in the file.
func scanTime(s *jsonscan.Scanner) (t time.Time) {
	if t.UnmarshalJSON([]byte(`"`+s.Plain()+`"`)) != nil {
		s.Fail()
	}
	return t
}
