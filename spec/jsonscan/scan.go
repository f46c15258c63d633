// Package jsonscan reads and writes JSON by hand, for the documents that every
// command handles. encoding/json can do all of it, but builds its tables about
// a type at the first use in each process: 0.5 ms for a config.json, of the 6
// that `run` takes.
//
// A Scanner is strict and knows no error but "no": what is unusual, wrong or
// subject to a subtle rule of encoding/json makes it fail, and its user goes to
// encoding/json, which knows the rule or has the error to print. What a Scanner
// does read is what encoding/json would have read.
package jsonscan

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Scanner takes the values out of a JSON text in the order in which they stand
// there. Once it has failed, it returns zero values and its loops end.
type Scanner struct {
	text string
	at   int
	bad  bool
	keys []string // of the objects that Fields is in
}

// maxFields is more than any type has. Without a bound a text of nothing but
// unknown nulls would take time by the square of its length.
const maxFields = 64

// New returns a scanner of text. Strings it returns share one copy of it.
func New(text []byte) *Scanner {
	return &Scanner{text: string(text)}
}

// Fail makes the scanner fail: its user met what it does not handle.
func (s *Scanner) Fail() {
	s.bad = true
	s.at = len(s.text)
}

// End tells whether the text has been read to its end without a failure.
func (s *Scanner) End() bool {
	s.blanks()
	return !s.bad && s.at == len(s.text)
}

// Fields walks the object that comes next and yields its keys; the loop's body
// reads their values into fields that are zero.
//
// null leaves such a field alone, whatever its type, and is passed over. A key
// given twice, if only in other capitals, fails: encoding/json merges the
// values, and takes null for the end of what came before.
//
//	for key := range s.Fields {
func (s *Scanner) Fields(yield func(key string) bool) {
	base := len(s.keys)
	for key := range s.members {
		earlier := s.keys[base:]
		if len(earlier) == maxFields || slices.ContainsFunc(earlier, func(k string) bool { return strings.EqualFold(k, key) }) {
			s.Fail()
			break
		}
		s.keys = append(s.keys, key)
		if s.word("null") {
			continue
		}
		if !yield(key) {
			break
		}
	}
	s.keys = s.keys[:base]
}

// members walks an object and yields its keys as they come.
func (s *Scanner) members(yield func(key string) bool) {
	s.need('{')
	for first := true; !s.eat('}'); first = false {
		if !first {
			s.need(',')
		}
		key := s.Text()
		s.need(':')
		if s.bad || !yield(key) {
			return
		}
	}
}

// Map reads an object whose keys are data. As with encoding/json it is never
// nil, and of a key given twice the last value counts.
func Map[T any](s *Scanner, value func(*Scanner) T) map[string]T {
	m := make(map[string]T)
	for key := range s.members {
		m[key] = value(s)
	}
	return m
}

// List reads an array. As with encoding/json it is never nil.
func List[T any](s *Scanner, element func(*Scanner) T) []T {
	list := []T{}
	s.need('[')
	for !s.eat(']') {
		if len(list) > 0 {
			s.need(',')
		}
		if s.bad {
			break
		}
		list = append(list, element(s))
	}
	return list
}

// Texts reads an array of strings.
func Texts[T ~string](s *Scanner) []T {
	return List(s, func(s *Scanner) T { return T(s.Text()) })
}

// Text reads a string. One that is not UTF-8, or has half of a surrogate pair,
// fails: encoding/json repairs it.
func (s *Scanner) Text() string {
	inner, escapes := s.quoted()
	if escapes {
		return s.unescape(inner)
	}
	return inner
}

// Plain reads a string without escapes.
func (s *Scanner) Plain() string {
	inner, escapes := s.quoted()
	if escapes {
		s.Fail()
		return ""
	}
	return inner
}

// quoted reads a string as it stands between its quotes.
func (s *Scanner) quoted() (inner string, escapes bool) {
	s.need('"')
	rest, ascii := s.text[s.at:], true
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			inner = rest[:i]
			if !ascii && !utf8.ValidString(inner) {
				s.Fail()
				return "", false
			}
			s.at += i + 1
			return inner, escapes
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			s.Fail()
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.Fail()
	return "", false
}

// unescape replaces the escapes of a string.
func (s *Scanner) unescape(inner string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(inner, '\\')
		if i < 0 {
			b.WriteString(inner)
			return b.String()
		}
		b.WriteString(inner[:i])
		r, n := escape(inner[i:])
		if n == 0 {
			s.Fail()
			return ""
		}
		b.WriteRune(r)
		inner = inner[i+n:]
	}
}

// escape reads the escape that text begins with and returns its length in
// bytes, 0 if it is wrong or a surrogate.
func escape(text string) (r rune, n int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch c := text[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		if len(text) < 6 {
			return 0, 0
		}
		code, err := strconv.ParseUint(text[2:6], 16, 16)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return 0, 0
		}
		return rune(code), 6
	}
	return 0, 0
}

// Bool reads true or false.
func (s *Scanner) Bool() bool {
	if s.word("true") {
		return true
	}
	if !s.word("false") {
		s.Fail()
	}
	return false
}

// Int reads an integer that fits into bits, 0 being those of an int.
func (s *Scanner) Int(bits int) int64 {
	n, err := strconv.ParseInt(s.digits(), 10, bits)
	if err != nil {
		s.Fail()
		return 0
	}
	return n
}

// Uint reads an integer that fits into bits without a sign, 0 being those of a
// uint.
func (s *Scanner) Uint(bits int) uint64 {
	n, err := strconv.ParseUint(s.digits(), 10, bits)
	if err != nil {
		s.Fail()
		return 0
	}
	return n
}

// digits reads the digits of a number, and a minus before them. What JSON has
// besides (1.5, 1e3) is left, and fails as what cannot follow a value.
func (s *Scanner) digits() string {
	s.blanks()
	begin := s.at
	if s.at < len(s.text) && s.text[s.at] == '-' {
		s.at++
	}
	first := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	if s.at-first > 1 && s.text[first] == '0' {
		return "" // 007
	}
	return s.text[begin:s.at]
}

func (s *Scanner) blanks() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// eat skips c if it comes next.
func (s *Scanner) eat(c byte) bool {
	s.blanks()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// word skips w if it comes next.
func (s *Scanner) word(w string) bool {
	s.blanks()
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

func (s *Scanner) need(c byte) {
	if !s.eat(c) {
		s.Fail()
	}
}
