package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/settings"
)

func TestTheBuiltExporterAnswersEveryEventWithAllProblemsOfItsConfiguration(t *testing.T) {
	t.Parallel()

	function := functiontest.Start(t, "export-users", 20*time.Second, map[string]string{
		"GENESYS_ENVIRONMENT": "mypurecloud.example", "EXPORT_PAGE_SIZE": "501", "MAX_REQUESTS_PER_MINUTE": "many", "USERS_QUERY_METHOD": "PUT",
	})

	for range 2 {
		reply, failed := function.Invoke(t, "{}")

		for _, part := range []string{
			`"errorType":"InvalidConfiguration"`, "GENESYS_ENVIRONMENT ", "TOKEN_PARAMETER_NAME ", "EXPORT_BUCKET ", "EXPORT_PAGE_SIZE ",
			"MAX_REQUESTS_PER_MINUTE ", "USERS_QUERY_METHOD ",
		} {
			if !failed || !strings.Contains(string(reply), part) {
				t.Errorf("got %s (a failure: %t), want a failure with %s in it", reply, failed, part)
			}
		}
	}

	if logs := function.Logs(); strings.Count(logs, "START") > 0 && !strings.Contains(logs, "InvalidConfiguration") {
		t.Errorf("the log does not show the error:\n%s", logs)
	}
}

func TestEveryExampleEventIsTakenOrAsItsNameSaysRefusedByTheUsersExport(t *testing.T) {
	t.Parallel()

	users := genesys.NewListing(genesys.Users(http.MethodGet), genesys.Client{})

	for name, payload := range functiontest.Events(t, "export-users") {
		asked, err := export.ParseEvent(payload)
		if err == nil {
			err = event.Known(asked.Options, users.Options())
		}

		if err == nil {
			_, err = users.Ask(1, asked.Options)
		}

		if refused := failure.Is(err, failure.InvalidInput); refused != strings.Contains(name, "-invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReadmeAndTheTemplateKnowTheUsersExportsVariables(t *testing.T) {
	t.Parallel()

	functiontest.WantReadmeVariables(t, "export-users", settings.Variables(config{}))
	functiontest.WantTemplateVariables(t, "export-users", settings.Variables(config{}))
}

func TestTheUsersExportLinksNothingElse(t *testing.T) {
	t.Parallel()

	functiontest.WantModules(t, "export-users",
		"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream",
		"github.com/aws/aws-sdk-go-v2/service/internal/checksum",
		"github.com/aws/aws-sdk-go-v2/service/internal/s3shared",
		"github.com/aws/aws-sdk-go-v2/service/lambda",
		"github.com/aws/aws-sdk-go-v2/service/s3",
	)
}
