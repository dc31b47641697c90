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

func producer(queue chan<- int, start, n int, done chan<- bool) {
	for i := start; i < start+n; i++ {
		queue <- i
	}
	done <- true
}

func consumer(queue <-chan int, totals chan<- int) {
	total := 0
	for item := range queue {
		total += item
	}
	totals <- total
}

func main() {
	n := size()
	queue, done, totals := make(chan int, 10), make(chan bool), make(chan int)
	for k := 0; k < 3; k++ {
		go consumer(queue, totals)
		go producer(queue, k*n, n, done)
	}
	for k := 0; k < 3; k++ {
		<-done
	}
	close(queue)
	fmt.Println("checksum", <-totals+<-totals+<-totals)
}
