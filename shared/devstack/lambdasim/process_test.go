package lambdasim_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestAFunctionSeesItsOwnEnvironmentWithLambdasDefaultsAndNoOther(t *testing.T) {
	t.Setenv("LEAK", "of the parent")
	t.Setenv("AWS_PROFILE", "of the parent")
	own := map[string]string{
		"EXPORT_BUCKET": "exports", "AWS_REGION": "us-east-1", "AWS_LAMBDA_LOG_FORMAT": "JSON", "HOME": "/elsewhere",
	}
	w := start(t, func(_ *lambdasim.Config, f *lambdasim.Function) { f.Env, f.Timeout = own, 0 })
	if left := decoded[map[string]any](t, w.invoke(t, `{"do":"context"}`).Payload)["millis_left"].(float64); left > 3000 || left < 1000 {
		t.Errorf("%v ms are left, want the 3 s that are Lambda's default", left)
	}
	want := map[string]string{
		"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC", "_HANDLER": "bootstrap",
		"LAMBDA_TASK_ROOT": filepath.Dir(os.Args[0]), "AWS_DEFAULT_REGION": "eu-central-1",
		"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe", "AWS_LAMBDA_RUNTIME_API": "set", "AWS_LAMBDA_LOG_STREAM_NAME": "set",
	}
	maps.Copy(want, own)
	got := make(map[string]string)
	for _, variable := range decoded[[]string](t, w.invoke(t, `{"do":"env"}`).Payload) {
		key, value, _ := strings.Cut(variable, "=")
		if want[key] == "set" && value != "" {
			value = "set"
		}
		got[key] = value
	}
	delete(got, "_X_AMZN_TRACE_ID") // set by the Go runtime itself
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// count is which process an invocation was given, and how many it has served.
type count struct{ PID, Invocations int }

func (w world) count(t *testing.T) count {
	t.Helper()
	return decoded[count](t, w.invoke(t, `{"do":"count"}`).Payload)
}

func TestAnIdleProcessIsUsedAgainAndOverlappingInvocationsHaveOneEach(t *testing.T) {
	t.Parallel()
	w := start(t)
	first, again := w.count(t), w.count(t)
	w.begin(t, `{"do":"sleep"}`)
	other := w.count(t)
	if first.PID == 0 || again != (count{first.PID, 2}) || other.PID == first.PID || other.Invocations != 1 {
		t.Errorf("got %+v, %+v again, and %+v while the first process was busy", first, again, other)
	}
}

func TestBeyondTheReservedConcurrencyCallersAreThrottled(t *testing.T) {
	t.Parallel()
	w := start(t, func(_ *lambdasim.Config, f *lambdasim.Function) { f.ReservedConcurrency = 1 })
	one := w.begin(t, `{"do":"sleep"}`)
	_, err := w.call(t, lambda.InvokeInput{})
	wantRefusal(t, "the second caller", err, "TooManyRequestsException", http.StatusTooManyRequests)
	w.Kill("probe")
	<-one
	w.invoke(t, "{}")
}

func TestAFailureReadsAsInLambda(t *testing.T) {
	t.Parallel()
	const lambdas = `"errorMessage":"RequestId: [0-9a-f-]{36} Error: `
	for name, test := range map[string]struct {
		event, payload string
		survives       bool
	}{
		"an error with a type": {`{"do":"fail","text":"slow down"}`, `^\{"errorMessage":"slow down","errorType":"RateLimited"\}$`, true},
		"a panic":              {`{"do":"panic","text":"broken"}`, `^\{"errorMessage":"broken","errorType":"string","stackTrace":\[`, false},
		"an exit":              {`{"do":"exit","count":2}`, lambdas + `Runtime exited with error: exit status 2","errorType":"Runtime.ExitError"\}$`, false},
		"an exit as if all were well": {
			`{"do":"exit"}`, lambdas + `Runtime exited without providing a reason","errorType":"Runtime.ExitError"\}$`, false,
		},
		"a sleep beyond the timeout": {
			`{"do":"sleep"}`, lambdas + `Task timed out after 2.25 seconds","errorType":"Sandbox.Timedout"\}$`, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(_ *lambdasim.Config, f *lambdasim.Function) { f.Timeout = 2250 * time.Millisecond })
			output := w.invoke(t, test.event)
			if output.StatusCode != http.StatusOK || aws.ToString(output.FunctionError) != "Unhandled" || !regexp.MustCompile(test.payload).Match(output.Payload) {
				t.Errorf("got status %d, function error %q and %s; want %s", output.StatusCode, aws.ToString(output.FunctionError), output.Payload, test.payload)
			}
			if next := w.count(t); (next.Invocations == 2) != test.survives {
				t.Errorf("the next invocation was given %+v", next)
			}
			if got := w.Invocations("probe"); got != 2 {
				t.Errorf("%d invocations were counted, want 2", got)
			}
		})
	}
}

