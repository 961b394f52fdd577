package awsapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/memnet"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
)

const (
	endpoint = "127.0.0.1:4566"
	// arn is what an answer of AWS may hold, and no text of ours.
	arn = "arn:aws:iam::123456789012:role/canary"
)

// service answers with its replies one after the other, the last one for ever, and counts the calls.
type service struct {
	mu      sync.Mutex
	replies []func(http.ResponseWriter, *http.Request)
	begun   time.Time // set once it can be reached
	calls   int
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)

	s.mu.Lock()
	s.calls++
	reply := s.replies[min(s.calls, len(s.replies))-1]
	s.mu.Unlock()

	reply(w, r)
}

// asked tells how often the service was asked.
func (s *service) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.calls
}

func jsonError(status int, code string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, "refused to "+arn)
	}
}

func xmlError(status int, code string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>refused to %s</Message></Error>`, code, arn)
	}
}

func page(status int, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func webPage(status int) func(http.ResponseWriter, *http.Request) {
	return page(status, "<html><body>Please log in</body></html>")
}

// cut sends less than it says.
func cut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fine(w, r)
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func crash(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func fine(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"Parameter":{"Name":"/token","Value":"v","Version":1}}`)
}

// cloud runs a service on a network of its own and returns the configuration that reaches it, as main loads it.
func cloud(t *testing.T, s *service) aws.Config {
	t.Helper()

	network := memnet.New()
	stop, err := network.Serve(endpoint, s)
	if err != nil {
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(stop)

	client, err := network.Carry(awsapi.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	s.begun = time.Now()

	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://" + endpoint), Retryer: awsapi.NewRetryer, HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "canary-key", Source: "test"}, nil
		}),
	}
}

func getParameter(ctx context.Context, config aws.Config) error {
	_, err := ssm.NewFromConfig(config).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/token"), WithDecryption: aws.Bool(true)})
	return err
}

func putObject(ctx context.Context, config aws.Config) error {
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("{}"), IfMatch: aws.String(`"tag"`),
	})

	return err
}

func TestCallsAreRepeatedFiveTimesAtMostWithinAStopsReserve(t *testing.T) {
	t.Parallel()

	type call = func(context.Context, aws.Config) error

	for name, test := range map[string]struct {
		call   call
		reply  func(http.ResponseWriter, *http.Request)
		calls  int
		within time.Duration
	}{
		"throttled":                   {getParameter, jsonError(400, "ThrottlingException"), 5, 7 * time.Second},
		"a server error":              {getParameter, jsonError(500, "InternalServerError"), 5, 7 * time.Second},
		"S3 asks to slow down":        {putObject, xmlError(503, "SlowDown"), 5, 7 * time.Second},
		"conditional writes cross":    {putObject, xmlError(409, "ConditionalRequestConflict"), 5, 7 * time.Second},
		"the connection breaks":       {getParameter, crash, 5, 7 * time.Second},
		"every attempt hangs":         {getParameter, hang, 5, 5*20*time.Second + 7*time.Second},
		"two operations cross":        {putObject, xmlError(409, "OperationAborted"), 5, 7 * time.Second},
		"the time is refused":         {putObject, xmlError(403, "RequestTimeTooSkewed"), 5, 7 * time.Second},
		"the signature is refused":    {getParameter, jsonError(400, "InvalidSignatureException"), 5, 7 * time.Second},
		"the credentials expired":     {putObject, xmlError(400, "ExpiredToken"), 5, 7 * time.Second},
		"a web page answers":          {getParameter, webPage(200), 5, 7 * time.Second},
		"a web page forbids":          {putObject, webPage(403), 5, 7 * time.Second},
		"the reply is cut":            {getParameter, cut, 5, 7 * time.Second},
		"access is denied":            {getParameter, jsonError(400, "AccessDeniedException"), 1, 0},
		"nothing is there":            {getParameter, jsonError(400, "ParameterNotFound"), 1, 0},
		"the condition does not hold": {putObject, xmlError(412, "PreconditionFailed"), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{replies: []func(http.ResponseWriter, *http.Request){test.reply}}
				err := test.call(t.Context(), cloud(t, s))

				if err == nil {
					t.Fatal("the call succeeded")
				}
				if got := s.asked(); got != test.calls {
					t.Errorf("sent %d times, want %d; error %v", got, test.calls, err)
				}
				if took := time.Since(s.begun); took > test.within {
					t.Errorf("took %s, want at most %s", took, test.within)
				}
			})
		})
	}
}

func TestWaitsBetweenCallsAreJittered(t *testing.T) {
	t.Parallel()

	// The last of a call's waits is uniform over 0 to 2 s; that all of these lie on one side of the middle happens once in
	// 10^15 times.
	const draws = 50

	// Depending on its settings, the SDK counts attempts from 0 or from 1.
	for attempt, bound := range []time.Duration{time.Second, time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second} {
		below, above := 0, 0
		for range draws {
			delay, err := awsapi.NewRetryer().RetryDelay(attempt, errors.New("throttled"))
			if err != nil || delay < 0 || delay > bound {
				t.Fatalf("attempt %d: got a delay of %s and error %v, want 0s to %s", attempt, delay, err, bound)
			}
			if delay < bound/2 {
				below++
			} else {
				above++
			}
		}

		if below == 0 || above == 0 {
			t.Errorf("attempt %d: %d waits under the half of %s and %d over it, want both", attempt, below, bound, above)
		}
	}
}

