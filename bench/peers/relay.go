// A TCP relay as a Go programmer writes it: io.Copy, which splices between two *net.TCPConn on Linux.
//
//	relay LISTEN UPSTREAM
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func pass(from, to *net.TCPConn, done chan<- struct{}) {
	if _, err := io.Copy(to, from); err != nil {
		// A reset is passed on as one.
		to.SetLinger(0)
		from.SetLinger(0)
	}
	to.CloseWrite()
	done <- struct{}{}
}

func join(client *net.TCPConn) {
	defer client.Close()
	conn, err := net.Dial("tcp", os.Args[2])
	if err != nil {
		log.Print(err)
		return
	}
	upstream := conn.(*net.TCPConn)
	defer upstream.Close()
	done := make(chan struct{}, 2)
	go pass(client, upstream, done)
	pass(upstream, client, done)
	<-done
	<-done
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go join(client.(*net.TCPConn))
	}
}
