package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/settings"
)

func TestTheBuiltRotatorAnswersEveryEventWithAllProblemsOfItsConfiguration(t *testing.T) {
	t.Parallel()

	function := functiontest.Start(t, "rotator", 20*time.Second, map[string]string{
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

	if logs := function.Logs(); !strings.Contains(logs, `"the function starts" version=`) {
		t.Errorf("the log does not show the version:\n%s", logs)
	}

	if logs := function.Logs(); strings.Count(logs, "START") > 0 && !strings.Contains(logs, "InvalidConfiguration") {
		t.Errorf("the log does not show the error:\n%s", logs)
	}
}

func TestEveryExampleEventIsTakenOrAsItsNameSaysRefusedByTheRotator(t *testing.T) {
	t.Parallel()

	for name, payload := range functiontest.Events(t, "rotator") {
		_, err := parseEvent(payload)
		if refused := failure.Is(err, failure.InvalidInput); refused != strings.Contains(name, "-invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReadmeListsTheRotatorsVariables(t *testing.T) {
	t.Parallel()

	functiontest.WantReadmeVariables(t, "rotator", settings.Variables(config{}))
}

func TestTheRotatorLinksNothingElse(t *testing.T) {
	t.Parallel()

	functiontest.WantModules(t, "rotator",
		"github.com/aws/aws-sdk-go-v2/service/secretsmanager",
	)
}

func TestTheTemplateSetsWhatTheRotatorReads(t *testing.T) {
	t.Parallel()

	// A third of the lifetime bounds it, and the alarm at half of it leaves half an hour.
	functiontest.WantTemplateVariables(t, "rotator", settings.Variables(config{}), "TOKEN_ROTATION_BUFFER_SECONDS")
}
