package invocation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/retry"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"
)

// reported is the error as the runtime reports it. The runtime takes type and message from a value of this very type and
// uses the Go type's name of everything else, a pointer to it and an error that wraps it included.
func reported(t *testing.T, err error) messages.InvokeResponse_Error {
	t.Helper()

	if got, want := reflect.TypeOf(err), reflect.TypeFor[messages.InvokeResponse_Error](); got != want {
		t.Fatalf("the error is a %v, want a %v by value", got, want)
	}

	return err.(messages.InvokeResponse_Error) //nolint:errorlint,forcetypeassert // a wrapped one is what must not be
}

func TestEveryKindIsAnErrorTypeOfLambda(t *testing.T) {
	t.Parallel()

	for _, kind := range failure.Kinds() {
		if kind == invocation.Unclassified {
			t.Errorf("%s is a kind", kind)
		}

		failed := failure.Because(io.EOF, kind, "the service answered %d", 503)

		for text, err := range map[string]error{
			"the service answered 503":                            failed,
			"export users: read page 3: the service answered 503": fmt.Errorf("export users: %w", fmt.Errorf("read page 3: %w", failed)),
			"once: the service answered 503":                      fmt.Errorf("once: %w", &retry.TransientError{Err: failed}),
		} {
			// ShouldExit is false: the process goes on.
			want := messages.InvokeResponse_Error{Type: string(kind), Message: text}
			if diff := cmp.Diff(want, reported(t, invocation.AsLambda(err))); diff != "" {
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
			Type:    invocation.Unclassified,
			Message: "an error that has no name (" + typeName + "): this is a defect, please report it",
		}
		if diff := cmp.Diff(want, reported(t, invocation.AsLambda(err))); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	}
}
