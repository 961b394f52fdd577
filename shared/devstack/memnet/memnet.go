// Package memnet is a network in memory for tests under virtual time: the clock of testing/synctest moves only when every goroutine is
// blocked on something of the bubble, and a [net.Pipe] is that, while a socket is not. Real servers and the real AWS SDK run over it.
package memnet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"genesys-cloud-export/shared/transport"
)

// Network is a set of addresses that are served. The zero value is not usable; see [New].
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// New returns a network on which nobody listens yet.
func New() *Network {
	return &Network{listeners: make(map[string]*listener)}
}

// Serve runs handler on "host:port" until stop is called, which closes every connection and waits. A taken address is an error.
func (n *Network) Serve(address string, handler http.Handler) (stop func(), err error) {
	l := &listener{network: n, address: address, accepted: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.listeners[address]; taken {
		return nil, fmt.Errorf("listen on %s: the address is in use", address)
	}
	n.listeners[address] = l
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

// DialContext connects to whoever listens on address; it has the shape that [http.Transport] asks for.
func (n *Network) DialContext(_ context.Context, _, address string) (net.Conn, error) {
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
	}
}

// Transport returns a new transport that dials on this network and knows no proxy. The caller closes its idle connections.
func (n *Network) Transport() *http.Transport {
	return &http.Transport{DialContext: n.DialContext}
}

// Carry has a client of shared/transport dial on this network, past any proxy. The caller closes its idle connections.
func (n *Network) Carry(client *http.Client) (*http.Client, error) {
	t, ok := client.Transport.(*transport.Transport)
	if !ok {
		return nil, fmt.Errorf("carry a client whose transport is a %T: it is not shared/transport's", client.Transport)
	}
	t.Proxy, t.DialContext = nil, n.DialContext

	return client, nil
}

// listener implements [net.Listener] for one server, which closes it once.
type listener struct {
	network  *Network
	address  string
	accepted chan net.Conn
	closed   chan struct{}
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
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	close(l.closed)
	delete(l.network.listeners, l.address)

	return nil
}

func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: l.address, Net: "memory"} }
