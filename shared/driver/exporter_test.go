package driver_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"go.uber.org/goleak"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/driver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is how the function, or Lambda in its place, answers one call.
type answer struct {
	// status is 200 where it is 0.
	status int
	// failed sets the header that tells of a function error.
	failed bool
	// code is the type of an error of Lambda's own.
	code string
	body string
	// takes is how long the invocation runs.
	takes time.Duration
	// broken ends the connection instead of answering; cut ends it in the middle of the body.
	broken, cut bool
}

// call is one invocation that arrived.
type call struct {
	After time.Duration
	Path  string
	Event string
}

// function is a Lambda endpoint with one function, which answers by a script. In a body EXPORT_ID stands for the id that
// the event names. Calls beyond the script get its last answer.
type function struct {
	script []answer

	mu    sync.Mutex
	began time.Time
	calls []call
	ids   []string
}

func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, _ := io.ReadAll(r.Body)
	var named struct {
		ExportID string `json:"export_id"`
	}
	_ = json.Unmarshal(event, &named)

	f.mu.Lock()
	a := f.script[min(len(f.calls), len(f.script)-1)]
	f.calls = append(f.calls, call{After: time.Since(f.began), Path: r.URL.Path, Event: string(event)})
	f.ids = append(f.ids, named.ExportID)
	f.mu.Unlock()

	select {
	case <-time.After(a.takes):
	case <-r.Context().Done():
		return
	}

	body := strings.ReplaceAll(a.body, "EXPORT_ID", named.ExportID)
	switch {
	case a.broken:
		panic(http.ErrAbortHandler)
	case a.cut:
		w.Header().Set("Content-Length", "100000")
	case a.failed:
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	case a.code != "":
		w.Header().Set("X-Amzn-ErrorType", a.code)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = io.WriteString(w, body)
}

func (f *function) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.calls
}

// times are the moments of the calls, from the beginning.
func (f *function) times() []time.Duration {
	var times []time.Duration
	for _, c := range f.seen() {
		times = append(times, c.After)
	}

	return times
}

// drive runs test under virtual time, with a driver whose SDK client calls f.
func drive(t *testing.T, f *function, config driver.Config, test func(t *testing.T, d *driver.Driver)) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		stop, err := network.Serve("lambda.test:80", f)
		if err != nil {
			t.Fatal(err)
		}
		transport := network.Transport()
		defer stop()
		defer transport.CloseIdleConnections()

		f.began = time.Now()
		test(t, driver.New(lambda.New(lambda.Options{
			Region:       "local",
			BaseEndpoint: aws.String("http://lambda.test:80"),
			Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
			HTTPClient:   &http.Client{Transport: transport},
		}), config))
	})
}

// result is a reply that keeps the contract, with some fields replaced.
func result(fields map[string]any) string {
	whole := map[string]any{
		"export_id": "EXPORT_ID", "listing": "users", "status": "continue", "reason": "budget", "wait_seconds": 0,
		"pages": 2, "records": 200, "parts": 1, "next_page_uri": "/api/v2/users/query?cursor=2",
		"location": "s3://bucket/exports/users/export_id=EXPORT_ID/", "manifest": "",
	}
	for key, value := range fields {
		if value == nil {
			delete(whole, key)
		} else {
			whole[key] = value
		}
	}
	encoded, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}

	return string(encoded)
}

func complete() answer {
	return answer{body: result(map[string]any{
		"status": "complete", "reason": "end", "pages": 3, "records": 250, "parts": 2, "next_page_uri": "",
		"manifest": "s3://bucket/exports/_state/users/EXPORT_ID/manifest.json",
	})}
}

func goOn(reason string, wait int) answer {
	return answer{body: result(map[string]any{"reason": reason, "wait_seconds": wait})}
}

func failure(errorType string) answer {
	return answer{failed: true, body: `{"errorType":"` + errorType + `","errorMessage":"of the test"}`}
}

func asError[E error](err error, target *E) bool { return errors.As(err, target) }
