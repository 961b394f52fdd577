package lambdasim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestAFunctionAnswersByEveryFormOfItsName(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	for _, name := range []string{
		"probe",
		"probe:$LATEST",
		"000000000000:function:probe",
		"000000000000:function:probe:$LATEST",
		"arn:aws:lambda:local:000000000000:function:probe",
		"arn:aws:lambda:local:000000000000:function:probe:$LATEST",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
				FunctionName: aws.String(name), Payload: []byte(`{"text":"hello"}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			got := []any{string(output.Payload), output.StatusCode, output.FunctionError, aws.ToString(output.ExecutedVersion)}
			want := []any{`{"text":"hello"}`, int32(200), (*string)(nil), "$LATEST"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	for name, input := range map[string]lambda.InvokeInput{
		"another name":      {FunctionName: aws.String("prober")},
		"another region":    {FunctionName: aws.String("arn:aws:lambda:eu-west-1:000000000000:function:probe")},
		"another account":   {FunctionName: aws.String("111111111111:function:probe")},
		"a version":         {FunctionName: aws.String("probe:7")},
		"another qualifier": {FunctionName: aws.String("probe"), Qualifier: aws.String("live")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := s.client.Invoke(t.Context(), &input)
			var notFound *types.ResourceNotFoundException
			if !asError(err, &notFound) {
				t.Fatalf("got %v, want ResourceNotFoundException", err)
			}
			if !strings.Contains(notFound.ErrorMessage(), "Function not found: arn:aws:lambda:local:000000000000:function:") {
				t.Errorf("message %q does not name the function", notFound.ErrorMessage())
			}
		})
	}
}

func TestBadRequestsAreRefusedByName(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	tests := map[string]struct {
		input  lambda.InvokeInput
		code   string
		status int
	}{
		"a payload that is not JSON": {
			lambda.InvokeInput{Payload: []byte(`{"a":`)}, "InvalidRequestContentException", http.StatusBadRequest,
		},
		"a payload over 6 MB": {
			lambda.InvokeInput{Payload: jsonOf(6<<20 + 1)}, "RequestTooLargeException", http.StatusRequestEntityTooLarge,
		},
		"an event over 256 KB": {
			lambda.InvokeInput{InvocationType: types.InvocationTypeEvent, Payload: jsonOf(256<<10 + 1)},
			"RequestTooLargeException", http.StatusRequestEntityTooLarge,
		},
		"an unknown invocation type": {
			lambda.InvokeInput{InvocationType: "Later"}, "InvalidParameterValueException", http.StatusBadRequest,
		},
		"a client context that is not base64": {
			lambda.InvokeInput{ClientContext: aws.String("{}")}, "InvalidRequestContentException", http.StatusBadRequest,
		},
		"two qualifiers that differ": {
			lambda.InvokeInput{FunctionName: aws.String("probe:$LATEST"), Qualifier: aws.String("live")},
			"InvalidParameterValueException", http.StatusBadRequest,
		},
		"a name that is none": {
			lambda.InvokeInput{FunctionName: aws.String("pro be")}, "InvalidParameterValueException", http.StatusBadRequest,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if test.input.FunctionName == nil {
				test.input.FunctionName = aws.String("probe")
			}
			_, err := s.client.Invoke(t.Context(), &test.input)
			var answer smithy.APIError
			var reply *smithyhttp.ResponseError
			if !asError(err, &answer) || !asError(err, &reply) {
				t.Fatalf("got %v, want an answer of the API", err)
			}
			if answer.ErrorCode() != test.code || reply.HTTPStatusCode() != test.status {
				t.Errorf("got %s, status %d; want %s, %d", answer.ErrorCode(), reply.HTTPStatusCode(), test.code, test.status)
			}
		})
	}

	t.Cleanup(func() {
		if got := s.Report("probe").Processes; got != 0 {
			t.Errorf("%d processes were started for refused requests", got)
		}
	})
}

func TestTheLargestPayloadGoesInAndOut(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	payload := jsonOf(6 << 20) // 6,291,456 bytes either way, as Lambda's quotas have it
	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe"), Payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(output.Payload, payload) {
		t.Errorf("sent %d bytes, got %d others back", len(payload), len(output.Payload))
	}
}

func TestNoPayloadIsAnEmptyObject(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	if got := string(s.invoke(t, "").Payload); got != "{}" {
		t.Errorf("the function was given %s, want {}", got)
	}
}

func TestADryRunRunsNothing(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("probe"), InvocationType: types.InvocationTypeDryRun,
	})
	if err != nil {
		t.Fatal(err)
	}
	if output.StatusCode != http.StatusNoContent {
		t.Errorf("status %d, want 204", output.StatusCode)
	}
	if diff := cmp.Diff(lambdasim.FunctionReport{}, s.Report("probe")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestAHandlerSeesItsInvocationsContext(t *testing.T) {
	t.Parallel()
	function := probe()
	function.MemoryMB = 256
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName:  aws.String("probe"),
		Payload:       []byte(`{"do":"context"}`),
		ClientContext: aws.String("eyJjbGllbnQiOnsiaW5zdGFsbGF0aW9uX2lkIjoib25lIn19"), // {"client":{"installation_id":"one"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen map[string]any
	if err := json.Unmarshal(output.Payload, &seen); err != nil {
		t.Fatalf("decode %s: %v", output.Payload, err)
	}

	if left, ok := seen["millis_left"].(float64); !ok || left > 60_000 || left < 50_000 {
		t.Errorf("%v ms are left to the deadline, want nearly 60,000", seen["millis_left"])
	}
	for key, form := range map[string]string{
		"request_id": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"trace":      `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`,
		"log_stream": `^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`,
	} {
		if text, ok := seen[key].(string); !ok || !regexp.MustCompile(form).MatchString(text) {
			t.Errorf("%s is %v, want %s", key, seen[key], form)
		}
		delete(seen, key)
	}
	delete(seen, "millis_left")

	want := map[string]any{
		"arn":          "arn:aws:lambda:local:000000000000:function:probe",
		"installation": "one",
		"function":     "probe",
		"memory":       float64(256),
		"log_group":    "/aws/lambda/probe",
		"version":      "$LATEST",
		"directory":    seen["directory"],
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
}

func TestAReplyCarriesTheRequestIDAsTheRealOneDoes(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.url+"/2015-03-31/functions/probe/invocations", strings.NewReader(`{"do":"context"}`))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()

	var seen struct {
		RequestID string `json:"request_id"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if got := reply.Header.Get("x-amzn-RequestId"); got == "" || got != seen.RequestID {
		t.Errorf("the caller sees request id %q, the function %q", got, seen.RequestID)
	}
}

func TestAnUnknownPathIsAnErrorOfTheAPI(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	_, err := s.client.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("probe")})
	var answer smithy.APIError
	if !asError(err, &answer) || answer.ErrorCode() != "UnknownOperationException" {
		t.Errorf("got %v, want UnknownOperationException", err)
	}
}

func TestFunctionsAreListedAndDescribed(t *testing.T) {
	t.Parallel()
	function, other := probe(), probe()
	function.ReservedConcurrency, function.Timeout, function.MemoryMB = 1, 90*time.Second, 512
	other.Name = "another"
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function, other}})

	list, err := s.client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list.Functions {
		names = append(names, aws.ToString(f.FunctionName))
	}
	if diff := cmp.Diff([]string{"another", "probe"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}

	described, err := s.client.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("probe")})
	if err != nil {
		t.Fatal(err)
	}
	got := described.Configuration
	if got.CodeSize < 1<<20 || len(aws.ToString(got.CodeSha256)) != 44 || aws.ToString(got.LastModified) == "" {
		t.Errorf("the code is described as %d bytes, hash %s, of %s", got.CodeSize, aws.ToString(got.CodeSha256), aws.ToString(got.LastModified))
	}
	seen := []any{
		aws.ToString(got.FunctionArn), got.Runtime, aws.ToInt32(got.Timeout), aws.ToInt32(got.MemorySize), got.State,
		got.PackageType, aws.ToInt32(described.Concurrency.ReservedConcurrentExecutions),
	}
	want := []any{
		"arn:aws:lambda:local:000000000000:function:probe", types.RuntimeProvidedal2023, int32(90), int32(512),
		types.StateActive, types.PackageTypeZip, int32(1),
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}

	_, err = s.client.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("nobody")})
	var notFound *types.ResourceNotFoundException
	if !asError(err, &notFound) {
		t.Errorf("got %v, want ResourceNotFoundException", err)
	}
}

// jsonOf returns a JSON string of exactly that many bytes.
func jsonOf(size int) []byte {
	return []byte(`"` + strings.Repeat("x", size-2) + `"`)
}