func TestACallThatSucceedsAfterThreeThrottlesIsSentFourTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := jsonError(400, "ThrottlingException")
		s := &service{replies: []func(http.ResponseWriter, *http.Request){throttled, throttled, throttled, fine}}

		if err := getParameter(t.Context(), cloud(t, s)); err != nil || s.asked() != 4 {
			t.Errorf("sent %d times and got %v, want 4 and no error", s.asked(), err)
		}
	})
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()

		s := &service{replies: []func(http.ResponseWriter, *http.Request){hang}}
		err := getParameter(ctx, cloud(t, s))

		if took := time.Since(s.begun); took != 3*time.Second || s.asked() != 1 {
			t.Errorf("ended after %s and %d calls, want 3s and 1", took, s.asked())
		}
		if got, want := awsapi.Describe(err), "there was no answer in time"; got != want {
			t.Errorf("Describe: got %q, want %q", got, want)
		}
	})
}

func TestAnErrorIsToldByItsCodeAndWithoutItsText(t *testing.T) {
	t.Parallel()

	const (
		denied     = ": check the function's role and the key's policy"
		checkClock = ": check the clock, and the credentials"
		expired    = ": invoke again, and check the AWS_ variables where it stays"
		foreign    = "the answer was not the service's: check what stands in between, and AWS_ENDPOINT_URL"
	)

	for name, test := range map[string]struct {
		call     func(context.Context, aws.Config) error
		reply    func(http.ResponseWriter, *http.Request)
		code     string
		status   int
		denied   bool
		describe string
	}{
		"not found":           {getParameter, jsonError(400, "ParameterNotFound"), "ParameterNotFound", 400, false, "the service answered ParameterNotFound"},
		"denied by JSON":      {getParameter, jsonError(400, "AccessDeniedException"), "AccessDeniedException", 400, true, "access was denied (AccessDeniedException)" + denied},
		"denied by the key":   {getParameter, jsonError(403, "KMSAccessDenied"), "KMSAccessDenied", 403, true, "access was denied (KMSAccessDenied)" + denied},
		"denied by XML":       {putObject, xmlError(403, "AccessDenied"), "AccessDenied", 403, true, "access was denied (AccessDenied)" + denied},
		"a failed condition":  {putObject, xmlError(412, "PreconditionFailed"), "PreconditionFailed", 412, false, "the service answered PreconditionFailed"},
		"throttled too often": {getParameter, jsonError(400, "ThrottlingException"), "ThrottlingException", 400, false, "the service answered ThrottlingException"},
		"a broken connection": {getParameter, crash, "", 0, false, "the service could not be reached: the connection broke"},
		"a clock that is off": {putObject, xmlError(403, "RequestTimeTooSkewed"), "RequestTimeTooSkewed", 403, false, "the request's time or signature was refused (RequestTimeTooSkewed)" + checkClock},
		"a refused signature": {getParameter, jsonError(400, "InvalidSignatureException"), "InvalidSignatureException", 400, false, "the request's time or signature was refused (InvalidSignatureException)" + checkClock},
		"one of S3's":         {putObject, xmlError(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch", 403, false, "the request's time or signature was refused (SignatureDoesNotMatch)" + checkClock},
		"expired credentials": {putObject, xmlError(400, "ExpiredToken"), "ExpiredToken", 400, false, "the credentials have expired or are not known (ExpiredToken)" + expired},
		"unknown credentials": {getParameter, jsonError(403, "UnrecognizedClientException"), "UnrecognizedClientException", 403, false, "the credentials have expired or are not known (UnrecognizedClientException)" + expired},
		"a web page":          {getParameter, webPage(200), "", 200, false, foreign},
		"a forbidding page":   {putObject, webPage(403), "Forbidden", 403, false, foreign},
		"an unclosed page":    {putObject, page(403, "<html><br></html>"), "", 403, false, foreign},
		"no answer":           {getParameter, hang, "", 0, false, "there was no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{replies: []func(http.ResponseWriter, *http.Request){test.reply}}
				err := test.call(t.Context(), cloud(t, s))

				if got := awsapi.Code(err); got != test.code {
					t.Errorf("Code: got %q, want %q", got, test.code)
				}
				if got := awsapi.Status(err); got != test.status {
					t.Errorf("Status: got %d, want %d", got, test.status)
				}
				if got := awsapi.Denied(err); got != test.denied {
					t.Errorf("Denied: got %v, want %v", got, test.denied)
				}
				if got := awsapi.Describe(err); got != test.describe {
					t.Errorf("Describe: got %q, want %q", got, test.describe)
				}
			})
		})
	}
}

func TestErrorsThatNoServiceAnsweredHaveNoCode(t *testing.T) {
	t.Parallel()

	for name, err := range map[string]error{"nil": nil, "another": io.EOF, "an operation's": &smithy.OperationError{ServiceID: "S3", OperationName: "PutObject", Err: io.EOF}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if code, status, denied := awsapi.Code(err), awsapi.Status(err), awsapi.Denied(err); code != "" || status != 0 || denied {
				t.Errorf("got %q, %d and %v, want none", code, status, denied)
			}
		})
	}

	if got, want := awsapi.Describe(fmt.Errorf("call: %w", context.Canceled)), "there was no answer in time"; got != want {
		t.Errorf("Describe of a cancelled call: got %q, want %q", got, want)
	}
}
