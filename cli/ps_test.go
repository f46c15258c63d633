package cli

import "testing"

func TestPSRows(t *testing.T) {
	table := "UID          PID    PPID CMD\nroot           1       0 init\nroot          23       1 sh -c 4\nroot           4       1 x\n"
	got, err := psRows([]byte(table), []int{23, 4})
	want := "UID          PID    PPID CMD\nroot          23       1 sh -c 4\nroot           4       1 x\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", "CMD\nsh\n", "PID CMD\nx sh\n"} {
		if got, err := psRows([]byte(bad), []int{1}); err == nil {
			t.Errorf("%q: got %q, want an error", bad, got)
		}
	}
}

func TestPSJSON(t *testing.T) {
	r := call(t, new(fake), "ps", "--format", "json", "c1")
	if r.code != 0 || r.stdout != "[1,23]\n" {
		t.Errorf("%+v", r)
	}
	if r := call(t, new(fake), "ps", "--format", "xml", "c1"); r.code != 1 {
		t.Errorf("%+v", r)
	}
}
