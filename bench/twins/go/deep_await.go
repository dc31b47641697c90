// One goroutine that calls itself 500 deep: awaiting is a plain call in Go.
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

func dive(depth, n int) int {
	if depth > 0 {
		return 1 + dive(depth-1, n)
	}
	total := 0
	for i := 0; i < n; i++ {
		runtime.Gosched()
		total += i
	}
	return total
}

func main() {
	fmt.Println("checksum", dive(500, size()))
}
