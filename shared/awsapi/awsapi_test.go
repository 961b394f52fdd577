package awsapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/memnet"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

// xmlError refuses as S3 does.
func xmlError(status int, code string) awstest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>canary of arn:aws:iam::123456789012:role/rotator</Message></Error>`, code)
	}
}

func page(status int, text string) awstest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

const login = "<html><body>Please log in</body></html>"

// cut sends less than it says.
func cut(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Length", "1000")
	fine(w, r)
}

// upgrade answers with a protocol switch.
func upgrade(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusSwitchingProtocols)
}

func fine(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"Parameter":{"Name":"/token","Value":"v","Version":1}}`)
}

// service is any service, on a network of its own.
type service struct {
	*awstest.Front

	config aws.Config // that reaches it as the functions do
	begun  time.Time
}

// serve serves a service that answers with these faults, and then well.
func serve(t *testing.T, faults ...awstest.Fault) *service {
	t.Helper()

	s := &service{Front: awstest.NewFront(http.HandlerFunc(fine), func(*http.Request) string { return "" })}
	s.Fail("", faults...)
	s.config, s.begun = awstest.Serve(t, memnet.New(), "127.0.0.1", s), time.Now()

	return s
}

// asked is how often the service was asked.
func (s *service) asked() int { return len(s.Bodies("")) }

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

// refusedCall is a call, the reply that it gets, and what its error is then.
type refusedCall struct {
	call     func(context.Context, aws.Config) error
	reply    awstest.Fault
	code     string
	status   int
	describe string
}

// require checks that the call is sent so often, within a stop's reserve, and fails as the row says.
func (c refusedCall) require(t *testing.T, denied bool, calls int) {
	t.Helper()

	s := serve(t, awstest.Times(10, c.reply)...)
	err := c.call(t.Context(), s.config)

	within := time.Duration(0)
	if calls > 1 {
		within = 7 * time.Second
	}
	if c.describe == "there was no answer in time" {
		within += 5 * 20 * time.Second
	}
	if took := time.Since(s.begun); s.asked() != calls || took > within {
		t.Errorf("sent %d times in %s, want %d times in %s; error %v", s.asked(), took, calls, within, err)
	}

	want := []any{c.code, c.status, denied, c.describe}
	if diff := cmp.Diff(want, []any{awsapi.Code(err), awsapi.Status(err), awsapi.Denied(err), awsapi.Describe(err)}); diff != "" {
		t.Errorf("code, status, denied and description (-want +got):\n%s", diff)
	}
}

