package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// loopback is where everything listens, and where the functions go.
const loopback = "127.0.0.1"

// port is a port that is listened on, on loopback and perhaps on a further address.
type port []net.Listener

// listen takes a port that is free on loopback and, where one is given, on the further address too, until the stack is closed.
func (s *Stack) listen(ctx context.Context, further string) (taken port, err error) {
	const attempts = 20 // a port that is free on one address may be taken on the other
	for range attempts {
		if taken, err = listenOnce(ctx, further); err == nil {
			break
		}
	}

	s.closers = append(s.closers, func() error {
		for _, listener := range taken {
			_ = listener.Close() // a server may have closed it
		}

		return nil
	})

	return taken, err
}

func listenOnce(ctx context.Context, further string) (port, error) {
	var listening net.ListenConfig

	first, err := listening.Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", loopback, err)
	}

	if further == "" || further == loopback {
		return port{first}, nil
	}

	_, number, _ := net.SplitHostPort(first.Addr().String()) // a listener's own address has a port

	second, err := listening.Listen(ctx, "tcp", net.JoinHostPort(further, number))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s, port %s: %w", further, number, err), first.Close())
	}

	return port{first, second}, nil
}

// url is the port's address on loopback.
func (p port) url() string { return "http://" + p[0].Addr().String() }

func (s *Stack) serve(at port, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}

	var serving sync.WaitGroup
	for _, listener := range at {
		serving.Go(func() { _ = server.Serve(listener) }) // ends with Close, and with nothing else that matters
	}

	s.closers = append(s.closers, func() error {
		err := server.Close()
		serving.Wait()

		return err
	})
}
