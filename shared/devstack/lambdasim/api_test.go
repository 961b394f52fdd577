package lambdasim_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestBadRequestsAreRefusedByNameAndRunNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	const notFound, badValue = "ResourceNotFoundException", "InvalidParameterValueException"
	for name, test := range map[string]struct {
		input  lambda.InvokeInput
		code   string
		status int
	}{
		"another name":   {lambda.InvokeInput{FunctionName: aws.String("prober")}, notFound, http.StatusNotFound},
		"a version":      {lambda.InvokeInput{FunctionName: aws.String("probe:7")}, notFound, http.StatusNotFound},
		"another region": {lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:eu-west-1:000000000000:function:probe")}, notFound, http.StatusNotFound},
		"a qualifier":    {lambda.InvokeInput{Qualifier: aws.String("live")}, badValue, http.StatusBadRequest},
		"a dry run":      {lambda.InvokeInput{InvocationType: types.InvocationTypeDryRun}, badValue, http.StatusBadRequest},
		"an event":       {lambda.InvokeInput{InvocationType: types.InvocationTypeEvent}, badValue, http.StatusBadRequest},
		"the log's tail": {lambda.InvokeInput{LogType: types.LogTypeTail}, badValue, http.StatusBadRequest},
		"client context": {lambda.InvokeInput{ClientContext: aws.String("e30=")}, badValue, http.StatusBadRequest},
		"no JSON":        {lambda.InvokeInput{Payload: []byte(`{"a":`)}, "InvalidRequestContentException", http.StatusBadRequest},
	} {
		_, err := w.call(t, test.input)
		wantRefusal(t, name, err, test.code, test.status)
	}
	_, err := w.client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	wantRefusal(t, "another operation", err, "UnknownOperationException", http.StatusNotFound)
	if got := w.Invocations("probe"); got != 0 || w.Invocations("nobody") != 0 {
		t.Errorf("%d invocations were counted, want none", got)
	}
}

func TestTheLargestPayloadGoesInAndOutAndNoneIsAnEmptyObject(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, payload := range []string{`"` + strings.Repeat("x", 6<<20-2) + `"`, ""} {
		if got := string(w.invoke(t, payload).Payload); got != cmp.Or(payload, "{}") {
			t.Errorf("sent %d bytes, got %d others back", len(payload), len(got))
		}
	}
}

func TestAFunctionAnswersToNameAndARNAndSeesItsCallersRequestIDAndItsDeadline(t *testing.T) {
	t.Parallel()
	w := start(t)
	const arn = "arn:aws:lambda:eu-central-1:000000000000:function:probe"
	for _, name := range []string{"probe", arn} {
		output, err := w.call(t, lambda.InvokeInput{FunctionName: aws.String(name), Payload: []byte(`{"do":"context"}`)})
		if err != nil || output.StatusCode != http.StatusOK || output.FunctionError != nil {
			t.Fatalf("%s: got %+v, %v", name, output, err)
		}
		seen := decoded[struct {
			RequestID  string `json:"request_id"`
			ARN        string `json:"arn"`
			MillisLeft int64  `json:"millis_left"`
		}](t, output.Payload)
		if got, _ := awsmiddleware.GetRequestIDMetadata(output.ResultMetadata); len(got) != 36 || got != seen.RequestID {
			t.Errorf("the caller sees request id %q, the function %q", got, seen.RequestID)
		}
		if seen.ARN != arn || seen.MillisLeft > 60_000 || seen.MillisLeft < 50_000 {
			t.Errorf("the function sees %+v, want its ARN and nearly a minute", seen)
		}
	}
}

func TestAReplyComesAfterTheLastLineOfItsInvocation(t *testing.T) {
	t.Parallel()
	w := start(t)
	wantLast := func(event, last string) {
		t.Helper()
		if w.invoke(t, event); !strings.HasSuffix(w.logs.String(), last+"\n") {
			t.Errorf("the log does not end with %q", last)
		}
	}
	for i := range 20 {
		wantLast(fmt.Sprintf(`{"do":"log","count":50,"text":"of invocation %d"}`, i), fmt.Sprintf("\nline 49 of invocation %d", i))
	}
	wantLast(`{"do":"part","text":"no newline"}`, "\nno newline")
	w.invoke(t, `{"do":"exit"}`)
	wantLast(`{"do":"log","count":1,"text":"of the next process"}`, "\nline 0 of the next process")
}

func TestTheLogsOfAllProcessesAreWholeLines(t *testing.T) {
	t.Parallel()
	w := start(t)
	var callers sync.WaitGroup
	for i := range 3 {
		callers.Go(func() { w.invoke(t, fmt.Sprintf(`{"do":"log","count":200,"text":"of caller %d"}`, i)) })
	}
	callers.Wait()
	w.invoke(t, `{"do":"log","count":1,"text":"`+strings.Repeat("x", 300<<10)+`"}`)
	seen := make(map[string]int)
	all := strings.Split(strings.TrimSpace(w.logs.String()), "\n")
	for _, line := range all {
		seen[line]++
	}
	for i := range 600 {
		if line := fmt.Sprintf("line %d of caller %d", i%200, i/200); seen[line] != 1 {
			t.Errorf("%q came %d times", line, seen[line])
		}
	}
	if w.logs.broken > 0 || len(all) != 602 || len(all[600]) != 256<<10 {
		t.Errorf("%d lines came in %d broken writes; the long one was to be split at 256 KB", len(all), w.logs.broken)
	}
}
