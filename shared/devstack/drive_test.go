package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exporter is a Lambda endpoint with a function whose export takes three invocations; it keeps the events that it was sent.
func exporter(t *testing.T) (events *[]string) {
	t.Helper()

	events = new([]string)

	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			ExportID string `json:"export_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil || r.URL.Path != "/2015-03-31/functions/export-users/invocations" {
			http.NotFound(w, r)

			return
		}

		mu.Lock()
		defer mu.Unlock()

		*events = append(*events, event.ExportID)
		answer := map[string]any{
			"export_id": event.ExportID, "listing": "users", "status": "continue", "reason": "budget", "wait_seconds": 0,
			"pages": len(*events), "records": 100 * len(*events), "parts": len(*events), "next_page_uri": "/next", "location": "s3://b/p", "manifest": "",
		}
		if len(*events) == 3 {
			answer["status"], answer["reason"], answer["manifest"] = "complete", "end", "s3://b/m"
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)

	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}

	return events
}

//nolint:paralleltest // AWS's configuration is the process's environment
func TestDriveInvokesUntilTheExportIsComplete(t *testing.T) {
	events := exporter(t)

	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"export_id":"mine"}`), 0o600); err != nil {
		t.Fatal(err)
	}

	var stdout, stderr strings.Builder
	if err := runDrive(t.Context(), []string{"-event", event}, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{"mine", "mine", "mine"}, *events); diff != "" {
		t.Errorf("the exports that were asked for (-want +got):\n%s", diff)
	}

	var result map[string]any
	if err := json.Unmarshal([]byte(stdout.String()), &result); err != nil || result["manifest"] != "s3://b/m" {
		t.Errorf("stdout is %q", stdout.String())
	}

	if got := strings.Count(stderr.String(), "invocation "); got != 3 {
		t.Errorf("%d invocations are printed, want 3:\n%s", got, stderr.String())
	}
}

//nolint:paralleltest // AWS's configuration is the process's environment
func TestDriveRefusesWhatItCannotDo(t *testing.T) {
	exporter(t)

	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"an argument":      {[]string{"export-users"}, "is no option"},
		"no such file":     {[]string{"-event", "none.json"}, "read the event"},
		"no such function": {[]string{"-function", "nobody"}, "goes on where it stands"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			if err := runDrive(t.Context(), test.arguments, &stdout, &stderr); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that has %q", err, test.want)
			}
		})
	}

	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")

	var stdout, stderr strings.Builder
	if err := runDrive(t.Context(), nil, &stdout, &stderr); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: got %v", err)
	}
}
