package lambdasim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestAFunctionAnswersToItsNameAndItsARN(t *testing.T) {
	t.Parallel()
	w := start(t)

	for _, name := range []string{"probe", "probe:$LATEST", "arn:aws:lambda:local:000000000000:function:probe"} {
		output, err := w.client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String(name), Payload: []byte(`{"text":"hello"}`),
		})
		if err != nil {
			t.Fatal(err)
		}

		got := []any{string(output.Payload), output.StatusCode, output.FunctionError}
		if diff := cmp.Diff([]any{`{"text":"hello"}`, int32(200), (*string)(nil)}, got); diff != "" {
			t.Errorf("reply to %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBadRequestsAreRefusedByNameAndRunNothing(t *testing.T) {
	t.Parallel()
	w := start(t)

	for name, test := range map[string]struct {
		input  lambda.InvokeInput
		code   string
		status int
	}{
		"another name":      {lambda.InvokeInput{FunctionName: aws.String("prober")}, "ResourceNotFoundException", http.StatusNotFound},
		"another version":   {lambda.InvokeInput{FunctionName: aws.String("probe:7")}, "ResourceNotFoundException", http.StatusNotFound},
		"another qualifier": {lambda.InvokeInput{Qualifier: aws.String("live")}, "ResourceNotFoundException", http.StatusNotFound},
		"another region": {
			lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:eu-west-1:000000000000:function:probe")},
			"ResourceNotFoundException", http.StatusNotFound,
		},
		"a payload that is not JSON": {
			lambda.InvokeInput{Payload: []byte(`{"a":`)}, "InvalidRequestContentException", http.StatusBadRequest,
		},
		"a payload over 6 MB": {
			lambda.InvokeInput{Payload: jsonOf(6<<20 + 1)}, "RequestTooLargeException", http.StatusRequestEntityTooLarge,
		},
		"a dry run": {
			lambda.InvokeInput{InvocationType: types.InvocationTypeDryRun}, "InvalidParameterValueException", http.StatusBadRequest,
		},
		"the log's tail": {
			lambda.InvokeInput{LogType: types.LogTypeTail}, "InvalidParameterValueException", http.StatusBadRequest,
		},
		"a client context": {
			lambda.InvokeInput{ClientContext: aws.String("e30=")}, "InvalidParameterValueException", http.StatusBadRequest,
		},
	} {
		if test.input.FunctionName == nil {
			test.input.FunctionName = aws.String("probe")
		}

		_, err := w.client.Invoke(t.Context(), &test.input)
		wantRefusal(t, name, err, test.code, test.status)
	}

	_, err := w.client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	wantRefusal(t, "another operation", err, "UnknownOperationException", http.StatusNotFound)

	if diff := cmp.Diff(lambdasim.FunctionReport{}, w.Report("probe")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func wantRefusal(t *testing.T, what string, err error, code string, status int) {
	t.Helper()

	answer, named := errors.AsType[smithy.APIError](err)
	reply, answered := errors.AsType[*smithyhttp.ResponseError](err)

	switch {
	case !named || !answered:
		t.Errorf("%s got %v, want an answer of the API", what, err)
	case answer.ErrorCode() != code || reply.HTTPStatusCode() != status || answer.ErrorMessage() == "":
		t.Errorf("%s got %v, want %s, status %d and a message", what, err, code, status)
	}
}

func TestTheLargestPayloadGoesInAndOutAndNoneIsAnEmptyObject(t *testing.T) {
	t.Parallel()
	w := start(t)

	payload := jsonOf(6 << 20)
	if got := w.invoke(t, string(payload)).Payload; !bytes.Equal(got, payload) {
		t.Errorf("sent %d bytes, got %d others back", len(payload), len(got))
	}
	if got := string(w.invoke(t, "").Payload); got != "{}" {
		t.Errorf("the function was given %s, want {}", got)
	}
}

func TestAFunctionAndItsCallerSeeTheSameRequestID(t *testing.T) {
	t.Parallel()
	w := start(t)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		w.url+"/2015-03-31/functions/probe/invocations", strings.NewReader(`{"do":"context"}`))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()

	var seen struct {
		RequestID  string `json:"request_id"`
		ARN        string `json:"arn"`
		MillisLeft int64  `json:"millis_left"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if got := reply.Header.Get("X-Amzn-Requestid"); len(got) != 36 || got != seen.RequestID {
		t.Errorf("the caller sees request id %q, the function %q", got, seen.RequestID)
	}
	if seen.ARN != "arn:aws:lambda:local:000000000000:function:probe" || seen.MillisLeft > 60_000 || seen.MillisLeft < 50_000 {
		t.Errorf("the function sees %+v, want its ARN and nearly a minute", seen)
	}
}

func TestAnEventIsTakenAtOnceAndRunsOnce(t *testing.T) {
	t.Parallel()
	w := start(t)

	for _, payload := range []string{`{"do":"log","count":1,"text":"of the event"}`, `{"do":"fail"}`} {
		output, err := w.client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("probe"), InvocationType: types.InvocationTypeEvent, Payload: []byte(payload),
		})
		if err != nil || output.StatusCode != http.StatusAccepted || len(output.Payload) > 0 {
			t.Errorf("got %+v, %v; want 202 and nothing", output, err)
		}
	}

	w.logs.await(t, "of the event\n")
	if err := w.Close(); err != nil { // joins the rest
		t.Fatal(err)
	}
	if got := w.Report("probe").Invocations; got > 2 {
		t.Errorf("%d invocations ran for two events", got)
	}
}

// jsonOf returns a JSON string of exactly that many bytes.
func jsonOf(size int) []byte {
	return []byte(`"` + strings.Repeat("x", size-2) + `"`)
}
