package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// exporter is a Lambda endpoint whose function export-users completes an export in its third invocation.
func exporter(t *testing.T) (url string) {
	t.Helper()
	invocations := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			ExportID string `json:"export_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil || r.URL.Path != "/2015-03-31/functions/export-users/invocations" {
			http.NotFound(w, r)
			return
		}

		invocations++ // one after the other
		answer := map[string]any{
			"export_id": event.ExportID, "listing": "users", "status": "continue", "reason": "budget", "wait_seconds": 0,
			"pages": invocations, "records": 100 * invocations, "parts": invocations, "next_page_uri": "/next", "location": "s3://b/p", "manifest": "",
		}
		if invocations == 3 {
			answer["status"], answer["reason"], answer["manifest"] = "complete", "end", "s3://b/"+event.ExportID
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)

	return server.URL
}

func TestDriveInvokesUntilTheExportIsCompleteOrSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	mine := write(t, "event.json", `{"export_id":"mine"}`)

	for name, test := range map[string]struct {
		region      string
		arguments   []string
		printed     string // in the result
		invocations int
		refused     string
	}{
		"a whole export":   {"eu-central-1", []string{"-event", mine}, `"manifest":"s3://b/mine"`, 3, ""},
		"an argument":      {"eu-central-1", []string{"export-users"}, "", 0, "is no option"},
		"no such file":     {"eu-central-1", []string{"-event", "none.json"}, "", 0, "read the event"},
		"no such function": {"eu-central-1", []string{"-function", "nobody"}, "", 0, "goes on where it stands"},
		"no region":        {"", nil, "", 0, "AWS_REGION"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := start(t, "", []string{
				"AWS_ENDPOINT_URL=" + exporter(t), "AWS_REGION=" + test.region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
				"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
			}, append([]string{"drive"}, test.arguments...)...).ended(t)
			if (code == 0) != (test.refused == "") || !strings.Contains(stderr, test.refused) || !strings.Contains(stdout, test.printed) {
				t.Errorf("ended with %d, printed %q and said %q", code, stdout, stderr)
			}

			if got := strings.Count("\n"+stderr, "\ninvocation "); got != test.invocations {
				t.Errorf("%d invocations are printed, want %d:\n%s", got, test.invocations, stderr)
			}
		})
	}
}
