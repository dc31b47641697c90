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

const members = 503

func member(number int, inbox <-chan int, outbox chan<- int, finished chan<- int, done chan<- bool) {
	for {
		token := <-inbox
		if token == 0 {
			finished <- number
		}
		outbox <- token - 1
		if token <= 0 {
			done <- true
			return
		}
	}
}

func main() {
	finished, done := make(chan int, 1), make(chan bool)
	queues := []chan int{}
	for i := 0; i < members; i++ {
		queues = append(queues, make(chan int, 1))
	}
	for i := 0; i < members; i++ {
		go member(i+1, queues[i], queues[(i+1)%members], finished, done)
	}
	queues[0] <- size()
	winner := <-finished
	for i := 0; i < members; i++ {
		<-done
	}
	fmt.Println("checksum", winner)
}
