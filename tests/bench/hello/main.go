// Command hello is what a Go program costs at least: the bench's floor.
package main

import "fmt"

func main() { fmt.Println("hello") }
