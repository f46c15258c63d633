package jsonscan

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// value is a document with one of everything that a Scanner reads.
type value struct {
	B   bool
	I   int
	I32 int32
	I64 int64
	U   uint
	U16 uint16
	U64 uint64
	S   string
	L   []uint16
	T   []string
	M   map[string]string
	V   *value
}

func scan(s *Scanner) *value {
	v := new(value)
	for key := range s.Fields {
		switch key {
		case "B":
			v.B = s.Bool()
		case "I":
			v.I = int(s.Int(0))
		case "I32":
			v.I32 = int32(s.Int(32))
		case "I64":
			v.I64 = s.Int(64)
		case "U":
			v.U = uint(s.Uint(0))
		case "U16":
			v.U16 = uint16(s.Uint(16))
		case "U64":
			v.U64 = s.Uint(64)
		case "S":
			v.S = s.Text()
		case "L":
			v.L = List(s, func(s *Scanner) uint16 { return uint16(s.Uint(16)) })
		case "T":
			v.T = Texts[string](s)
		case "M":
			v.M = Map(s, (*Scanner).Text)
		case "V":
			v.V = scan(s)
		default:
			s.Fail()
		}
	}
	return v
}

// same scans text and holds what comes out against encoding/json.
func same(t *testing.T, text string) (ok bool) {
	t.Helper()
	s := New([]byte(text))
	got := scan(s)
	if !s.End() {
		return false
	}
	want := new(value)
	if err := json.Unmarshal([]byte(text), want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q: got %+v\nwant %+v, %v", text, got, want, err)
	}
	return true
}

func accepted() []string {
	return []string{
		`{}`, " \t\r\n{ \t\r\n} \t\r\n", `{"S":""}`, `{ "S" : "a" , "B" : true }`, `{"B":false,"V":{"B":true,"V":{"B":true}}}`,
		`{"I":0,"I32":-2147483648,"I64":-9223372036854775808,"U":0,"U16":65535,"U64":18446744073709551615}`,
		`{"I":-0,"I32":2147483647,"I64":9223372036854775807}`,
		`{"L":[],"T":[ ],"M":{}}`, `{"L":[1],"T":["a","",""],"M":{"":"","a":"b"}}`, `{"L" : [ 1 , 2,3,4 ,5,6,7,8,9]}`,
		`{"M":{"a":"1","b":"2","a":"3"}}`,
		`{"S":null}`, `{"B": null ,"I":null,"U":null,"L":null,"T":null,"M":null,"V":null}`, `{"other":null,"s":null,"V":{"S":null},"ſ\u0000":null}`,
		`{"S":"\"\\\/\b\f\n\r\t\u0000\u003C\u00e9\uFFFD\ud7ff"}`, `{"S":"é€😀` + "\x7f\ufffd\u2028" + `"}`,
		`{"\u0053":"x"}`, `{"M":{"\n":"a","\u000a":"b"}}`,
	}
}

