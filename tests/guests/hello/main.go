// Command hello prints its arguments and environment, then what is in the file
// that its last argument names.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Printf("hello from %s/%s\n", runtime.GOOS, runtime.GOARCH)
	for i, arg := range os.Args {
		fmt.Printf("argv[%d] %s\n", i, arg)
	}
	for _, entry := range os.Environ() {
		fmt.Println("env", entry)
	}
	if len(os.Args) < 2 {
		return
	}
	file := os.Args[len(os.Args)-1]
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s: %s", file, text)
}
