package awsjson_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"genesys-cloud-export/shared/devstack/awsjson"
)

type input struct{ Count int }

type output struct{ Doubled int }

// double doubles a count; it refuses one, and breaks on another.
func double(in input) (output, error) {
	switch in.Count {
	case 13:
		return output{}, awsjson.Errorf("UnluckyException", "not %d", in.Count)
	case 500:
		return output{}, errors.New("canary-4711")
	}

	return output{Doubled: 2 * in.Count}, nil
}

func newService() *awsjson.Service {
	return &awsjson.Service{
		Target: "Doubling", Operations: map[string]awsjson.Operation{"Double": awsjson.Typed(double)},
	}
}

func send(t *testing.T, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	request.Header.Set("X-Amz-Target", target)
	recorder := httptest.NewRecorder()
	newService().ServeHTTP(recorder, request)

	return recorder
}

func TestAServiceAnswersAsTheProtocolSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, target, body string
		status               int
		errorType, reply     string
	}{
		"an operation": {"POST", "Doubling.Double", `{"Count":4,"Other":{}}`, 200, "", `{"Doubled":8}`},
		"a refusal": {
			"POST", "Doubling.Double", `{"Count":13}`, 400, "UnluckyException",
			`{"__type":"UnluckyException","message":"not 13"}`,
		},
		"an error of the server's": {
			"POST", "Doubling.Double", `{"Count":500}`, 500, "InternalServerError",
			`{"__type":"InternalServerError","message":"an error on the server side"}`,
		},
		"an unknown operation": {
			"POST", "Doubling.Halve", `{}`, 400, "UnknownOperationException",
			`{"__type":"UnknownOperationException","message":"Doubling has no operation \"Halve\" here"}`,
		},
		"another service's operation": {
			"POST", "Tripling.Double", `{}`, 400, "UnknownOperationException",
			`{"__type":"UnknownOperationException","message":"Doubling has no operation \"\" here"}`,
		},
		"a wrong type": {
			"POST", "Doubling.Double", `{"Count":"4"}`, 400, "SerializationException",
			`{"__type":"SerializationException","message":"the member at \"/Count\" has the wrong type"}`,
		},
		"no JSON": {
			"POST", "Doubling.Double", `{"Count`, 400, "SerializationException",
			`{"__type":"SerializationException","message":"the body is not one JSON object"}`,
		},
		"too much": {
			"POST", "Doubling.Double", `"` + strings.Repeat("x", 1<<20) + `"`, 400, "SerializationException",
			`{"__type":"SerializationException","message":"the body was cut short, or is over 1048576 bytes"}`,
		},
		"another method": {
			"GET", "Doubling.Double", "", 405, "MethodNotAllowedException",
			`{"__type":"MethodNotAllowedException","message":"this protocol knows POST alone"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, test.method, test.target, test.body)
			want := []any{test.status, test.errorType, test.reply, "application/x-amz-json-1.1"}
			have := []any{
				got.Code, got.Header().Get("X-Amzn-ErrorType"), got.Body.String(), got.Header().Get("Content-Type"),
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
			if id := got.Header().Get("X-Amzn-RequestId"); !uuid.MatchString(id) {
				t.Errorf("got request id %q, want a UUID", id)
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
		if got := send(t, http.MethodPost, "Doubling.Double", body); got.Code != 200 && got.Code != 400 &&
			!strings.Contains(body, "500") {
			t.Errorf("got status %d for %q", got.Code, body)
		}
	})
}

func TestATimestampIsANumberOfSeconds(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(struct {
		At   awsjson.Timestamp
		None awsjson.Timestamp `json:",omitzero"`
	}{At: awsjson.At(time.Date(2026, 1, 2, 3, 4, 5, 67_000_000, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"At":1767323045.067}`, string(got)); diff != "" {
		t.Errorf("timestamp (-want +got):\n%s", diff)
	}
}

func TestPagesOfAnySizeMakeTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.Int()).Draw(t, "all")
		size := rapid.IntRange(1, 5).Draw(t, "size")

		var got []int
		token := ""
		for pages := 0; ; pages++ {
			page, next, err := awsjson.Page(all, token, size)
			if err != nil || len(page) > size || pages > len(all) {
				t.Fatalf("page %d: got %d items, %v", pages, len(page), err)
			}
			got = append(got, page...)
			if next == "" {
				break
			}
			token = next
		}
		if len(all)+len(got) > 0 && !cmp.Equal(all, got) {
			t.Fatalf("got %v of %v", got, all)
		}
	})

	for _, token := range []string{"!", "LTE", "eA"} {
		if _, _, err := awsjson.Page([]int{1}, token, 1); err == nil {
			t.Errorf("the token %q was taken", token)
		}
	}
}