func TestACallIsRepeatedWhereThatHelpsAndItsErrorIsNamedWithoutItsText(t *testing.T) {
	t.Parallel()

	const (
		denied     = ": check the function's role and the key's policy"
		checkClock = ": check the clock, and the credentials"
		expired    = ": invoke again, and check the AWS_ variables where it stays"
		foreign    = "the answer was not the service's: check what is in between, and AWS_ENDPOINT_URL"
		broke      = "the service could not be reached: the connection broke"
	)

	// What never passes by itself is sent once.
	for name, row := range map[string]refusedCall{
		"denied by JSON":     {getParameter, awstest.Refuse(400, "AccessDeniedException"), "AccessDeniedException", 400, "access was denied (AccessDeniedException)" + denied},
		"denied by the key":  {getParameter, awstest.Refuse(403, "KMSAccessDenied"), "KMSAccessDenied", 403, "access was denied (KMSAccessDenied)" + denied},
		"denied by XML":      {putObject, xmlError(403, "AccessDenied"), "AccessDenied", 403, "access was denied (AccessDenied)" + denied},
		"not found":          {getParameter, awstest.Refuse(400, "ParameterNotFound"), "ParameterNotFound", 400, "the service answered ParameterNotFound"},
		"a code of words":    {getParameter, awstest.Refuse(400, "a canary of words"), "a canary of words", 400, "the service answered an error without a name"},
		"a failed condition": {putObject, xmlError(412, "PreconditionFailed"), "PreconditionFailed", 412, "the service answered PreconditionFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { row.require(t, strings.HasPrefix(name, "denied"), 1) })
		})
	}

	// What may pass is sent five times at most, and succeeds at the second where it has passed by then.
	for name, row := range map[string]refusedCall{
		"throttled":             {getParameter, awstest.Refuse(400, "ThrottlingException"), "ThrottlingException", 400, "the service answered ThrottlingException"},
		"a server error":        {getParameter, awstest.Refuse(500, "InternalServerError"), "InternalServerError", 500, "the service answered InternalServerError"},
		"S3 asks to slow down":  {putObject, xmlError(503, "SlowDown"), "SlowDown", 503, "the service answered SlowDown"},
		"writes that cross":     {putObject, xmlError(409, "ConditionalRequestConflict"), "ConditionalRequestConflict", 409, "the service answered ConditionalRequestConflict"},
		"operations that cross": {putObject, xmlError(409, "OperationAborted"), "OperationAborted", 409, "the service answered OperationAborted"},
		"a broken connection":   {getParameter, awstest.Break, "", 0, broke},
		"a cut reply":           {getParameter, cut, "", 0, broke},
		"a protocol switch":     {getParameter, upgrade, "", 0, "the answer was status 101, which was not asked for"},
		"one in S3":             {putObject, upgrade, "", 0, "the answer was status 101, which was not asked for"},
		"no answer":             {getParameter, awstest.Hang, "", 0, "there was no answer in time"},
		"a clock that is off":   {putObject, xmlError(403, "RequestTimeTooSkewed"), "RequestTimeTooSkewed", 403, "the request's time or signature was refused (RequestTimeTooSkewed)" + checkClock},
		"a refused signature":   {getParameter, awstest.Refuse(400, "InvalidSignatureException"), "InvalidSignatureException", 400, "the request's time or signature was refused (InvalidSignatureException)" + checkClock},
		"one of S3's":           {putObject, xmlError(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch", 403, "the request's time or signature was refused (SignatureDoesNotMatch)" + checkClock},
		"expired credentials":   {putObject, xmlError(400, "ExpiredToken"), "ExpiredToken", 400, "the credentials have expired or are not known (ExpiredToken)" + expired},
		"SSM's word for them":   {getParameter, awstest.Refuse(400, "ExpiredTokenException"), "ExpiredTokenException", 400, "the credentials have expired or are not known (ExpiredTokenException)" + expired},
		"unknown credentials":   {getParameter, awstest.Refuse(403, "UnrecognizedClientException"), "UnrecognizedClientException", 403, "the credentials have expired or are not known (UnrecognizedClientException)" + expired},
		"a web page":            {getParameter, page(200, login), "", 200, foreign},
		"a forbidding page":     {putObject, page(403, login), "Forbidden", 403, foreign},
		"an unclosed page":      {putObject, page(403, "<html><br></html>"), "", 403, foreign},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				row.require(t, false, 5)

				s := serve(t, row.reply)
				err := row.call(t.Context(), s.config)
				if took := time.Since(s.begun); err != nil || awsapi.Denied(err) || s.asked() != 2 || took > 22*time.Second {
					t.Errorf("got %v after %d calls and %s, want success after 2 and one attempt's time", err, s.asked(), took)
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

func TestACallEndsWithItsContextAndAPatientOneWithThatAlone(t *testing.T) {
	t.Parallel()

	asItIs := func(config aws.Config) aws.Config { return config }
	canceled := func(ctx context.Context, given time.Duration) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(given, cancel)

		return ctx, cancel
	}

	for _, row := range []struct {
		given  time.Duration
		ends   func(context.Context, time.Duration) (context.Context, context.CancelFunc)
		config func(aws.Config) aws.Config
	}{
		{3 * time.Second, context.WithTimeout, asItIs},
		{3 * time.Second, canceled, asItIs},
		{40 * time.Second, context.WithTimeout, awsapi.Patient}, // an attempt ends after 20 s else
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := row.ends(t.Context(), row.given)
			defer cancel()

			s := serve(t, awstest.Hang)
			err := getParameter(ctx, row.config(s.config))

			if took := time.Since(s.begun); took != row.given || s.asked() != 1 {
				t.Errorf("ended after %s and %d calls, want %s and 1", took, s.asked(), row.given)
			}
			if got, want := awsapi.Describe(err), "there was no answer in time"; got != want {
				t.Errorf("Describe: got %q, want %q", got, want)
			}
		})
	}
}
