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

func counter(start int) <-chan int {
	out := make(chan int)
	go func() {
		for i := start; ; i++ {
			out <- i
		}
	}()
	return out
}

func main() {
	n := size()
	counters := []<-chan int{}
	for i := 0; i < n; i++ {
		counters = append(counters, counter(i))
	}
	total := 0
	for round := 0; round < 3; round++ {
		for _, c := range counters {
			total += <-c
		}
	}
	fmt.Println("checksum", total)
}