func refused() []string {
	return []string{
		"", " ", "null", "1", "[]", `"S"`, "\ufeff{}", "{", "{}}", "{} {}", "{},", `{"S"}`, `{"S":}`, `{"S" "a"}`, `{"S":"a",}`, `{,}`, `{,"S":"a"}`,
		`{"S":"a" "B":true}`, `{"S":"a";"B":true}`, `{S:"a"}`, `{'S':"a"}`, `{"S":'a'}`, `{"S":"a}`, `{"S":"a\`, `{"S":"a\"}`, `{"S":"a\"`,
		"{\"S\":\"\n\"}", "{\"S\":\"\x00\"}", "{\"S\":\"\\\x01\"}", `{"S":"\x"}`, `{"S":"\u12"}`, `{"S":"\u12g4"}`, `{"S":"\u+123"}`, `{"S":"\u1_23"}`, `{"S":"\u"}`,
		`{"S":"\ud800"}`, `{"S":"\udfff"}`, `{"S":"\ud83d\ude00"}`, "{\"S\":\"\xff\"}", "{\"S\":\"\xed\xa0\x80\"}", "{\"S\":\"\xc3\"}", "{\"S\xff\":\"\"}",
		`{"S":nul}`, `{"S":nulls}`, `{"S":"a","s":null}`, `{"s":null,"S":"a"}`, `{"V":{"B":true},"v":null}`, `{"S":"a","ſ":null}`, `{"S":null,"S":null}`, `{"S":1}`, `{"S":true}`, `{"S":{}}`, `{"B":1}`, `{"B":tru}`, `{"B":TRUE}`, `{"B":"true"}`, `{"B":truefalse}`, `{"B":truely}`,
		`{"I":01}`, `{"I":-01}`, `{"I":00}`, `{"I":+1}`, `{"I":-}`, `{"I":--1}`, `{"I":- 1}`, `{"I":1.0}`, `{"I":1e3}`, `{"I":1E3}`, `{"I":.5}`, `{"I":0x1}`, `{"I":1_0}`, `{"I":"1"}`,
		`{"I":9223372036854775808}`, `{"I32":2147483648}`, `{"I64":-9223372036854775809}`, `{"U16":65536}`, `{"U64":18446744073709551616}`, `{"U":-0}`, `{"U":-1}`,
		`{"L":[1,]}`, `{"L":[,1]}`, `{"L":[1 2]}`, `{"L":[1}`, `{"L":[`, `{"L":[65536]}`, `{"L":[null]}`, `{"L":{}}`, `{"L":[[1]]}`, `{"T":["a",1]}`, `{"T":"a"}`,
		`{"M":{"a":1}}`, `{"M":{"a":"b",}}`, `{"M":[]}`, `{"M":{"a":null}}`, `{"M":{a:"b"}}`, `{"V":[]}`,
		`{"S":"a","S":"b"}`, `{"V":{"B":true},"V":{"I":1}}`, `{"s":"a"}`, `{"ſ":"a"}`, `{"other":1}`, `{"S":"a","\u0053":"b"}`,
	}
}

func TestScan(t *testing.T) {
	for _, text := range accepted() {
		if !same(t, text) {
			t.Errorf("%q is refused", text)
		}
		for i := range len(text) - 1 {
			if text = strings.TrimRight(text, " \t\r\n"); i < len(text) && same(t, text[:i]) {
				t.Errorf("%q is accepted", text[:i])
			}
		}
	}
	for _, text := range refused() {
		if same(t, text) {
			t.Errorf("%q is accepted", text)
		}
	}
}

// The depth is that of the types, whatever the text holds.
func TestScanDeep(t *testing.T) {
	for _, text := range []string{strings.Repeat("[", 1<<20), `{"L":` + strings.Repeat("[", 1<<20), strings.Repeat(`{"S":`, 1<<20)} {
		if same(t, text) {
			t.Errorf("%.20q is accepted", text)
		}
	}
}

// The time is that of a bounded number of fields.
func TestScanWide(t *testing.T) {
	var b strings.Builder
	for i := range maxFields {
		fmt.Fprintf(&b, `%c"x%d":null`, "{,"[min(i, 1)], i)
	}
	if !same(t, b.String()+"}") {
		t.Error("refused")
	}
	if same(t, b.String()+`,"S":"a"}`) {
		t.Error("accepted")
	}
}

// After a failure nothing is read, and no loop goes on.
func TestScanAfterFail(t *testing.T) {
	s := New([]byte(`{"S":"a","L":[1,2],"M":{"a":"b"}}`))
	for range s.Fields {
		s.Fail()
	}
	for range s.Fields {
		t.Error("Fields yields")
	}
	if s.Bool() || s.Int(64) != 0 || s.Uint(64) != 0 || s.Text() != "" || s.Plain() != "" || len(Texts[string](s)) != 0 || len(Map(s, (*Scanner).Text)) != 0 || s.End() {
		t.Error("a failed scanner reads on")
	}
}

func TestPlain(t *testing.T) {
	if s := New([]byte(` "aé" `)); s.Plain() != "aé" || !s.End() {
		t.Error("plain text is refused")
	}
	if s := New([]byte(`"\u0061"`)); s.Plain() != "" || s.End() {
		t.Error("an escape is taken")
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range append(accepted(), refused()...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { same(t, text) })
}

func FuzzAppend(f *testing.F) {
	f.Add("", "a", "b")
	f.Add("<&>\u2028\u2029\ufffd", "\x00\x1f\x7f\b\f\n\r\t\"\\/", "\xff\xed\xa0\x80é😀")
	f.Add("\xff", "\xfe", string(rune(math.MaxInt32)))
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, m := range []map[string]string{nil, {}, {a: b}, {a: b, b: c, c: a}} {
			want, err := json.Marshal(m)
			if got := AppendMap([]byte("x"), m); err != nil || string(got) != "x"+string(want) {
				t.Errorf("got %s, want x%s %v", got, want, err)
			}
		}
		want, err := json.Marshal(a)
		got := AppendText(nil, a)
		if err != nil || string(got) != string(want) {
			t.Errorf("got %s, want %s %v", got, want, err)
		}
		if s := New(got); s.Text() != strings.ToValidUTF8(a, "\ufffd") && strings.ToValidUTF8(a, "") == a || !s.End() {
			t.Errorf("%s is not read back", got)
		}
	})
}
