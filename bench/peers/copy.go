// Go's io.Copy between a file, a FIFO or a port of the loopback interface and another, as a Go program would call it.
//
//	copy CPU IN OUT
//
// CPU is the processor to stay on, -1 for any. For stdin and stdout see measure.h; calls are not counted, since io.Copy
// makes them. A run is made on one locked thread, whose CPU time is taken.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

const clockThreadCputime = 3

func die(err error) {
	fmt.Printf("error: %v\n", err)
	os.Exit(1)
}

func isPort(name string) bool {
	_, err := strconv.Atoi(name)
	return err == nil
}

func open(name string, flags int) (io.ReadWriteCloser, error) {
	if isPort(name) {
		return net.Dial("tcp", "127.0.0.1:"+name)
	}
	return os.OpenFile(name, flags, 0o644)
}

func cpuNanos() int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCputime, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

func pin(cpu string) {
	n, err := strconv.Atoi(cpu)
	if err != nil || n < 0 {
		return
	}
	var mask [16]uint64
	mask[n/64] = 1 << (n % 64)
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)*8), uintptr(unsafe.Pointer(&mask)))
}

func run(in, out string) {
	source, err := open(in, os.O_RDONLY)
	if err != nil {
		die(err)
	}
	sink, err := open(out, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		die(err)
	}
	cpu, wall := cpuNanos(), time.Now()
	moved, err := io.Copy(sink, source)
	if err != nil {
		die(err)
	}
	if socket, ok := sink.(*net.TCPConn); ok {
		if err := socket.CloseWrite(); err != nil {
			die(err)
		}
		if _, err := socket.Read(make([]byte, 1)); err != nil {
			die(err)
		}
	}
	taken, cost := time.Since(wall).Nanoseconds(), cpuNanos()-cpu
	source.Close()
	sink.Close()
	fmt.Printf("%d %d %d -1 -1 -1 -1\n", moved, taken, cost)
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: copy CPU IN OUT")
		os.Exit(2)
	}
	runtime.LockOSThread()
	pin(os.Args[1])
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		run(os.Args[2], os.Args[3])
	}
}
