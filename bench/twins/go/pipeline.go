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

func source(n int) <-chan int {
	out := make(chan int)
	go func() {
		x := 42
		for i := 0; i < n; i++ {
			x = (x*1103 + 12345) % 65536
			out <- x
		}
		close(out)
	}()
	return out
}

func scale(items <-chan int, factor int) <-chan int {
	out := make(chan int)
	go func() {
		for x := range items {
			out <- x * factor
		}
		close(out)
	}()
	return out
}

func dropMultiples(items <-chan int, k int) <-chan int {
	out := make(chan int)
	go func() {
		for x := range items {
			if x%k != 0 {
				out <- x
			}
		}
		close(out)
	}()
	return out
}

func differences(items <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		last := 0
		for x := range items {
			out <- x - last
			last = x
		}
		close(out)
	}()
	return out
}

func clamp(items <-chan int, low, high int) <-chan int {
	out := make(chan int)
	go func() {
		for x := range items {
			if x < low {
				x = low
			} else if x > high {
				x = high
			}
			out <- x
		}
		close(out)
	}()
	return out
}

func main() {
	total := 0
	for x := range clamp(differences(dropMultiples(scale(source(size()), 3), 7)), -50000, 60000) {
		total += x
	}
	fmt.Println("checksum", total)
}
