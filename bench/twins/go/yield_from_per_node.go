// A goroutine for every node, which all write to the one channel of the walk and wait for their children.
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

type Node struct {
	left, right *Node
	key         int
}

func build(low, high int) *Node {
	if low >= high {
		return nil
	}
	middle := (low + high) / 2
	return &Node{build(low, middle), build(middle+1, high), middle}
}

func walk(node *Node, out chan<- int, done chan<- bool) {
	if node != nil {
		child := make(chan bool)
		go walk(node.left, out, child)
		<-child
		out <- node.key
		go walk(node.right, out, child)
		<-child
	}
	done <- true
}

func main() {
	tree := build(0, size())
	total := 0
	for round := 0; round < 5; round++ {
		out, done := make(chan int), make(chan bool)
		go walk(tree, out, done)
		sign := 1
		for walking := true; walking; {
			select {
			case key := <-out:
				total += sign * key
				sign = -sign
			case <-done:
				walking = false
			}
		}
	}
	fmt.Println("checksum", total)
}
