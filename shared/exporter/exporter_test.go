package exporter_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noNetwork fails the test as soon as anything is sent.
type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request was sent to %s", r.URL.Host)
	return nil, http.ErrServerClosed
}

// offline is a process that must send nothing: how the runtime reports its answer to an event, and what it prints.
func offline(t *testing.T, environ ...string) (refused func(payload string) messages.InvokeResponse_Error, out *bytes.Buffer) {
	t.Helper()

	out = &bytes.Buffer{}
	client := &http.Client{Transport: noNetwork{t}}
	cloud := aws.Config{Region: "eu-central-1", HTTPClient: client, Credentials: aws.AnonymousCredentials{}}
	h := exporter.Load(&invocation.Process{Environ: environ, Cloud: cloud, HTTP: client, Out: out, Logger: slog.New(slog.NewJSONHandler(out, nil))}, genesys.Users(http.MethodGet))

	return func(payload string) messages.InvokeResponse_Error {
		t.Helper()

		result, err := h.Invoke(t.Context(), []byte(payload))
		if result != nil {
			t.Errorf("answered %s", result)
		}

		return reported(t, err)
	}, out
}

// What each problem says is a test of shared/settings.
func TestABadConfigurationAnswersEveryEventAndSendsNothing(t *testing.T) {
	t.Parallel()

	refused, out := offline(t, "EXPORT_BUCKET=canary_bucket")

	// The process lives on, and whatever it is asked, it says the same.
	for _, payload := range []string{`{}`, `{"export_id":"a"}`, `not an event`, ``} {
		got := refused(payload)
		for _, variable := range []string{"EXPORT_BUCKET", "GENESYS_ENVIRONMENT", "TOKEN_PARAMETER_NAME"} {
			if got.Type != string(failure.InvalidConfiguration) || !strings.Contains(got.Message, variable) {
				t.Errorf("event %q: got %s: %s, want %s naming %s", payload, got.Type, got.Message, failure.InvalidConfiguration, variable)
			}
		}
	}

	if strings.Contains(out.String(), "canary") {
		t.Errorf("the output repeats the variables: %s", out)
	}
}

func TestAWrongEventIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()

	refused, out := offline(t, "GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/genesys/token", "EXPORT_BUCKET=exports-of-acme")

	for payload, field := range map[string]string{
		`{"export_id":"../a"}`: "export_id", `{"expand":"groups"}`: "expand", `{"pageSize":1}`: "pageSize", `{"listing":"queues"}`: "listing", `[]`: "event",
		`{}`: "export_id", // nor has the invocation a request id
	} {
		got := refused(payload)
		if got.Type != string(failure.InvalidInput) || !strings.Contains(got.Message, field) {
			t.Errorf("%s: got %s: %s, want %s naming %s", payload, got.Type, got.Message, failure.InvalidInput, field)
		}
	}

	if strings.Contains(out.String(), "_aws") {
		t.Errorf("metrics were written for events that were refused: %s", out)
	}
}

func TestTheSettingsStandInTheManifest(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		variables   []string
		environment string
		pageSize    int
	}{
		"a domain":                    {[]string{"GENESYS_ENVIRONMENT=mypurecloud.de"}, "mypurecloud.de", 100},
		"a region becomes a domain":   {[]string{"GENESYS_ENVIRONMENT=us-west-2"}, "usw2.pure.cloud", 100},
		"an address without a domain": {[]string{"EXPORT_PAGE_SIZE=25"}, genesysHost, 25},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, genesyssim.Config{Users: 3})
			manifest := w.manifest(w.invoke(w.process(test.variables...), time.Minute, `{"export_id":"settings"}`))

			if manifest.Environment != test.environment || manifest.Query.PageSize != test.pageSize ||
				!strings.HasPrefix(manifest.Generator, "genesys-cloud-export ") {
				t.Errorf("the manifest says %+v, want environment %s and page size %d", manifest, test.environment, test.pageSize)
			}
		})
	}
}

func TestBothDialectsExportTheSame(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, thousand())

		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w.wantUsers(1_000, w.invoke(w.processOf([]genesys.Definition{genesys.Users(method)}), time.Minute,
				`{"export_id":"by-`+method+`","state":"any","expand":["groups","skills"],"sort_order":"DESC"}`))

			if got := w.genesys.Stats().Requests[method+" "+usersPath]; got != 10 {
				t.Errorf("%s: %d requests, want 10", method, got)
			}
		}
	})
}

func TestInvariant10AStoreThatHangsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const length = 30 * time.Second

		w := newWorld(t, thousand())
		w.front = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/part-") {
				return false
			}

			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()

			return true
		}

		begun := time.Now()
		w.fail(w.process(), length, "StorageUnavailable", "")

		if took := time.Since(begun); took >= length {
			t.Errorf("the end came after %s of %s", took, length)
		}
	})
}

func TestABudgetThatEndsIsNoFailure(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		variable    string
		faults      []genesyssim.Fault
		least, most int64 // pages, of a quarter of a second each
	}{
		"while the rotator works":  {asksRotator, []genesyssim.Fault{{Path: usersPath, Nth: 70, Action: genesyssim.ActionRevokeToken}}, 60, 70},
		"before a reserve of 10 s": {"EXPORT_TIME_RESERVE_SECONDS=10", nil, 75, 80},
		"before a reserve of 1 s":  {"EXPORT_TIME_RESERVE_SECONDS=1", nil, 110, 116},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, genesyssim.Config{Users: 2_000, Seed: 1, Latency: 250 * time.Millisecond, Faults: test.faults})
			w.rotator = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

			result := w.invoke(w.process(test.variable), 30*time.Second, `{"state":"any","page_size":10}`)
			if result.Reason != export.ReasonBudget || result.Pages < test.least || result.Pages > test.most {
				t.Errorf("got %+v; want what was read committed, and to go on later", result)
			}
		})
	}
}
