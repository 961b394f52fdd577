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
	"genesys-cloud-export/shared/failure"
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

// broken closes the connection without an answer.
func broken(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cut closes it within the answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"rotated":`)
	panic(http.ErrAbortHandler)
}

// hang answers nothing until the client goes.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// wantRefusal checks that the error says so and why, and shows nothing of what Lambda said.
func wantRefusal(t *testing.T, err error, part string) {
	t.Helper()

	if err == nil || errors.Is(err, token.ErrRotatorBusy) {
		t.Fatalf("got error %v, want a failure", err)
	}
	if !strings.Contains(err.Error(), "could not be invoked") || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v, want %q in it", err, part)
	}
	if strings.Contains(err.Error(), "arn:") || strings.Contains(err.Error(), "canary") {
		t.Errorf("the error shows what Lambda said: %v", err)
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

func TestABusyRotatorIsReportedAtOnceAndAskedOnce(t *testing.T) {
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

func TestACallThatLambdaRefusesIsSentOnceAndABrokenOneTwice(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer http.HandlerFunc
		calls  int
		part   string
	}{
		"denied":       {refuse(http.StatusForbidden, "AccessDeniedException"), 1, "access was denied"},
		"not there":    {refuse(http.StatusNotFound, "ResourceNotFoundException"), 1, "ROTATOR_FUNCTION_NAME"},
		"out of order": {refuse(http.StatusInternalServerError, "ServiceException"), 2, "ServiceException"},
		"no addresses": {refuse(http.StatusBadGateway, "SubnetIPAddressLimitReachedException"), 2, "SubnetIPAddressLimitReachedException"},
		"silent":       {broken, 2, "could not be reached"},
		"cut":          {cut, 2, "could not be reached"},
		"hanging":      {hang, 2, "no answer in time, also the second time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, client := serve(t, test.answer)
				began := time.Now()

				err := client.Ask(t.Context(), 0)

				wantRefusal(t, err, test.part)
				if len(f.events()) != test.calls {
					t.Errorf("Lambda was called %d times, want %d", len(f.events()), test.calls)
				}
				if took := time.Since(began); took > 81*time.Second {
					t.Errorf("it ended after %s, want twice 40 s and a pause at most", took)
				}
			})
		})
	}
}

func TestASingleBrokenCallIsSentAgain(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]http.HandlerFunc{
		"500":    refuse(http.StatusInternalServerError, "ServiceException"),
		"502":    refuse(http.StatusBadGateway, "EC2UnexpectedException"),
		"silent": broken, "cut": cut, "hanging": hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				f, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if calls++; calls == 1 {
						fault(w, r)
						return
					}
					fmt.Fprint(w, `{"rotated":true}`)
				})

				if err := client.Ask(t.Context(), 3); err != nil {
					t.Errorf("got error %v", err)
				}
				if diff := cmp.Diff([]string{`{"rejected_version":3}`, `{"rejected_version":3}`}, f.events()); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestANearerDeadlineEndsTheCallAndItsCauseDoesNotComeOut(t *testing.T) {
	t.Parallel()

	spent := errors.New("the caller's time is spent")

	for name, test := range map[string]struct {
		given  time.Duration
		answer http.HandlerFunc
		calls  int
	}{
		"in the first call":  {5 * time.Second, hang, 1},
		"in the second call": {50 * time.Second, hang, 2},
		"between the calls":  {500 * time.Millisecond, broken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, client := serve(t, test.answer)
				ctx, cancel := context.WithTimeoutCause(t.Context(), test.given, spent)
				defer cancel()
				began := time.Now()

				err := client.Ask(ctx, 0)

				wantRefusal(t, err, "no answer before the time ended")
				if errors.Is(err, spent) {
					t.Errorf("error %v wraps the caller's own cause", err)
				}
				if took := time.Since(began); took != test.given || len(f.events()) != test.calls {
					t.Errorf("it ended after %s and %d calls, want %s and %d", took, len(f.events()), test.given, test.calls)
				}
			})
		})
	}
}

// still is a store in which nothing is ever stored.
type still struct{}

func (still) Read(context.Context) (token.Stored, error) { return token.Stored{}, token.ErrNotStored }

func TestAReaderNamesALambdaThatNeverAnswersWithinTwoBoundedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, client := serve(t, hang)
		reader := &token.Reader{Store: still{}, Rotator: client}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		began := time.Now()

		_, err := reader.Token(ctx)

		if failure.KindOf(err) != failure.TokenUnavailable || !strings.Contains(err.Error(), "the rotator failed") {
			t.Errorf("got %q: %v, want TokenUnavailable that names the rotator", failure.KindOf(err), err)
		}
		if took := time.Since(began); took != 81*time.Second {
			t.Errorf("it took %s, want twice 40 s and a pause", took)
		}
	})
}
