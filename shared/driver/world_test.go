package driver_test

import (
	"encoding/json"
	"io"
	"maps"
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
	status      int    // 0 is 200
	failed      bool   // the header says that the function failed
	code        string // an error of Lambda's own
	body        string // EXPORT_ID is replaced by the id that the event names
	takes       time.Duration
	broken, cut bool // the connection ends before the reply, or in the middle of it
}

// call is one invocation that arrived.
type call struct {
	After time.Duration
	Event string
}

// function is a Lambda endpoint with one function, which answers by a script, the last answer for ever.
type function struct {
	script []answer
	began  time.Time

	mu    sync.Mutex
	calls []call
}

func (f *function) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.calls
}

func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, _ := io.ReadAll(r.Body)

	var named struct {
		ExportID string `json:"export_id"`
	}
	_ = json.Unmarshal(event, &named)

	f.mu.Lock()
	a := f.script[min(len(f.calls), len(f.script)-1)]
	f.calls = append(f.calls, call{time.Since(f.began), string(event)})
	f.mu.Unlock()

	select {
	case <-time.After(a.takes):
	case <-r.Context().Done():
		return
	}

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
	_, _ = io.WriteString(w, strings.ReplaceAll(a.body, "EXPORT_ID", named.ExportID))
}

// drive runs test under virtual time, with a driver whose SDK client calls a function that answers by the script.
func drive(t *testing.T, config driver.Config, script []answer, test func(t *testing.T, d *driver.Driver, f *function)) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		f := &function{script: script, began: time.Now()}
		network := memnet.New()
		stop, err := network.Serve("lambda.test:80", f)
		if err != nil {
			t.Fatal(err)
		}
		transport := network.Transport()
		defer stop()
		defer transport.CloseIdleConnections()

		test(t, driver.New(lambda.New(lambda.Options{
			Region:       "local",
			BaseEndpoint: aws.String("http://lambda.test:80"),
			Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
			HTTPClient:   &http.Client{Transport: transport},
		}), config), f)
	})
}

// order is an export's request, named e-1.
func order() driver.Request {
	return driver.Request{FunctionName: "export-users", Event: json.RawMessage(`{"state":"canary","export_id":"e-1"}`)}
}

// result is a reply by the contract, with some fields replaced.
func result(fields map[string]any) answer {
	whole := map[string]any{
		"export_id": "EXPORT_ID", "listing": "users", "status": "continue", "reason": "budget", "wait_seconds": 0,
		"pages": 2, "records": 200, "parts": 1, "next_page_uri": "/api/v2/users/query?cursor=2",
		"location": "s3://bucket/exports/users/export_id=EXPORT_ID/", "manifest": "",
	}
	maps.Copy(whole, fields)
	encoded, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}

	return answer{body: string(encoded)}
}

func complete() answer {
	return result(map[string]any{
		"status": "complete", "reason": "end", "pages": 3, "records": 250, "next_page_uri": "", "manifest": "s3://bucket/manifest.json", "new": 1,
	})
}

func goOn(reason string, wait int) answer {
	return result(map[string]any{"reason": reason, "wait_seconds": wait})
}

func failure(errorType string) answer {
	return answer{failed: true, body: `{"errorType":"` + errorType + `","errorMessage":"of the test"}`}
}
