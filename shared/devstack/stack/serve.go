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

// door is a port that is listened on, on loopback and perhaps on a further address.
type door []net.Listener

// openDoor takes a port that is free on loopback and, where one is given, on the further address too.
func openDoor(ctx context.Context, further string) (door, error) {
	const attempts = 20 // a port that is free on one address may be taken on the other

	var failed error
	for range attempts {
		opened, err := listen(ctx, further)
		if err == nil {
			return opened, nil
		}

		failed = err
	}

	return nil, failed
}

func listen(ctx context.Context, further string) (door, error) {
	var listening net.ListenConfig

	first, err := listening.Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", loopback, err)
	}

	if further == "" || further == loopback {
		return door{first}, nil
	}

	_, port, err := net.SplitHostPort(first.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the address that is listened on: %w", err), first.Close())
	}

	second, err := listening.Listen(ctx, "tcp", net.JoinHostPort(further, port))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s, port %s: %w", further, port, err), first.Close())
	}

	return door{first, second}, nil
}

// url is the door's address on loopback.
func (d door) url() string { return "http://" + d[0].Addr().String() }

// close closes a door that nothing was served on.
func (d door) close() error {
	var failed error
	for _, listener := range d {
		failed = errors.Join(failed, listener.Close())
	}

	return failed
}

func (s *Stack) serve(at door, handler http.Handler) {
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
