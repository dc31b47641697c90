package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

func size() int {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	return n
}

func worker(name, rounds int, result chan<- int) {
	total := 0
	for i := 0; i < rounds; i++ {
		runtime.Gosched()
		total += name * i
	}
	result <- total
}

func main() {
	n := size()
	results := make(chan int, n)
	for name := 0; name < n; name++ {
		go worker(name, 50, results)
	}
	total := 0
	for i := 0; i < n; i++ {
		total += <-results
	}
	fmt.Println("checksum", total)
}
