package lambdasim_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestAFunctionSeesItsOwnEnvironmentAndNoOther(t *testing.T) {
	t.Setenv("LEAK", "of the parent")
	t.Setenv("AWS_PROFILE", "of the parent")
	function := probe()
	function.Env = map[string]string{
		"EXPORT_BUCKET": "exports", "AWS_REGION": "eu-central-1", "AWS_LAMBDA_LOG_FORMAT": "JSON", "HOME": "/elsewhere",
	}
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	var environ []string
	if err := json.Unmarshal(s.invoke(t, `{"do":"env"}`).Payload, &environ); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, variable := range environ {
		key, value, _ := strings.Cut(variable, "=")
		got[key] = value
	}
	for key, form := range map[string]string{
		"AWS_LAMBDA_RUNTIME_API":     `^127\.0\.0\.1:\d+$`,
		"AWS_LAMBDA_LOG_STREAM_NAME": `^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`,
		"_X_AMZN_TRACE_ID":           `^Root=`, // set by the Go runtime itself
	} {
		if !regexp.MustCompile(form).MatchString(got[key]) {
			t.Errorf("%s is %q, want %s", key, got[key], form)
		}
		delete(got, key)
	}

	want := map[string]string{
		"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC", "_HANDLER": "bootstrap",
		"LAMBDA_TASK_ROOT": programs, "AWS_DEFAULT_REGION": "local",
		"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
	}
	maps.Copy(want, function.Env)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestAnIdleProcessIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	for range 3 {
		s.invoke(t, `{"do":"count"}`)
	}
	if got := string(s.invoke(t, `{"do":"count"}`).Payload); !strings.HasPrefix(got, `{"invocations":4,`) {
		t.Errorf("the fourth invocation was given %s", got)
	}
	want := lambdasim.FunctionReport{Invocations: 4, Processes: 1}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestOverlappingInvocationsHaveAProcessEach(t *testing.T) {
	t.Parallel()
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	one := s.invokeInBackground(t, `{"do":"sleep","millis":60000}`)
	first := receive(t, running)
	if got := s.invoke(t, `{"do":"count"}`); got.FunctionError != nil {
		t.Errorf("the second invocation failed: %s", got.Payload)
	}
	if second := receive(t, running); second.ProcessID == first.ProcessID {
		t.Errorf("both ran in process %d", second.ProcessID)
	}
	if killed := s.Kill("probe"); killed != 2 {
		t.Errorf("%d processes were there, want 2", killed)
	}
	receive(t, one)
}

func TestBeyondTheReservedConcurrencyCallersAreThrottled(t *testing.T) {
	t.Parallel()
	function, disabled := probe(), probe()
	function.ReservedConcurrency = 1
	disabled.Name, disabled.ReservedConcurrency = "disabled", -1
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{function, disabled},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	one := s.invokeInBackground(t, `{"do":"sleep","millis":60000}`)
	receive(t, running)
	for _, name := range []string{"probe", "disabled"} {
		_, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(name)})
		var throttled *types.TooManyRequestsException
		if !asError(err, &throttled) {
			t.Fatalf("%s: got %v, want TooManyRequestsException", name, err)
		}
		got := []any{throttled.Reason, aws.ToString(throttled.Type), throttled.ErrorMessage()}
		want := []any{types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded, "User", "Rate Exceeded."}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: throttling (-want +got):\n%s", name, diff)
		}
	}

	s.Kill("probe")
	receive(t, one)
	if got := s.invoke(t, `{}`); got.FunctionError != nil {
		t.Errorf("once the concurrency is free: %s", got.Payload)
	}
	if diff := cmp.Diff(lambdasim.FunctionReport{Throttles: 1}, s.Report("disabled")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got := s.Report("probe").Throttles; got != 1 {
		t.Errorf("%d throttles were counted, want 1", got)
	}
}

func TestABadConfigurationTellsEveryProblem(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	good := probe()

	_, err := lambdasim.New(lambdasim.Config{InitTimeout: -1, EnvironmentLifetime: -1, MaxInvocationsPerEnvironment: -1, Functions: []lambdasim.Function{
		good,
		good,
		{Name: "a b", Path: good.Path},
		{Name: "missing", Path: filepath.Join(directory, "bootstrap")},
		{Name: "directory", Path: directory},
		{Name: "negative", Path: good.Path, Timeout: -1, MemoryMB: -1},
		{Name: "small", Path: good.Path, MemoryMB: 127},
		{Name: "large", Path: good.Path, MemoryMB: 10241},
		{Name: "reserved", Path: good.Path, Env: map[string]string{"AWS_LAMBDA_RUNTIME_API": "here"}},
	}})
	if err == nil {
		t.Fatal("it was accepted")
	}
	for _, want := range []string{
		`the init timeout -1ns is negative`,
		`function "probe": the name is used twice`,
		`function "a b": a name is`,
		`function "missing": build the binary first`,
		`function "directory": ` + directory + ` is no executable file`,
		`function "negative": the timeout -1ns is negative`,
		`the memory of -1 MB is not between 128 and 10240`,
		`function "small": the memory of 127 MB is not between 128 and 10240`,
		`function "large": the memory of 10241 MB is not between 128 and 10240`,
		`the environment lifetime -1ns is negative`,
		`the limit of -1 invocations an environment is negative`,
		`function "reserved": the variable AWS_LAMBDA_RUNTIME_API is set by Lambda`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}
