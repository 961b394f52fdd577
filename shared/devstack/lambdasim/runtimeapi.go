package lambdasim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Error types as Lambda names them.
const (
	typeTimedOut   = "Sandbox.Timedout"
	typeExit       = "Runtime.ExitError"
	typeEntrypoint = "Runtime.InvalidEntrypoint"
)

// invocation is one call of a function. It is handed to one process at most.
type invocation struct {
	id, arn string
	payload []byte
	// timeout is set before it is handed out; its time counts from then.
	timeout time.Duration
	// answer is the first that the runtime posted.
	answer atomic.Pointer[reply]
	// finished is closed once the runtime has answered and asked for the next invocation.
	finished chan struct{}
}

// reply is what a caller gets: a result, or a document that tells of the failure.
type reply struct {
	body   []byte
	failed bool
}

func newInvocation(id, arn string, payload []byte) *invocation {
	return &invocation{id: id, arn: arn, payload: payload, finished: make(chan struct{})}
}

// failed is a reply of Lambda's own.
func failed(inv *invocation, errorType, message string) reply {
	return reply{body: errorDocument(errorType, fmt.Sprintf("RequestId: %s Error: %s", inv.id, message)), failed: true}
}

func timedOut(inv *invocation, after time.Duration) reply {
	return failed(inv, typeTimedOut, fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds()))
}

// errorDocument encodes an error as a runtime posts it.
func errorDocument(errorType, message string) []byte {
	document, err := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message})
	if err != nil {
		panic("encode two strings: " + err.Error())
	}

	return document
}

// runtimeAPI is the Runtime API of one environment, version 2018-06-01, on a loopback port of its own.
type runtimeAPI struct {
	address string
	server  *http.Server
	served  sync.WaitGroup
	// work hands an invocation to the process; nobody receives while the process comes up or is busy.
	work chan *invocation
	// current is what the process is at.
	current atomic.Pointer[invocation]
}

func newRuntimeAPI(ctx context.Context) (*runtimeAPI, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime api: %w", err)
	}

	a := &runtimeAPI{address: listener.Addr().String(), work: make(chan *invocation)}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.take(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.take(true))
	mux.HandleFunc("POST /2020-01-01/extension/register", register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

	a.server = &http.Server{Handler: mux} //nolint:gosec // the one client is a child process, and it polls without end
	a.served.Go(func() { _ = a.server.Serve(listener) })

	return a, nil
}

func (a *runtimeAPI) close() {
	_ = a.server.Close()
	a.served.Wait()
}

// next ends the invocation that was answered, and waits for another one.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	if done := a.current.Load(); done != nil {
		if done.answer.Load() == nil {
			refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has not been answered yet")

			return
		}
		a.current.Store(nil)
		close(done.finished)
	}

	select {
	case inv := <-a.work:
		a.current.Store(inv)
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(inv.timeout).UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
		_, _ = w.Write(inv.payload)
	case <-r.Context().Done():
	}
}

// take returns the handler of what the function answered: its result, or the document of its error.
func (a *runtimeAPI) take(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		inv := a.current.Load()
		if inv == nil || inv.id != r.PathValue("id") {
			refuse(w, http.StatusBadRequest, "InvalidRequestID", "no invocation of this id is running")

			return
		}

		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the process died while it answered: its end tells the outcome
		}
		if !inv.answer.CompareAndSwap(nil, &reply{body: body, failed: failed}) {
			refuse(w, http.StatusForbidden, "InvalidStateTransition", "the invocation has been answered already")

			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// register takes an extension within the function's own process. aws-lambda-go registers one for no event at all, as Lambda
// sends SIGTERM to functions with an extension alone; so nothing is lost where the next event never comes.
func register(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Lambda-Extension-Identifier", newUUID())
	_, _ = io.WriteString(w, "{}")
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.WriteHeader(status)
	_, _ = w.Write(errorDocument(errorType, message))
}
