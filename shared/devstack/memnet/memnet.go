// Package memnet is a network in memory: listeners and connections made of [net.Pipe], which block on channels alone.
//
// It exists for tests under virtual time. Inside a bubble of testing/synctest the clock moves only when every goroutine
// is blocked on something of that bubble; a socket is not, a pipe is. So real HTTP servers and the real AWS SDK run over
// this network while an hour of waiting takes no time at all.
package memnet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"genesys-cloud-export/shared/transport"
)

// Network is a set of addresses that are listened on. The zero value is not usable; see [New].
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// New returns a network on which nobody listens yet.
func New() *Network {
	return &Network{listeners: make(map[string]*listener)}
}

// Listen accepts connections to address, "host:port" as a client dials it. A taken address is an error.
func (n *Network) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()

	if _, taken := n.listeners[address]; taken {
		return nil, fmt.Errorf("listen on %s: the address is in use", address)
	}

	l := &listener{network: n, address: address, accepted: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l

	return l, nil
}

// DialContext connects to whoever listens on address; it has the shape that [http.Transport] asks for.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l, found := n.listeners[address]
	n.mu.Unlock()

	if !found {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: fmt.Errorf("nobody listens on %s", address)}
	}

	client, server := net.Pipe()
	select {
	case l.accepted <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Transport returns a new transport that dials on this network and knows no proxy. The caller closes its idle connections.
func (n *Network) Transport() *http.Transport {
	return &http.Transport{DialContext: n.DialContext}
}

// Carry has a client of shared/transport dial on this network, past any proxy. The caller closes its idle connections.
func (n *Network) Carry(client *http.Client) (*http.Client, error) {
	own, ok := client.Transport.(*transport.Transport)
	if !ok {
		return nil, fmt.Errorf("carry a client whose transport is a %T: it is not shared/transport's", client.Transport)
	}

	own.Proxy, own.DialContext = nil, n.DialContext

	return client, nil
}

// Serve runs handler on address until the returned function is called, which closes every connection and waits.
func (n *Network) Serve(address string, handler http.Handler) (stop func(), err error) {
	l, err := n.Listen(address)
	if err != nil {
		return nil, err
	}

	server := &http.Server{Handler: handler} //nolint:gosec // no slow client reaches a network in memory
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()

	return func() {
		_ = server.Close()
		<-done
	}, nil
}

type listener struct {
	network  *Network
	address  string
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		delete(l.network.listeners, l.address)
		l.network.mu.Unlock()
	})

	return nil
}

func (l *listener) Addr() net.Addr { return address(l.address) }

type address string

func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }
