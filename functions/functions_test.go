// Package functions_test is what holds for every function alike, as it is built and deployed.
package functions_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/s3sim"

	"github.com/google/go-cmp/cmp"
)

const (
	canary = "canary"
	module = "genesys-cloud-export"
	aws    = "github.com/aws/aws-sdk-go-v2/"
)

// function is what is different about a function.
type function struct {
	bad     map[string]string // variables that are wrong; what is required is not there
	wrong   string            // the variables that it then names
	modules string            // of the SDK, beside those that every function links
	// differs is a variable whose default is not the template's.
	differs string
	event   string // what an exporter exports by
}

func exporter(event string) function {
	return function{
		event: event,
		bad:   map[string]string{"GENESYS_ENVIRONMENT": "mypurecloud.example", "EXPORT_PAGE_SIZE": "501", "MAX_REQUESTS_PER_MINUTE": "many"},
		wrong: "GENESYS_ENVIRONMENT TOKEN_PARAMETER_NAME EXPORT_BUCKET EXPORT_PAGE_SIZE MAX_REQUESTS_PER_MINUTE",
		modules: `aws/protocol/eventstream internal/v4a service/internal/accept-encoding service/internal/checksum
			service/internal/presigned-url service/internal/s3shared service/lambda service/s3`,
	}
}

func all() map[string]function {
	users := exporter("{}")
	users.bad["USERS_QUERY_METHOD"] = "PUT"
	users.wrong += " USERS_QUERY_METHOD"

	return map[string]function{
		"export-users": users, "export-directory": exporter(`{"listing":"queues"}`),
		"export-history": exporter(`{"listing":"conversations","interval":"2026-11-01T00:00:00Z/2026-11-02T00:00:00Z"}`),
		"rotator": {
			bad: map[string]string{
				"GENESYS_TOKEN_URL": "http://login.example.com/oauth/token", "TOKEN_ROTATION_BUFFER_SECONDS": "soon", "TOKEN_PROBE_SECONDS": "-1",
			},
			wrong: "GENESYS_ENVIRONMENT GENESYS_TOKEN_URL TOKEN_PARAMETER_NAME GENESYS_CREDENTIALS_SECRET_ID TOKEN_ROTATION_BUFFER_SECONDS" +
				" TOKEN_PROBE_SECONDS",
			modules: "service/secretsmanager",
			// A third of the lifetime bounds it, and the alarm at half of it leaves half an hour.
			differs: "TOKEN_ROTATION_BUFFER_SECONDS",
		},
	}
}

// each runs a test for every function that there is.
func each(t *testing.T, test func(t *testing.T, name string, f function)) {
	t.Helper()

	functions := all()
	mains, err := filepath.Glob("*/main.go")
	if err != nil || len(mains) != len(functions) {
		t.Fatalf("there are %s, and %d functions are tested: %v", mains, len(functions), err)
	}

	for name, f := range functions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name, f)
		})
	}
}

// failure is what the function fails with.
func failure(t *testing.T, f *functiontest.Function, event string) (kind, message string) {
	t.Helper()

	var problem struct{ ErrorType, ErrorMessage string }

	reply, failed := f.Invoke(t, event)
	if err := json.Unmarshal(reply, &problem); err != nil || !failed || strings.Contains(string(reply), canary) {
		t.Errorf("%s is answered with %s (%v), want a failure without a secret", event, reply, err)
	}

	return problem.ErrorType, problem.ErrorMessage
}

// wantLogs wants all of this in what the function printed, and no secret.
func wantLogs(t *testing.T, f *functiontest.Function, parts ...string) {
	t.Helper()

	logs := f.Logs()
	if strings.Contains(logs, canary) {
		t.Errorf("a secret is in the log:\n%s", logs)
	}

	for _, part := range parts {
		if !strings.Contains(logs, part) {
			t.Errorf("%s is not in the log:\n%s", part, logs)
		}
	}
}

func TestABuiltFunctionAnswersEveryEventWithAllProblemsOfItsConfiguration(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, f function) {
		f.bad["AWS_SECRET_ACCESS_KEY"] = canary
		started := functiontest.Start(t, name, f.bad)

		for range 2 {
			kind, message := failure(t, started, "{}")
			if kind != "InvalidConfiguration" {
				t.Errorf("it is a failure of the type %s: %s", kind, message)
			}

			for variable := range strings.FieldsSeq(f.wrong) {
				if !strings.Contains(message, variable+" ") {
					t.Errorf("%s is not named in %s", variable, message)
				}
			}
		}

		wantLogs(t, started, `"the function starts" version=`, "InvalidConfiguration")
	})
}

// start starts a function that has an empty bucket. Everything else that it asks is answered by others.
func start(t *testing.T, name string, others http.HandlerFunc) *functiontest.Function {
	t.Helper()

	objects, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{"exports"}})
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s3sim.Operation(r) != "" && r.Header.Get("X-Amz-Target") == "" && !strings.HasPrefix(r.URL.Path, "/api/") {
			objects.ServeHTTP(w, r)
			return
		}

		others(w, r)
	}))
	t.Cleanup(server.Close)

	return functiontest.Start(t, name, map[string]string{
		"GENESYS_ENVIRONMENT": "mypurecloud.de", "GENESYS_API_URL": server.URL, "TOKEN_PARAMETER_NAME": "/token", "EXPORT_BUCKET": "exports",
		"GENESYS_CREDENTIALS_SECRET_ID": "client", "AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": canary,
	})
}

// An event that is taken gets as far as the stored token.
func TestEveryExampleEventIsTakenOrAsItsNameSaysRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, _ function) {
		events, err := filepath.Glob("../events/" + name + "-*.json")
		if err != nil || len(events) < 2 {
			t.Fatalf("the events are %s: %v", events, err)
		}

		started := start(t, name, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"ValidationException","message":"`+canary+`"}`)
		})

		for _, file := range events {
			event, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}

			want := "StorageUnavailable"
			if strings.HasSuffix(file, "-invalid.json") {
				want = "InvalidInput"
			}

			if kind, message := failure(t, started, string(event)); kind != want {
				t.Errorf("%s: got %s: %s; want %s", file, kind, message, want)
			}
		}

		wantLogs(t, started, "StorageUnavailable", "InvalidInput")
	})
}

// The API answers nothing.
func TestABuiltExporterThatIsAskedToEndAnswersThatItIsToBeContinued(t *testing.T) {
	t.Parallel()

	stored, err := json.Marshal(fmt.Sprintf(`{"schema_version":1,"access_token":%q,"token_type":"bearer","issued_at":%q,"expires_at":%q}`,
		canary, time.Now().UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	if err != nil {
		t.Fatal(err)
	}

	each(t, func(t *testing.T, name string, f function) {
		if f.event == "" { // the rotator, whose invocations are short
			return
		}

		asked := make(chan struct{})
		started := start(t, name, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Target") != "" {
				_, _ = fmt.Fprintf(w, `{"Parameter":{"Name":"/token","Version":1,"Value":%s}}`, stored)
				return
			}

			close(asked)
			<-r.Context().Done()
		})

		go func() {
			<-asked
			started.Logs() // which asks it to end
		}()

		reply, failed := started.Invoke(t, f.event)
		if failed || !strings.Contains(string(reply), `"status":"continue","reason":"budget"`) {
			t.Errorf("it answered %s", reply)
		}

		wantLogs(t, started, "not complete yet")
	})
}

func TestAFunctionLinksNothingElseAndNothingOfDevstack(t *testing.T) {
	t.Parallel()

	const (
		common = `github.com/caarlos0/env/v11 github.com/go-json-experiment/json github.com/klauspost/compress
			golang.org/x/time github.com/aws/aws-lambda-go github.com/aws/smithy-go github.com/aws/aws-sdk-go-v2`
		ofSDK = `credentials internal/configsources internal/endpoints/v2 service/ssm `
	)

	each(t, func(t *testing.T, name string, f function) {
		output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc",
			"-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", "./"+name).Output()
		if err != nil {
			t.Fatal(err)
		}

		var got []string
		for line := range strings.Lines(string(output)) {
			fields := strings.Fields(line)
			if strings.HasPrefix(fields[0], module+"/shared/devstack") {
				t.Errorf("%s, which was made for development, is linked", fields[0])
			}
			if len(fields) == 2 && fields[1] != module {
				got = append(got, fields[1])
			}
		}

		want := strings.Fields(common)
		for service := range strings.FieldsSeq(ofSDK + f.modules) {
			want = append(want, aws+service)
		}

		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Errorf("modules (-want +got):\n%s", diff)
		}
	})
}
