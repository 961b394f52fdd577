package lambdasim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

const (
	// maxPayload is Lambda's limit of a synchronous request, 6 MB.
	maxPayload = 6 << 20
	// maxResponse is the limit of a response: Lambda grants it a hundred bytes more.
	maxResponse = maxPayload + 100
)

// runtimeAPI is the Runtime API of one environment, version 2018-06-01, on a loopback port of its own.
type runtimeAPI struct {
	listener net.Listener
	server   *http.Server
	served   sync.WaitGroup
	process  *process
	// work hands an invocation to the process; nobody receives while the process is busy.
	work chan *invocation
	// ready is closed when the process asks for its first invocation.
	ready chan struct{}

	mu      sync.Mutex
	asked   bool
	current *invocation
	failure []byte
}

func newRuntimeAPI(ctx context.Context) (*runtimeAPI, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime api: %w", err)
	}

	return &runtimeAPI{listener: listener, work: make(chan *invocation), ready: make(chan struct{})}, nil
}

func (a *runtimeAPI) address() string { return a.listener.Addr().String() }

// serve answers process until close. What it asks before is kept waiting by the listener.
func (a *runtimeAPI) serve(p *process) {
	a.process = p

	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.invocationError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.initError)
	mux.HandleFunc("POST /2020-01-01/extension/register", a.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", a.event)

	a.server = &http.Server{Handler: mux} //nolint:gosec // the one client is a child process, and it polls without end
	a.served.Go(func() { _ = a.server.Serve(a.listener) })
}

func (a *runtimeAPI) close() {
	if a.server != nil {
		_ = a.server.Close()
	}
	a.listener.Close()
	a.served.Wait()
}

// initFailure returns the document that the runtime posted to init/error, or nil.
func (a *runtimeAPI) initFailure() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()

	return a.failure
}

// next ends the invocation that was answered, and waits for another one.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	if !a.turn() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has not been answered yet")

		return
	}

	select {
	case inv := <-a.work:
		a.mu.Lock()
		a.current = inv
		a.mu.Unlock()
		handOut(w, inv)
	case <-r.Context().Done():
	case <-a.process.exited:
	}
}

// turn moves from one invocation to the next, and reports false where the current one has no answer yet.
func (a *runtimeAPI) turn() bool {
	a.mu.Lock()
	defer a.mu.Unlock()

	if a.current != nil {
		if a.current.answered() == nil {
			return false
		}
		close(a.current.finished)
		a.current = nil
	}
	if !a.asked {
		a.asked = true
		close(a.ready)
	}

	return true
}

func handOut(w http.ResponseWriter, inv *invocation) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
	header.Set("Lambda-Runtime-Trace-Id", inv.trace)
	if inv.clientContext != "" {
		header.Set("Lambda-Runtime-Client-Context", inv.clientContext)
	}
	_, _ = w.Write(inv.payload)
}

// response takes what the handler returned.
func (a *runtimeAPI) response(w http.ResponseWriter, r *http.Request) {
	inv := a.addressed(w, r)
	if inv == nil {
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponse))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		message := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)
		inv.answer(reply{body: errorDocument(typeResponseTooLarge, message), errorType: typeResponseTooLarge})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", message)

		return
	}
	if err != nil {
		return // the process died while it answered: its end tells the outcome
	}

	// The Go runtime announces in a trailer that the response's reader failed half-way.
	if errorType := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); errorType != "" {
		message := "the response's reader failed before its end"
		a.accept(w, inv, reply{body: errorDocument(errorType, message), errorType: errorType})

		return
	}
	a.accept(w, inv, reply{body: body})
}

// invocationError takes the error document of a handler that failed.
func (a *runtimeAPI) invocationError(w http.ResponseWriter, r *http.Request) {
	inv := a.addressed(w, r)
	if inv == nil {
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponse))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidErrorDocument", "the error document cannot be read")

		return
	}
	a.accept(w, inv, reply{body: body, errorType: errorTypeOf(body)})
}

// initError takes the error document of a runtime that could not come up.
func (a *runtimeAPI) initError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponse))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidErrorDocument", "the error document cannot be read")

		return
	}

	a.mu.Lock()
	a.failure = bytes.Clone(body)
	a.mu.Unlock()
	accepted(w)
}

// register takes an extension within the function's own process. aws-lambda-go registers one for no event at all, as Lambda
// sends SIGTERM to functions with an extension alone; that nobody is sent events is so no loss.
func (a *runtimeAPI) register(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Lambda-Extension-Identifier", newUUID())
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// event waits for an event, which never comes.
func (a *runtimeAPI) event(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-a.process.exited:
	}
}

// addressed returns the current invocation if the request names it; else it has answered the request and returns nil.
func (a *runtimeAPI) addressed(w http.ResponseWriter, r *http.Request) *invocation {
	a.mu.Lock()
	current := a.current
	a.mu.Unlock()

	if current == nil || current.id != r.PathValue("id") {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "no invocation of this id is running")

		return nil
	}

	return current
}

func (a *runtimeAPI) accept(w http.ResponseWriter, inv *invocation, r reply) {
	// A process that panicked ends right after this request, so now is the time to look. One that took too much memory would
	// not have lived to answer.
	if !a.process.withinMemory() {
		return
	}

	if !inv.answer(r) {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has been answered already")

		return
	}
	accepted(w)
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorDocument(errorType, message))
}
