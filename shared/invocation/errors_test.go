package invocation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
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
		failed := failure.Because(io.EOF, kind, "the service answered %d", 503)

		for name, test := range map[string]struct {
			err  error
			want string
		}{
			"itself":    {failed, "the service answered 503"},
			"wrapped":   {fmt.Errorf("export users: %w", fmt.Errorf("read page 3: %w", failed)), "export users: read page 3: the service answered 503"},
			"transient": {&retry.TransientError{Err: failed}, "the service answered 503"},
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()

				want := messages.InvokeResponse_Error{Type: string(kind), Message: test.want}
				if diff := cmp.Diff(want, reported(t, invocation.AsLambda(test.err))); diff != "" {
					t.Errorf("reported (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestTheReportIsTwoFieldsOfJSON(t *testing.T) {
	t.Parallel()

	got, err := json.Marshal(reported(t, invocation.AsLambda(failure.New(failure.NoProgress, "three invocations"))))
	if want := `{"errorMessage":"three invocations","errorType":"NoProgress"}`; err != nil || string(got) != want {
		t.Errorf("got %s and %v, want %s", got, err, want)
	}
}

func TestAFailedInvocationLeavesTheProcessRunning(t *testing.T) {
	t.Parallel()

	for _, err := range []error{failure.New(failure.Forbidden, "no"), io.EOF} {
		if reported(t, invocation.AsLambda(err)).ShouldExit {
			t.Errorf("%v ends the process", err)
		}
	}
}

type leakyError struct{ canary string }

func (e leakyError) Error() string { return e.canary }

func TestTheTextOfAnErrorThatIsNoFailureIsWithheld(t *testing.T) {
	t.Parallel()

	const canary = "canary-token"

	for name, test := range map[string]struct {
		err      error
		typeName string
	}{
		"an own type":    {leakyError{canary}, "invocation_test.leakyError"},
		"a plain one":    {errors.New(canary), "*errors.errorString"},
		"a wrapped one":  {fmt.Errorf("send %s: %w", canary, io.EOF), "*fmt.wrapError"},
		"joined ones":    {errors.Join(leakyError{canary}, io.EOF), "*errors.joinError"},
		"a context's":    {context.DeadlineExceeded, "context.deadlineExceededError"},
		"a transient":    {&retry.TransientError{Err: leakyError{canary}}, "*retry.TransientError"},
		"a refused wait": {&retry.RefusedError{Err: leakyError{canary}}, "*retry.RefusedError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := invocation.AsLambda(test.err)
			if printed := fmt.Sprintf("%v %+v %#v %s", got, got, got, got); strings.Contains(printed, canary) {
				t.Errorf("the text is seen: %s", printed)
			}

			want := messages.InvokeResponse_Error{
				Type:    invocation.Unclassified,
				Message: "an error that has no name (" + test.typeName + "): this is a defect, please report it",
			}
			if diff := cmp.Diff(want, reported(t, got)); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnclassifiedIsNoKind(t *testing.T) {
	t.Parallel()

	for _, kind := range failure.Kinds() {
		if kind == invocation.Unclassified {
			t.Errorf("%s is a kind", kind)
		}
	}
}
