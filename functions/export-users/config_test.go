package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

// noNetwork fails the test as soon as anything is sent.
type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request was sent to %s", r.URL.Host)
	return nil, http.ErrServerClosed
}

// offline makes a handler of environ that must send nothing, and returns it with what it writes.
func offline(t *testing.T, environ []string) (h *invocation.Handler, out *bytes.Buffer) {
	t.Helper()

	out = &bytes.Buffer{}
	client := &http.Client{Transport: noNetwork{t}}
	cloud := aws.Config{Region: "eu-central-1", HTTPClient: client, Credentials: aws.AnonymousCredentials{}}

	return newHandler(&invocation.Process{Environ: environ, Cloud: cloud, HTTP: client, Out: out, Logger: slog.New(slog.NewJSONHandler(out, nil))}), out
}

// refused invokes the handler and returns how the runtime reports its error.
func refused(t *testing.T, h *invocation.Handler, payload string) messages.InvokeResponse_Error {
	t.Helper()

	result, err := h.Invoke(t.Context(), []byte(payload))
	if result != nil {
		t.Errorf("answered %s", result)
	}

	return reported(t, err)
}

// reported is err as the runtime reports it, which takes no wrapped one.
func reported(t *testing.T, err error) messages.InvokeResponse_Error {
	t.Helper()

	if got, want := reflect.TypeOf(err), reflect.TypeFor[messages.InvokeResponse_Error](); got != want {
		t.Fatalf("got error %v of type %v, want a %v by value", err, got, want)
	}

	return err.(messages.InvokeResponse_Error) //nolint:errorlint,forcetypeassert // the runtime takes no wrapped one
}

func complete(more ...string) []string {
	return append([]string{"GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/genesys/token", "EXPORT_BUCKET=exports-of-acme"}, more...)
}

// What each problem says is a test of shared/settings.
func TestP05ABadConfigurationAnswersEveryEventWithAllProblemsAndSendsNothing(t *testing.T) {
	t.Parallel()

	const (
		because = "the function's environment variables are wrong: "
		method  = "USERS_QUERY_METHOD is neither GET nor POST"
	)

	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"several problems": {[]string{
			"GENESYS_API_URL=https://user:canary@api.acme.test", "EXPORT_BUCKET=exports-of-acme", "RATE_SHARE_PERCENT=101", "USERS_QUERY_METHOD=PUT",
		}, because +
			"GENESYS_API_URL is not usable: it holds user information: credentials belong in the secret; " +
			"RATE_SHARE_PERCENT must be from 1 to 100; TOKEN_PARAMETER_NAME is not set; " + method},
		"a method of another case": {complete("USERS_QUERY_METHOD=get"), because + method},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			h, out := offline(t, test.environ)
			want := messages.InvokeResponse_Error{Type: string(failure.InvalidConfiguration), Message: test.want}

			// The process lives on, and whatever it is asked, it says the same.
			for _, payload := range []string{`{}`, `{"export_id":"a"}`, `not an event`, ``} {
				if diff := cmp.Diff(want, refused(t, h, payload)); diff != "" {
					t.Errorf("event %q (-want +got):\n%s", payload, diff)
				}
			}

			if strings.Contains(out.String(), "canary") {
				t.Errorf("the output repeats the variables: %s", out)
			}
		})
	}
}

func TestAWrongEventIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()

	h, out := offline(t, complete())

	for payload, field := range map[string]string{
		`{"export_id":"../a"}`: "export_id", `{"page_size":0}`: "page_size", `{"expand":"groups"}`: "expand",
		`{"state":"ACTIVE"}`: "state", `{"sort_order":"UP"}`: "sort_order", `{"pageSize":1}`: "pageSize", `{"listing":"queues"}`: "listing", `[]`: "event",
		`{}`: "export_id", // nor has the invocation a request id
	} {
		got := refused(t, h, payload)
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
		variables           []string
		environment, method string
		pageSize            int
	}{
		"a domain":                    {[]string{"GENESYS_ENVIRONMENT=mypurecloud.de"}, "mypurecloud.de", http.MethodGet, 100},
		"a region becomes a domain":   {[]string{"GENESYS_ENVIRONMENT=us-west-2"}, "usw2.pure.cloud", http.MethodGet, 100},
		"the tutorial's dialect":      {[]string{"USERS_QUERY_METHOD=POST", "EXPORT_PAGE_SIZE=25"}, genesysHost, http.MethodPost, 25},
		"an address without a domain": {nil, genesysHost, http.MethodGet, 100},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, genesyssim.Config{Users: 3})
			result := w.mustInvoke(w.process(test.variables...), time.Minute, `{"export_id":"settings"}`)

			var manifest struct {
				Environment, Generator string
				Query                  struct {
					Method   string
					PageSize int `json:"page_size"`
				}
			}
			if err := json.Unmarshal(w.object(result.Manifest), &manifest); err != nil {
				t.Fatal(err)
			}

			if manifest.Environment != test.environment || manifest.Query.Method != test.method ||
				manifest.Query.PageSize != test.pageSize || manifest.Generator == "" {
				t.Errorf("the manifest says %+v, want environment %s, method %s and page size %d", manifest, test.environment, test.method, test.pageSize)
			}
		})
	}
}

// inBubble is a parallel subtest in virtual time.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}
