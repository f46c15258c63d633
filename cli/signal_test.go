package cli

import (
	"strings"
	"testing"
)

func TestParseSignal(t *testing.T) {
	for s, want := range map[string]int{
		"0": 0, "9": 9, "15": 15, "64": 64, "09": 9,
		"TERM": 15, "SIGTERM": 15, "sigterm": 15, "Term": 15,
		"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
		"USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "STKFLT": 16, "CHLD": 17, "CLD": 17, "CONT": 18,
		"STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27,
		"WINCH": 28, "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31,
		"RTMIN": 34, "SIGRTMIN": 34, "RTMIN+0": 34, "sigrtmin+3": 37, "RTMIN+30": 64,
		"RTMAX": 64, "RTMAX-1": 63, "SIGRTMAX-30": 34,
	} {
		if got, err := parseSignal(s); err != nil || int(got) != want {
			t.Errorf("%s: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "SIG", "FOO", "SIGSIGTERM", "-9", "65", "-1", "4294967305", "9 ", " 9", "0x9", "9.0",
		"RTMIN+", "RTMIN+31", "RTMIN-1", "RTMIN3", "RTMAX+1", "RTMAX-31", "RTMIN++1", "RTMIN+-1", "RTMIN+999"} {
		if got, err := parseSignal(s); err == nil || !strings.HasPrefix(err.Error(), "unknown signal") {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
}
