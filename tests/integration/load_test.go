package integration

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// load URL N CONNECTIONS WANT asks a URL N times over so many connections at
// once, and wants WANT as every answer.
func load() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: load URL N CONNECTIONS WANT")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	connections, err := strconv.Atoi(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	client := &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections},
	}
	todo := make(chan bool, n)
	for range n {
		todo <- true
	}
	close(todo)
	failed := make(chan error, n)
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for range todo {
				if err := ask(client, os.Args[1], os.Args[4]); err != nil {
					failed <- err
				}
			}
		})
	}
	all.Wait()
	fmt.Printf("%d of %d failed\n", len(failed), n)
	if len(failed) > 0 {
		fmt.Fprintln(os.Stderr, <-failed)
		os.Exit(1)
	}
}

func ask(client *http.Client, url, want string) error {
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(b)); r.StatusCode != http.StatusOK || got != want {
		return fmt.Errorf("%s: %s: %q, want %q", url, r.Status, got, want)
	}
	return nil
}

// idle PID PERCENT watches a process for two seconds: it must use less than
// PERCENT of one CPU.
func idle() {
	const watched = 2 * time.Second
	most, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	before := ticks(os.Args[1])
	time.Sleep(watched)
	const hertz = 100 // USER_HZ, whatever the kernel's own (proc(5))
	used := float64(ticks(os.Args[1])-before) / hertz / watched.Seconds() * 100
	fmt.Printf("%.1f %% of a CPU\n", used)
	if used >= most {
		os.Exit(1)
	}
}

// ticks gives utime and stime of proc(5) stat.
func ticks(pid string) (n int) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	for _, f := range fields[11:13] {
		v, err := strconv.Atoi(f)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		n += v
	}
	return n
}

// freeport prints a TCP port of 127.0.0.1 that nobody has.
func freeport() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	l.Close()
}

// slow ADDRESS FILE sends half a request, prints "half", and the rest once FILE
// is there; then it prints the answer.
func slow() {
	c, err := net.Dial("tcp", os.Args[1])
	if err == nil {
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\n")
	}
	if err == nil {
		fmt.Println("half")
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(os.Args[2]); err == nil {
				break
			}
		}
		_, err = io.WriteString(c, "Connection: close\r\n\r\n")
	}
	if err == nil {
		_, err = io.Copy(os.Stdout, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// activate COMMAND... runs a command with a listening socket as systemd hands
// it on, and a connection in it that asks for /page. It prints the answer.
func activate() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The shell has the pid that LISTEN_PID names.
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"`, "sh"}, os.Args[1:]...)...)
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := &http.Client{Timeout: patience}
	if r, err := client.Get("http://" + l.Addr().String() + "/file/page"); err != nil {
		fmt.Println(err)
	} else if _, err := io.Copy(os.Stdout, r.Body); err != nil {
		fmt.Println(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		fmt.Println(err)
	}
	cmd.Wait()
	fmt.Println("code", cmd.ProcessState.ExitCode())
}
