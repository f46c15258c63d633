// Command probe prints what a native process sees of its container: its pid,
// the host name, the mounts and its capabilities.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := probe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func probe() error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	fmt.Printf("pid %d\nhostname %s\n", os.Getpid(), host)
	err = lines("/proc/self/mountinfo", func(line string) {
		// proc_pid_mountinfo(5): the mount point is the fifth field, the type
		// comes after a lone "-".
		before, after, _ := strings.Cut(line, " - ")
		if f, t := strings.Fields(before), strings.Fields(after); len(f) > 5 && len(t) > 0 {
			fmt.Printf("mount %s %s %s\n", f[4], t[0], f[5])
		}
	})
	if err != nil {
		return err
	}
	return lines("/proc/self/status", func(line string) {
		if strings.HasPrefix(line, "Cap") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	})
}

// lines calls do for each line of a file.
func lines(name string, do func(string)) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		do(s.Text())
	}
	return s.Err()
}
