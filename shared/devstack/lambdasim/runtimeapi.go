package lambdasim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"
)

// invocation is one call of a function. It is handed to one process at most.
type invocation struct {
	id, arn  string
	payload  []byte
	timeout  time.Duration         // is set before it is handed out; its time counts from then
	answer   atomic.Pointer[reply] // what the runtime posted
	finished chan struct{}         // closed once the runtime has answered and asked for the next invocation
}

// reply is what a caller gets: a result, or the document of an error.
type reply struct {
	body   []byte
	failed bool
}

// end answers an invocation that has no answer yet. One counts from the moment it was posted, even if the process then died or went on
// until its deadline.
func (i *invocation) end(answer reply) { i.answer.CompareAndSwap(nil, &answer) }

// failed is a reply of Lambda's own, in the form of an error that a runtime posts.
func failed(inv *invocation, errorType, message string) reply {
	body, _ := json.Marshal(map[string]string{ //nolint:errchkjson // it is text alone
		"errorType": errorType, "errorMessage": fmt.Sprintf("RequestId: %s Error: %s", inv.id, message),
	})

	return reply{body: body, failed: true}
}

func timedOut(inv *invocation, after time.Duration) reply {
	return failed(inv, "Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds()))
}

// runtimeAPI is the Runtime API of one environment, version 2018-06-01. aws-lambda-go answers each invocation once, then asks for the
// next.
type runtimeAPI struct {
	*httptest.Server

	work    chan *invocation // to the process; nobody receives while it comes up or is busy
	current atomic.Pointer[invocation]
}

func newRuntimeAPI() *runtimeAPI {
	a := &runtimeAPI{work: make(chan *invocation)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.take(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.take(true))
	a.Server = httptest.NewServer(mux)

	return a
}

// next ends the invocation that was answered, and waits for another one.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	if done := a.current.Swap(nil); done != nil {
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
			http.Error(w, "no invocation of this id is running", http.StatusBadRequest)

			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the process died while it answered: its end is the outcome
		}
		inv.answer.Store(&reply{body: body, failed: failed})
		w.WriteHeader(http.StatusAccepted)
	}
}
