package invocation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/settings"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
)

const canary = "canary of a panic"

// newHandler returns the handler of work, and what it logs.
func newHandler(work invocation.Work) (*invocation.Handler, *bytes.Buffer) {
	var log bytes.Buffer

	return invocation.New(work, slog.New(slog.NewJSONHandler(&log, nil))), &log
}

func TestAFailedInvocationIsOneLineAtErrorWithItsType(t *testing.T) {
	t.Parallel()

	h, log := newHandler(func(context.Context, []byte) (any, error) {
		return nil, failure.New(failure.Forbidden, "the role lacks a permission")
	})

	_, err := h.Invoke(t.Context(), []byte(`{}`))

	if got := reported(t, err); got.Type != "Forbidden" {
		t.Errorf("error type %s, want Forbidden", got.Type)
	}

	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("the log is not one line of JSON: %v\n%s", err, log)
	}
	delete(line, "time")

	want := map[string]any{"level": "ERROR", "msg": "the invocation failed", "error_type": "Forbidden", "error": "the role lacks a permission"}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log line (-want +got):\n%s", diff)
	}
}

func TestAPanicEndsTheProcessWithoutShowingItsValue(t *testing.T) {
	t.Parallel()

	h, log := newHandler(func(context.Context, []byte) (any, error) { panic(canary) })

	_, err := h.Invoke(t.Context(), []byte(`{}`))

	got := reported(t, err)
	if got.Type != "Unclassified" || !got.ShouldExit {
		t.Errorf("got %+v, want an unclassified error that ends the process", got)
	}
	if text := log.String() + got.Message; strings.Contains(text, canary) || !strings.Contains(text, "invocation_test.go") {
		t.Errorf("want the stack in the log and not the panic's value:\n%s", text)
	}
}

func TestWorkEndsAMomentBeforeADeadlineThatItStillSees(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deadline := time.Now().Add(time.Minute)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()

		h, _ := newHandler(func(ctx context.Context, _ []byte) (any, error) {
			if seen, limited := ctx.Deadline(); !limited || !seen.Equal(deadline) {
				t.Errorf("the work sees the deadline %v, want Lambda's own, %v", seen, deadline)
			}
			<-ctx.Done()

			return nil, failure.Because(context.Cause(ctx), failure.NoProgress, "the time ended")
		})

		_, err := h.Invoke(ctx, nil)

		if left := time.Until(deadline); left <= 0 || left > time.Second {
			t.Errorf("the work ended %s before the deadline, want a moment", left)
		}
		if got := reported(t, err); got.Type != "NoProgress" {
			t.Errorf("error type %s, want NoProgress", got.Type)
		}
	})
}

func TestTheResultIsAnsweredAsJSON(t *testing.T) {
	t.Parallel()

	h, log := newHandler(func(ctx context.Context, _ []byte) (any, error) {
		return map[string]string{"request": invocation.RequestID(ctx), "version": invocation.Version()}, nil
	})

	answer, err := h.Invoke(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "7f3a"}), nil)

	if string(answer) != `{"request":"7f3a","version":"unknown"}` || err != nil || log.Len() != 0 {
		t.Errorf("answered %s, %v, and logged %s", answer, err, log)
	}
}

func TestAResultThatCannotBeEncodedIsADefect(t *testing.T) {
	t.Parallel()

	h, _ := newHandler(func(context.Context, []byte) (any, error) { return func() {}, nil })

	if _, err := h.Invoke(t.Context(), nil); reported(t, err).Type != "Unclassified" {
		t.Errorf("got %v", err)
	}
}

func TestEveryProblemOfEnvironmentAndCloudIsReportedAtOnce(t *testing.T) {
	t.Parallel()

	cloud := failure.New(failure.InvalidConfiguration, "the AWS configuration cannot be loaded")
	good := []string{"GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/token"}

	for name, test := range map[string]struct {
		process invocation.Process
		want    []string
	}{
		"nothing":         {invocation.Process{Environ: good}, nil},
		"the environment": {invocation.Process{}, []string{"TOKEN_PARAMETER_NAME is not set"}},
		"the cloud":       {invocation.Process{Environ: good, CloudFailure: cloud}, []string{cloud.Error()}},
		"both":            {invocation.Process{CloudFailure: cloud}, []string{"TOKEN_PARAMETER_NAME is not set", cloud.Error()}},
	} {
		err := test.process.Load(&settings.Common{})
		if test.want != nil && !failure.Is(err, failure.InvalidConfiguration) || test.want == nil && err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want %q in it", name, err, part)
			}
		}
		if test.process.CloudFailure != nil && !errors.Is(err, cloud) {
			t.Errorf("%s: the cause is lost in %v", name, err)
		}
	}
}

// reported is the error as the runtime reports it. The runtime takes type and message from a value of this very type and
// uses the Go type's name of everything else, a pointer to it and an error that wraps it included.
func reported(t *testing.T, err error) messages.InvokeResponse_Error {
	t.Helper()

	if got, want := reflect.TypeOf(err), reflect.TypeFor[messages.InvokeResponse_Error](); got != want {
		t.Fatalf("the error is a %v, want a %v by value", got, want)
	}

	return err.(messages.InvokeResponse_Error) //nolint:errorlint,forcetypeassert // a wrapped one is what must not be
}

// refused is how the runtime reports each answer of a function that cannot work for this reason.
func refused(t *testing.T, reason error) messages.InvokeResponse_Error {
	t.Helper()

	_, err := invocation.Refuse(reason, slog.New(slog.DiscardHandler)).Invoke(t.Context(), []byte(`{}`))

	return reported(t, err)
}

func TestEveryKindIsAnErrorTypeOfLambda(t *testing.T) {
	t.Parallel()

	for _, kind := range failure.Kinds() {
		failed := failure.Because(io.EOF, kind, "the service answered %d", 503)

		for text, err := range map[string]error{
			"the service answered 503":                            failed,
			"export users: read page 3: the service answered 503": fmt.Errorf("export users: %w", fmt.Errorf("read page 3: %w", failed)),
			"once: the service answered 503":                      fmt.Errorf("once: %w", &retry.TransientError{Err: failed}),
		} {
			// ShouldExit is false: the process goes on.
			want := messages.InvokeResponse_Error{Type: string(kind), Message: text}
			if diff := cmp.Diff(want, refused(t, err)); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		}
	}
}

type leakyError struct{ canary string }

func (e leakyError) Error() string { return e.canary }

func TestTheTextOfAnErrorThatIsNoFailureIsWithheld(t *testing.T) {
	t.Parallel()

	for typeName, err := range map[string]error{
		"invocation_test.leakyError":    leakyError{canary},
		"*errors.errorString":           errors.New(canary),
		"*fmt.wrapError":                fmt.Errorf("send %s: %w", canary, io.EOF),
		"*errors.joinError":             errors.Join(leakyError{canary}, io.EOF),
		"context.deadlineExceededError": context.DeadlineExceeded,
		"*retry.TransientError":         &retry.TransientError{Err: leakyError{canary}},
		"*retry.RefusedError":           &retry.RefusedError{Err: leakyError{canary}},
	} {
		want := messages.InvokeResponse_Error{
			Type:    "Unclassified",
			Message: "an error that has no name (" + typeName + "): this is a defect, please report it",
		}
		if diff := cmp.Diff(want, refused(t, err)); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	}
}
