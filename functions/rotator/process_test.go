package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/settings"
)

func TestTheBuiltRotatorAnswersEveryEventWithAllProblemsOfItsConfiguration(t *testing.T) {
	t.Parallel()

	function := functiontest.Start(t, "rotator", map[string]string{
		"GENESYS_TOKEN_URL": "http://login.example.com/oauth/token", "TOKEN_ROTATION_BUFFER_SECONDS": "soon", "TOKEN_PROBE_SECONDS": "-1",
	})

	for range 2 {
		reply, failed := function.Invoke(t, "{}")

		var problem struct {
			ErrorType    string `json:"errorType"`
			ErrorMessage string `json:"errorMessage"`
		}
		if err := json.Unmarshal(reply, &problem); err != nil || !failed {
			t.Fatalf("got %s, %v", reply, err)
		}

		if problem.ErrorType != "InvalidConfiguration" {
			t.Errorf("error type: got %q", problem.ErrorType)
		}

		for _, name := range []string{
			"GENESYS_ENVIRONMENT", "GENESYS_TOKEN_URL", "TOKEN_PARAMETER_NAME", "GENESYS_CREDENTIALS_SECRET_ID",
			"TOKEN_ROTATION_BUFFER_SECONDS", "TOKEN_PROBE_SECONDS",
		} {
			if !strings.Contains(problem.ErrorMessage, name+" ") {
				t.Errorf("the message lacks %s: %s", name, problem.ErrorMessage)
			}
		}
	}

	if logs := function.Logs(); strings.Count(logs, "START") > 0 && !strings.Contains(logs, "InvalidConfiguration") {
		t.Errorf("the log does not show the error:\n%s", logs)
	}
}

func TestEveryExampleEventIsAnEventOfTheRotator(t *testing.T) {
	t.Parallel()

	for name, payload := range functiontest.Events(t, "rotator") {
		if _, err := parseEvent(payload); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReadmeTellsTheRotatorsVariables(t *testing.T) {
	t.Parallel()

	want := make(map[string]string)
	for _, variable := range settings.Variables(config{}) {
		want[variable.Name] = variable.Default
	}

	if diff := cmp.Diff(want, functiontest.ReadmeVariables(t, "rotator")); diff != "" {
		t.Errorf("the README's configuration table (-code +README):\n%s", diff)
	}
}

func TestTheRotatorLinksNothingElse(t *testing.T) {
	t.Parallel()

	got, devstack := functiontest.Modules(t, "rotator")
	if devstack {
		t.Error("something that was made for development is linked")
	}

	want := []string{
		"github.com/aws/aws-lambda-go",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/config",
		"github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/feature/ec2/imds",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/internal/v4a",
		"github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/presigned-url",
		"github.com/aws/aws-sdk-go-v2/service/secretsmanager",
		"github.com/aws/aws-sdk-go-v2/service/signin",
		"github.com/aws/aws-sdk-go-v2/service/ssm",
		"github.com/aws/aws-sdk-go-v2/service/sso",
		"github.com/aws/aws-sdk-go-v2/service/ssooidc",
		"github.com/aws/aws-sdk-go-v2/service/sts",
		"github.com/aws/smithy-go",
		"github.com/caarlos0/env/v11",
		"github.com/go-json-experiment/json",
		"github.com/klauspost/compress",
		"golang.org/x/time",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("linked modules (-want +got):\n%s", diff)
	}
}
