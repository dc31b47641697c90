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

func player(skill int) chan int {
	table := make(chan int)
	go func() {
		hits := 0
		for ball := range table {
			hits++
			table <- ball + skill + hits%3
		}
	}()
	return table
}

func main() {
	ping, pong := player(1), player(2)
	ball := 0
	for i, n := 0, size(); i < n; i++ {
		ping <- ball
		ball = <-ping
		pong <- ball
		ball = <-pong
	}
	fmt.Println("checksum", ball)
}
