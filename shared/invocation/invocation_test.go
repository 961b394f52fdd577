package invocation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/settings"

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
	if got.Type != invocation.Unclassified || !got.ShouldExit {
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

func TestAFunctionThatCannotWorkRefusesEveryEvent(t *testing.T) {
	t.Parallel()

	h := invocation.Refuse(failure.New(failure.InvalidConfiguration, "EXPORT_BUCKET is not set"), slog.New(slog.DiscardHandler))

	for range 2 {
		if _, err := h.Invoke(t.Context(), []byte(`{}`)); reported(t, err).Type != "InvalidConfiguration" {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheResultIsAnsweredAsJSON(t *testing.T) {
	t.Parallel()

	h, log := newHandler(func(ctx context.Context, _ []byte) (any, error) {
		return map[string]string{"request": invocation.RequestID(ctx)}, nil
	})

	answer, err := h.Invoke(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "7f3a"}), nil)

	if string(answer) != `{"request":"7f3a"}` || err != nil || log.Len() != 0 {
		t.Errorf("answered %s, %v, and logged %s", answer, err, log)
	}
}

func TestAResultThatCannotBeEncodedIsADefect(t *testing.T) {
	t.Parallel()

	h, _ := newHandler(func(context.Context, []byte) (any, error) { return func() {}, nil })

	if _, err := h.Invoke(t.Context(), nil); reported(t, err).Type != invocation.Unclassified {
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
