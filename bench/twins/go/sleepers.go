package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func size() int {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	return n
}

func sleeper(i int, result chan<- int) {
	time.Sleep(time.Duration(i*7%100) * time.Millisecond)
	result <- i
}

func main() {
	n := size()
	results := make(chan int, n)
	for i := 0; i < n; i++ {
		go sleeper(i, results)
	}
	total := 0
	for i := 0; i < n; i++ {
		total += <-results
	}
	fmt.Println("checksum", total)
}
