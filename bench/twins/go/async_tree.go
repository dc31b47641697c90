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

func node(depth, number int, result chan<- int) {
	if depth == 0 {
		result <- number % 10
		return
	}
	results := make(chan int, 6)
	for i := 0; i < 6; i++ {
		go node(depth-1, number*6+i, results)
	}
	total := 1
	for i := 0; i < 6; i++ {
		total += <-results
	}
	result <- total
}

func main() {
	result := make(chan int, 1)
	go node(size(), 1, result)
	fmt.Println("checksum", <-result)
}
