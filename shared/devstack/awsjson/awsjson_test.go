package awsjson_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/awsjson"
)

type input struct{ Count int }

// double doubles a count; it refuses one, and breaks on another.
func double(in input) (awsjson.Reply, error) {
	switch in.Count {
	case 13:
		return nil, awsjson.Errorf("UnluckyException", "not %d", in.Count)
	case 500:
		return nil, errors.New("canary-4711")
	}

	return awsjson.Reply{"Doubled": 2 * in.Count}, nil
}

func send(t *testing.T, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	service := awsjson.Service{Target: "Doubling", Operations: map[string]awsjson.Operation{"Double": awsjson.Typed(double)}}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set("X-Amz-Target", target)
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, request)

	return recorder
}

func TestAServiceAnswersAsTheProtocolSays(t *testing.T) {
	t.Parallel()
	const elsewhere = "moto and LocalStack have the others"
	for name, test := range map[string]struct {
		target, body     string
		status           int
		errorType, reply string // the message, where the type is of an error
	}{
		"an operation":             {"Doubling.Double", `{"Count":4}`, 200, "", `{"Doubled":8}`},
		"a refusal":                {"Doubling.Double", `{"Count":13}`, 400, "UnluckyException", `not 13`},
		"an error of the server's": {"Doubling.Double", `{"Count":500}`, 500, "InternalServerError", `an error on the server side`},
		"an operation that is not there": {
			"Doubling.Halve", `{}`, 400, "UnknownOperationException", `this local Doubling has no operation \"Halve\", only Double: ` + elsewhere,
		},
		"another service's operation": {
			"Tripling.Double", `{}`, 400, "UnknownOperationException", `this local Doubling has no operation \"\", only Double: ` + elsewhere,
		},
		"a member that is not there": {
			"Doubling.Double", `{"Count":4,"Other":"canary"}`, 400, "ValidationException", `this local operation has no member \"/Other\": ` + elsewhere,
		},
		"a wrong type": {"Doubling.Double", `{"Count":"4"}`, 400, "SerializationException", `the member \"/Count\" has the wrong type`},
		"no JSON":      {"Doubling.Double", `{"Count`, 400, "SerializationException", `the body is not one JSON object`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.errorType != "" {
				test.reply = fmt.Sprintf(`{"__type":"%s","message":"%s"}`, test.errorType, test.reply)
			}
			got := send(t, test.target, test.body)
			want := []any{test.status, test.errorType, test.reply, "application/x-amz-json-1.1"}
			have := []any{got.Code, got.Header().Get("X-Amzn-ErrorType"), got.Body.String(), got.Header().Get("Content-Type")}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			if got.Header().Get("X-Amzn-RequestId") == "" {
				t.Error("the reply has no request id")
			}
		})
	}
}

func FuzzAnyBodyIsAnsweredOrRefused(f *testing.F) {
	f.Add(`{"Count":4}`)
	f.Add(`{"Count":1e400}`)
	f.Add(`{"Count":1,"Count":2}`)
	f.Add("\xff{")
	f.Fuzz(func(t *testing.T, body string) {
		if got := send(t, "Doubling.Double", body); got.Code != 200 && got.Code != 400 &&
			!strings.Contains(body, "500") {
			t.Errorf("got status %d for %q", got.Code, body)
		}
	})
}
