// A generator is a goroutine that sends on an unbuffered channel.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func size() int {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	return n
}

func numbers(n int) <-chan int {
	out := make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			out <- i
		}
		close(out)
	}()
	return out
}

func main() {
	total := 0
	for x := range numbers(size()) {
		total += x
	}
	fmt.Println("checksum", total)
}
