// One goroutine walks the whole tree by plain calls: the natural way in Go.
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

func visit(node *Node, out chan<- int) {
	if node != nil {
		visit(node.left, out)
		out <- node.key
		visit(node.right, out)
	}
}

func main() {
	tree := build(0, size())
	total := 0
	for round := 0; round < 5; round++ {
		out := make(chan int)
		go func() {
			visit(tree, out)
			close(out)
		}()
		sign := 1
		for key := range out {
			total += sign * key
			sign = -sign
		}
	}
	fmt.Println("checksum", total)
}
