package rotatorclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
)

// invocation is the operation of Lambda's invoke endpoint.
const invocation = "POST /2015-03-31/functions/stack-rotator/invocations"

// inBubble runs a test in a bubble, with a Lambda whose function succeeds after these faults. The client has the stores' retry
// policy, which Ask has to switch off.
func inBubble(t *testing.T, name string, faults []awstest.Fault, test func(t *testing.T, front *awstest.Front, client *rotatorclient.Client)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			front := awstest.NewFront(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"rotated":true}`) }),
				func(r *http.Request) string { return r.Method + " " + r.URL.Path })
			front.Fail(invocation, faults...)
			client := lambda.NewFromConfig(awsapi.Patient(awstest.Serve(t, memnet.New(), "lambda.test", front)))
			test(t, front, rotatorclient.New(client, "stack-rotator"))
		})
	})
}

func wantEvents(t *testing.T, front *awstest.Front, want ...string) {
	t.Helper()

	if diff := cmp.Diff(want, front.Bodies(invocation)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// fail answers as Lambda does where the function returned an error.
func fail(payload string) awstest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprint(w, payload)
	}
}

// cut closes the connection within the answer.
func cut(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"rotated":`)
	panic(http.ErrAbortHandler)
}

func TestAskSendsTheEventOfTheContract(t *testing.T) {
	t.Parallel()
	inBubble(t, "", nil, func(t *testing.T, front *awstest.Front, client *rotatorclient.Client) {
		for _, rejected := range []int64{0, 1, 9_007_199_254_740_993} {
			if err := client.Ask(t.Context(), rejected); err != nil {
				t.Errorf("ask with %d: %v", rejected, err)
			}
		}

		wantEvents(t, front, `{}`, `{"rejected_version":1}`, `{"rejected_version":9007199254740993}`)
	})
}

func TestABusyRotatorIsReportedAtOnceAndAskedOnce(t *testing.T) {
	t.Parallel()

	busy := awstest.Times(2, awstest.Refuse(http.StatusTooManyRequests, "TooManyRequestsException"))
	inBubble(t, "", busy, func(t *testing.T, front *awstest.Front, client *rotatorclient.Client) {
		began := time.Now()

		if err := client.Ask(t.Context(), 3); !errors.Is(err, token.ErrRotatorBusy) {
			t.Errorf("got error %v, want that the rotator is busy", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s, want no wait: the caller looks around first", took)
		}
		wantEvents(t, front, `{"rejected_version":3}`)
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
		inBubble(t, name, []awstest.Fault{fail(test.payload)}, func(t *testing.T, front *awstest.Front, client *rotatorclient.Client) {
			if err := client.Ask(t.Context(), 0); err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %s", err, test.want)
			}
			wantEvents(t, front, "{}")
		})
	}
}

func TestACallThatLambdaRefusesIsSentOnceAndABrokenOneTwice(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault awstest.Fault
		calls int
		part  string
	}{
		"denied":       {awstest.Refuse(http.StatusForbidden, "AccessDeniedException"), 1, "access was denied"},
		"not there":    {awstest.Refuse(http.StatusNotFound, "ResourceNotFoundException"), 1, "ROTATOR_FUNCTION_NAME"},
		"out of order": {awstest.Refuse(http.StatusInternalServerError, "ServiceException"), 2, "ServiceException"},
		"no addresses": {awstest.Refuse(http.StatusBadGateway, "SubnetIPAddressLimitReachedException"), 2, "SubnetIPAddressLimitReachedException"},
		"silent":       {awstest.Break, 2, "could not be reached"},
		"cut":          {cut, 2, "could not be reached"},
		"hanging":      {awstest.Hang, 2, "no answer in time, also the second time"},
	} {
		inBubble(t, name, awstest.Times(3, test.fault), func(t *testing.T, front *awstest.Front, client *rotatorclient.Client) {
			began := time.Now()

			err := client.Ask(t.Context(), 3)

			awstest.WantFailure(t, err, "", "it could not be invoked: ", test.part)
			if took := time.Since(began); took > 81*time.Second || name == "hanging" && took != 81*time.Second {
				t.Errorf("it ended after %s, want twice 40 s and a pause at most", took)
			}
			if got := front.Requests()[invocation]; got != test.calls {
				t.Errorf("Lambda was called %d times, want %d", got, test.calls)
			}
			if test.calls == 1 {
				return
			}

			front.Fail(invocation, test.fault)
			if err := client.Ask(t.Context(), 3); err != nil {
				t.Errorf("after a single broken call: got error %v", err)
			}
			wantEvents(t, front, `{"rejected_version":3}`, `{"rejected_version":3}`)
		})
	}
}

func TestANearerDeadlineEndsTheCallAndItsCauseDoesNotComeOut(t *testing.T) {
	t.Parallel()

	spent := errors.New("the caller's time is spent")

	for name, test := range map[string]struct {
		given time.Duration
		fault awstest.Fault
		calls int
	}{
		"in the first call":  {5 * time.Second, awstest.Hang, 1},
		"in the second call": {50 * time.Second, awstest.Hang, 2},
		"between the calls":  {500 * time.Millisecond, awstest.Break, 1},
	} {
		inBubble(t, name, awstest.Times(3, test.fault), func(t *testing.T, front *awstest.Front, client *rotatorclient.Client) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), test.given, spent)
			defer cancel()
			began := time.Now()

			err := client.Ask(ctx, 0)

			awstest.WantFailure(t, err, "", "it could not be invoked: there was no answer before the time ended")
			if errors.Is(err, spent) {
				t.Errorf("error %v wraps the caller's own cause", err)
			}
			if took, calls := time.Since(began), front.Requests()[invocation]; took != test.given || calls != test.calls {
				t.Errorf("it ended after %s and %d calls, want %s and %d", took, calls, test.given, test.calls)
			}
		})
	}
}
