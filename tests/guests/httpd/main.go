// httpd serves HTTP on the socket it is started with, descriptor 3: the file
// that the path names, or a word.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "descriptor 3:", err)
		os.Exit(1)
	}
	fmt.Printf("serving LISTEN_FDS=%s LISTEN_FDNAMES=%s\n", os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES"))
	err = http.Serve(l, http.HandlerFunc(serve))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		fmt.Fprintln(w, "hello from httpd")
		return
	}
	b, err := os.ReadFile(r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Write(b)
}
