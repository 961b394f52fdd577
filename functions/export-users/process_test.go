package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/settings"
)

func TestTheBuiltExporterAnswersEveryEventWithAllProblemsOfItsConfiguration(t *testing.T) {
	t.Parallel()

	function := functiontest.Start(t, "export-users", map[string]string{
		"GENESYS_ENVIRONMENT": "mypurecloud.example", "EXPORT_PAGE_SIZE": "501", "MAX_REQUESTS_PER_MINUTE": "many", "USERS_QUERY_METHOD": "PUT",
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
			"GENESYS_ENVIRONMENT", "TOKEN_PARAMETER_NAME", "EXPORT_BUCKET", "EXPORT_PAGE_SIZE", "MAX_REQUESTS_PER_MINUTE",
			"USERS_QUERY_METHOD",
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

func TestEveryExampleEventIsAnEventOfTheUsersExport(t *testing.T) {
	t.Parallel()

	for name, payload := range functiontest.Events(t, "export-users") {
		if _, err := export.ParseEvent(payload); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReadmeTellsTheUsersExportsVariables(t *testing.T) {
	t.Parallel()

	want := make(map[string]string)
	for _, variable := range settings.Variables(config{}) {
		want[variable.Name] = variable.Default
	}

	if diff := cmp.Diff(want, functiontest.ReadmeVariables(t, "export-users")); diff != "" {
		t.Errorf("the README's configuration table (-code +README):\n%s", diff)
	}
}

func TestTheUsersExportLinksNothingElse(t *testing.T) {
	t.Parallel()

	got, devstack := functiontest.Modules(t, "export-users")
	if devstack {
		t.Error("something that was made for development is linked")
	}

	want := []string{
		"github.com/aws/aws-lambda-go",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream",
		"github.com/aws/aws-sdk-go-v2/config",
		"github.com/aws/aws-sdk-go-v2/credentials",
		"github.com/aws/aws-sdk-go-v2/feature/ec2/imds",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/internal/v4a",
		"github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/checksum",
		"github.com/aws/aws-sdk-go-v2/service/internal/presigned-url",
		"github.com/aws/aws-sdk-go-v2/service/internal/s3shared",
		"github.com/aws/aws-sdk-go-v2/service/lambda",
		"github.com/aws/aws-sdk-go-v2/service/s3",
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
