package spec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// level is one array or object that is open at some place of a JSON text.
type level struct {
	array bool
	index int    // array: of the value being read
	key   string // object: of the value being read
	named bool   // object: the key has been read, its value has not
}

// fieldAt finds the first value whose text ends at or after byte offset, and
// returns its path from the top (mounts[3].options[1]) and where it begins.
// If the text is broken before that, the path is of the value that was being
// read. It runs only after an error, so it may read the text once more.
func fieldAt(raw []byte, offset int64) (path string, begin int) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // else a number too large for float64 ends the walk
	var open []level
	for {
		begin = skipTo(raw, int(dec.InputOffset()))
		token, err := dec.Token()
		if err != nil {
			return render(open), begin
		}
		delim, _ := token.(json.Delim)
		if delim == ']' || delim == '}' {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 {
			top := &open[n-1]
			switch key, isString := token.(string); {
			case top.array:
				top.index++
			case !top.named && isString:
				top.key, top.named = key, true
				continue
			default:
				top.named = false
			}
		}
		if dec.InputOffset() >= offset {
			return render(open), begin
		}
		switch delim {
		case '[':
			open = append(open, level{array: true, index: -1})
		case '{':
			open = append(open, level{})
		}
	}
}

// skipTo returns where the next token after byte i begins.
func skipTo(raw []byte, i int) int {
	for i < len(raw) && strings.IndexByte(" \t\r\n,:", raw[i]) >= 0 {
		i++
	}
	return i
}

// render writes a path, cut where depth or a key is beyond anything
// runtime-spec has: the text may be hostile, the line goes to a log.
func render(open []level) string {
	const depth, length = 16, 128
	var b strings.Builder
	for i, l := range open {
		if i == depth {
			b.WriteString("…")
			break
		}
		if len(l.key) > length {
			l.key = l.key[:length] + "…"
		}
		switch {
		case l.array && l.index >= 0:
			b.WriteString("[" + strconv.Itoa(l.index) + "]")
		case !l.array && plain(l.key):
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(l.key)
		case !l.array && l.key != "":
			b.WriteString("[" + strconv.Quote(l.key) + "]")
		}
	}
	return b.String()
}

// plain tells names that need no quotes. What the file holds may be anything;
// the error line must stay one line.
func plain(key string) bool {
	for i := 0; i < len(key); i++ {
		c := key[i] | 0x20
		if (c < 'a' || c > 'z') && (key[i] < '0' || key[i] > '9') && key[i] != '_' {
			return false
		}
	}
	return key != ""
}