func TestAProcessThatDoesNotComeUpIsAnErrorOfItsInvocation(t *testing.T) {
	t.Parallel()
	nonsense := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(nonsense, []byte("no program\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*lambdasim.Config, *lambdasim.Function){
		`Runtime exited with error: exit status 3","errorType":"Runtime.ExitError"}`: func(_ *lambdasim.Config, f *lambdasim.Function) {
			f.Env = map[string]string{"STILLBORN": "1"}
		},
		`exec format error","errorType":"Runtime.InvalidEntrypoint"}`: func(_ *lambdasim.Config, f *lambdasim.Function) { f.Path = nonsense },
	} {
		output := start(t, change).invoke(t, "{}")
		if output.FunctionError == nil || !strings.HasSuffix(string(output.Payload), want) {
			t.Errorf("got %s, want …%s", output.Payload, want)
		}
	}
}

func TestEveryMissingBinaryIsNamed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := lambdasim.New(lambdasim.Config{Functions: []lambdasim.Function{
		{Name: "missing", Path: filepath.Join(folder, "bootstrap")}, {Name: "folder", Path: folder},
	}})
	both := regexp.MustCompile(`function missing: build the binary first: .*\nfunction folder: build the binary first: .* is a directory`)
	if err == nil || !both.MatchString(err.Error()) {
		t.Errorf("got %v, want both to be named", err)
	}
}

func TestClosingWaitsForAnInvocationThatCatchesSIGTERMAndKillsAnyOther(t *testing.T) {
	t.Parallel()
	const aMinute = `{"do":"sleep"}`
	for name, test := range map[string]struct {
		catch, event string
		grace, least time.Duration
		answers      bool
	}{
		"one that ends after SIGTERM":         {"1", `{"do":"until terminated"}`, time.Minute, 0, true},
		"one that goes on":                    {"1", aMinute, 300 * time.Millisecond, 300 * time.Millisecond, false},
		"one whose process catches no signal": {"", aMinute, time.Minute, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(c *lambdasim.Config, f *lambdasim.Function) {
				c.Grace, f.Env = test.grace, map[string]string{"CATCH_SIGTERM": test.catch}
			})
			answer := w.begin(t, test.event)
			w.invoke(t, "{}") // and leaves an idle process
			began := time.Now()
			err := w.Close()
			if took := time.Since(began); err != nil || took < test.least || took > 20*time.Second {
				t.Errorf("closing took %v (%v), want at least %v and no minute", took, err, test.least)
			}
			switch ended := <-answer; {
			case !test.answers:
				wantRefusal(t, "the invocation", ended.err, "ServiceException", http.StatusInternalServerError)
			case ended.err != nil || ended.output.FunctionError != nil || string(ended.output.Payload) != `"committed"`:
				t.Errorf("the invocation ended as %+v, want what it answers after SIGTERM", ended)
			}
			_, err = w.call(t, lambda.InvokeInput{})
			wantRefusal(t, "the next invocation", err, "ServiceException", http.StatusInternalServerError)
		})
	}
}
