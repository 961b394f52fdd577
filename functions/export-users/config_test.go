package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/settings"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// What every exporter reads is tested in shared/exporter.
func TestTheQueryMethodIsGetUnlessTheSettingSaysPost(t *testing.T) {
	t.Parallel()

	for variable, want := range map[string]string{"": http.MethodGet, "USERS_QUERY_METHOD=GET": http.MethodGet, "USERS_QUERY_METHOD=POST": http.MethodPost} {
		var c config

		environ := []string{"GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/genesys/token", "EXPORT_BUCKET=exports-of-acme", variable}
		if err := settings.Load(&c, environ); err != nil {
			t.Fatal(err)
		}

		pages, err := genesys.NewListing(c.users(), genesys.Client{}).Ask(100, nil)
		if err != nil {
			t.Fatal(err)
		}

		if query := string(pages.Query().Canonical); !strings.Contains(query, `"method":"`+want+`"`) {
			t.Errorf("%q: the query is %s, want the method %s", variable, query, want)
		}
	}
}

func TestAnyOtherQueryMethodIsAProblemAndAnyOtherListingIsRefused(t *testing.T) {
	t.Parallel()

	environ := []string{"GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/genesys/token", "EXPORT_BUCKET=exports-of-acme"}

	for variable, want := range map[string]string{
		"USERS_QUERY_METHOD=get":  "InvalidConfiguration: the function's environment variables are wrong: USERS_QUERY_METHOD is neither GET nor POST",
		"USERS_QUERY_METHOD=PUT":  "InvalidConfiguration: the function's environment variables are wrong: USERS_QUERY_METHOD is neither GET nor POST",
		"USERS_QUERY_METHOD=POST": "InvalidInput: listing must name one of this function's listings: users",
	} {
		process := &invocation.Process{Environ: append(slices.Clone(environ), variable), Out: io.Discard, Logger: slog.New(slog.DiscardHandler)}
		_, err := newHandler(process).Invoke(t.Context(), []byte(`{"listing":"queues"}`))

		if failed, ok := errors.AsType[messages.InvokeResponse_Error](err); !ok || failed.Type+": "+failed.Message != want {
			t.Errorf("%s: got %v, want %s", variable, err, want)
		}
	}
}
