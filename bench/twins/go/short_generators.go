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

func triple(i int) <-chan int {
	out := make(chan int)
	go func() {
		out <- i
		out <- i + 1
		out <- i + 2
		close(out)
	}()
	return out
}

func main() {
	total := 0
	for i, n := 0, size(); i < n; i++ {
		for x := range triple(i) {
			total += x
		}
	}
	fmt.Println("checksum", total)
}
