package spec

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Parse decodes a config.json. Properties it does not know and the sections of
// other platforms are ignored, as config.md ("Extensibility", "Platform-specific
// configuration") demands; a name given twice means what encoding/json makes of
// it (the last one wins, objects are merged), as with runc.
//
// name is what errors call the file. They read name:LINE:COLUMN: FIELD: cause,
// where lines and columns count from 1 and columns are characters.
func Parse(raw []byte, name string) (*specs.Spec, error) {
	if s, ok := decode(raw); ok {
		return s, nil
	}
	return unmarshal(raw, name)
}

// unmarshal parses a config.json of any shape, and has the errors.
func unmarshal(raw []byte, name string) (*specs.Spec, error) {
	doc := document{Spec: new(specs.Spec)}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, locate(raw, name, err)
	}
	if text := bytes.TrimLeft(raw, " \t\r\n"); text[0] != '{' { // null: encoding/json takes it for any type
		return nil, fmt.Errorf("%s: %s, want an object", name, bytes.TrimRight(text, " \t\r\n"))
	}
	return doc.Spec, nil
}

// document shadows the sections of other platforms: encoding/json prefers the
// outer field of two with one name. Whatever such a section holds is skipped,
// and the reflection over its types, paid anew by every process, is saved.
type document struct {
	*specs.Spec
	Solaris ignored `json:"solaris"`
	Windows ignored `json:"windows"`
	VM      ignored `json:"vm"`
	ZOS     ignored `json:"zos"`
	FreeBSD ignored `json:"freebsd"`
}

// ignored takes any JSON value and keeps nothing.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// locate turns an error of encoding/json, which knows a byte offset, into one
// that names line, column and field.
func locate(raw []byte, name string, err error) error {
	switch e := err.(type) {
	case *json.SyntaxError:
		if bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
			return fmt.Errorf("%s:1:1: starts with a UTF-8 byte order mark: save it without one", name)
		}
		// Offset counts the bytes read, so the bad one is the last of them,
		// unless the end came too early.
		at := int(e.Offset)
		if at > 0 && at <= len(raw) && e.Error() != "unexpected end of JSON input" {
			at--
		}
		field, _ := fieldAt(raw, e.Offset)
		return fmt.Errorf("%s: %s%w", place(raw, name, at), prefix(field), err)
	case *json.UnmarshalTypeError:
		field, at := fieldAt(raw, e.Offset)
		return fmt.Errorf("%s: %s%s, want %s", place(raw, name, at), prefix(field), e.Value, want(e.Type.Kind().String()))
	}
	return fmt.Errorf("%s: %w", name, err)
}

func prefix(field string) string {
	if field == "" {
		return ""
	}
	return field + ": "
}

// place renders the position of a byte as name:line:column.
func place(raw []byte, name string, at int) string {
	before := raw[:min(max(at, 0), len(raw))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	return fmt.Sprintf("%s:%d:%d", name, line, column)
}

// want says in words what fits a Go kind of runtime-spec's types.
func want(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "string":
		return "a string"
	case "slice":
		return "an array"
	case "struct", "map":
		return "an object"
	case "uint16":
		return "an integer from 0 to 65535"
	case "uint32":
		return "an integer from 0 to 4294967295"
	case "uint", "uint64":
		return "an integer from 0 to 18446744073709551615"
	case "int32":
		return "an integer from -2147483648 to 2147483647"
	}
	return "an integer"
}
