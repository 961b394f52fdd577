package rotatorclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
)

// front is Lambda's invoke endpoint; it answers as it is told.
type front struct {
	answer http.HandlerFunc

	mu       sync.Mutex
	payloads []string
	paths    []string
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}

	f.mu.Lock()
	f.payloads = append(f.payloads, string(payload))
	f.paths = append(f.paths, r.Method+" "+r.URL.Path)
	f.mu.Unlock()

	f.answer(w, r)
}

// events are the payloads of the requests so far.
func (f *front) events() []string {
	f.mu.Lock()
	defer f.mu.Unlock()

	return slices.Clone(f.payloads)
}

// refuse answers as Lambda does where it invokes nothing.
func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprint(w, `{"Type":"User","message":"canary arn:aws:lambda:eu-central-1:123456789012:function:rotator"}`)
	}
}

// fail answers as Lambda does where the function returned an error.
func fail(payload string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprint(w, payload)
	}
}

// serve must be called inside a bubble. The client has the stores' retry policy, which Ask has to switch off.
func serve(t *testing.T, answer http.HandlerFunc) (*front, *rotatorclient.Client) {
	t.Helper()

	f := &front{answer: answer}
	network := memnet.New()
	stop, err := network.Serve("lambda.test:80", f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	client := lambda.New(lambda.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://lambda.test"), Retryer: awsapi.NewRetryer(),
		HTTPClient: &http.Client{Transport: network.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "canary"}, nil
		}),
	})

	return f, rotatorclient.New(client, "stack-rotator")
}

func TestAskSendsTheEventOfTheContract(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, client := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"rotated":true}`) })

		for _, rejected := range []int64{0, 1, 9_007_199_254_740_993} {
			if err := client.Ask(t.Context(), rejected); err != nil {
				t.Errorf("ask with %d: %v", rejected, err)
			}
		}

		want := []string{`{}`, `{"rejected_version":1}`, `{"rejected_version":9007199254740993}`}
		if diff := cmp.Diff(want, f.events()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if got := f.paths[0]; got != "POST /2015-03-31/functions/stack-rotator/invocations" {
			t.Errorf("the request was %s", got)
		}
	})
}

func TestR21ABusyRotatorIsToldAtOnceAndAskedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, client := serve(t, refuse(http.StatusTooManyRequests, "TooManyRequestsException"))
		began := time.Now()

		err := client.Ask(t.Context(), 3)

		if !errors.Is(err, token.ErrRotatorBusy) {
			t.Errorf("got error %v, want that the rotator is busy", err)
		}
		if took := time.Since(began); len(f.events()) != 1 || took != 0 {
			t.Errorf("%d requests in %s, want one and no wait: the caller looks around first", len(f.events()), took)
		}
	})
}

func TestAFailedRotatorIsNamedByItsErrorTypeAlone(t *testing.T) {
	t.Parallel()

	const untyped = "it answered with an error of no type"

	for name, test := range map[string]struct{ payload, want string }{
		"a failure of the contract": {`{"errorMessage":"canary","errorType":"InvalidCredentials"}`, "InvalidCredentials"},
		"a timeout":                 {`{"errorType":"Sandbox.Timedout","errorMessage":"canary"}`, "Sandbox.Timedout"},
		"a Go type":                 {`{"errorType":"*errors.errorString","errorMessage":"canary"}`, "*errors.errorString"},
		"a timeout of old":          {`{"errorMessage":"canary Task timed out after 30.00 seconds"}`, untyped},
		"a type that is a text":     {`{"errorType":"canary of 12 words"}`, untyped},
		"a type of two lines":       {`{"errorType":"canary\nlevel=ERROR"}`, untyped},
		"a type too long":           {`{"errorType":"canary` + strings.Repeat("x", 80) + `"}`, untyped},
		"no JSON":                   {`canary`, untyped},
		"nothing":                   {``, untyped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, client := serve(t, fail(test.payload))

				err := client.Ask(t.Context(), 0)

				if err == nil || err.Error() != test.want {
					t.Errorf("got error %v, want %s", err, test.want)
				}
				if len(f.events()) != 1 {
					t.Errorf("the rotator was asked %d times, want once", len(f.events()))
				}
			})
		})
	}
}

func TestARotatorThatCannotBeInvokedIsNotAskedAgain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer http.HandlerFunc
		part   string
	}{
		"denied":       {refuse(http.StatusForbidden, "AccessDeniedException"), "access was denied"},
		"not there":    {refuse(http.StatusNotFound, "ResourceNotFoundException"), "ROTATOR_FUNCTION_NAME"},
		"out of order": {refuse(http.StatusInternalServerError, "ServiceException"), "ServiceException"},
		"silent":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "could not be reached"},
		"hanging":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, client := serve(t, test.answer)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()

				err := client.Ask(ctx, 0)

				if err == nil || errors.Is(err, token.ErrRotatorBusy) {
					t.Fatalf("got error %v, want a failure", err)
				}
				if !strings.Contains(err.Error(), "could not be invoked") || !strings.Contains(err.Error(), test.part) {
					t.Errorf("error %v, want %q in it", err, test.part)
				}
				if strings.Contains(err.Error(), "arn:") || strings.Contains(err.Error(), "canary") {
					t.Errorf("the error shows what Lambda said: %v", err)
				}
				if len(f.events()) != 1 {
					t.Errorf("Lambda was asked %d times, want once", len(f.events()))
				}
			})
		})
	}
}
