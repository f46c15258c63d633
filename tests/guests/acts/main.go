// Command acts does what its arguments say, one after another:
//
//	print TEXT    print a line
//	cwd           print the working directory
//	read FILE     print a file
//	write FILE    write "new" to a file
//	cat           copy stdin to stdout
//	heap MIB      allocate, in pieces, and keep it
//	spin          loop for ever, without a call
//	wait          sleep for ever
//	panic         panic
//	exit CODE     exit
//
// It exits with 1 if something fails.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

func main() {
	for args := os.Args[1:]; len(args) > 0; {
		rest, err := act(args[0], args[1:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", args[0], err)
			os.Exit(1)
		}
		args = rest
	}
}

// act does one thing and gives the arguments it did not use.
func act(what string, args []string) (rest []string, err error) {
	arg := ""
	switch what {
	case "print", "read", "write", "heap", "exit":
		if len(args) == 0 {
			return nil, errors.New("needs an argument")
		}
		arg, args = args[0], args[1:]
	}
	switch what {
	case "print":
		fmt.Println(arg)
	case "cwd":
		var dir string
		if dir, err = os.Getwd(); err == nil {
			fmt.Println(dir)
		}
	case "read":
		var text []byte
		if text, err = os.ReadFile(arg); err == nil {
			_, err = os.Stdout.Write(text)
		}
	case "write":
		err = os.WriteFile(arg, []byte("new"), 0o644)
	case "cat":
		_, err = io.Copy(os.Stdout, os.Stdin)
	case "heap":
		err = heap(arg)
	case "spin":
		for {
		}
	case "wait":
		time.Sleep(1 << 62)
	case "panic":
		panic("as asked")
	case "exit":
		var code int
		if code, err = strconv.Atoi(arg); err == nil {
			os.Exit(code)
		}
	default:
		err = errors.New("nothing I know")
	}
	return args, err
}

// heap allocates mib MiB, and touches them.
func heap(mib string) error {
	n, err := strconv.Atoi(mib)
	if err != nil {
		return err
	}
	var keep [][]byte
	for range n {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		keep = append(keep, b)
	}
	fmt.Printf("kept %d MiB\n", len(keep))
	return nil
}
