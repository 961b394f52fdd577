package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
)

// errorType is what Lambda reports for an error.
func errorType(t *testing.T, err error) (kind, message string) {
	t.Helper()

	failed, ok := errors.AsType[messages.InvokeResponse_Error](err)
	if !ok {
		t.Fatalf("got %v (%T), want an error in Lambda's form", err, err)
	}

	return failed.Type, failed.Message
}

const asksRotator = "ROTATOR_FUNCTION_NAME=rotator"

func TestX04ARejectedTokenIsReplacedByTheRotatorWhichIsAskedOnce(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1, Faults: []genesyssim.Fault{
			{Path: "/api/v2/users/query", Nth: 4, Action: genesyssim.ActionRevokeToken},
		}})
		w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
			w.storeToken()
			_, _ = rw.Write([]byte(`{"rotated":true}`))
		}

		result, err := w.invoke(w.process(asksRotator), time.Minute, `{"state":"any"}`)
		if err != nil || result.Status != export.StatusComplete || result.Records != 1_000 {
			t.Errorf("got %+v, %v", result, err)
		}

		if diff := cmp.Diff([]string{`{"rejected_version":1}`}, w.asked); diff != "" {
			t.Errorf("the rotator was asked (-want +got):\n%s", diff)
		}

		if got := w.genesys.Stats().BadTokenRequests; got != 1 {
			t.Errorf("requests with a bad token: got %d, want 1", got)
		}
	})
}

func TestX04ATokenThatSomebodyElseReplacedIsReadAgainAndNobodyAsked(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1})
		process := w.process(asksRotator)

		if _, err := w.invoke(process, time.Minute, `{"export_id":"first","state":"any"}`); err != nil {
			t.Fatal(err)
		}

		w.genesys.RevokeTokens()
		w.storeToken()

		if result, err := w.invoke(process, time.Minute, `{"export_id":"second","state":"any"}`); err != nil || result.Records != 1_000 {
			t.Errorf("got %+v, %v", result, err)
		}

		if len(w.asked) != 0 {
			t.Errorf("the rotator was asked %q", w.asked)
		}
	})
}

func TestX04ARotatorThatDoesNotHelpIsANamedError(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		rotator http.HandlerFunc
		want    string
	}{
		"it fails": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = fmt.Fprint(rw, `{"errorType":"InvalidCredentials","errorMessage":"canary"}`)
		}, "InvalidCredentials"},
		"it leaves the token as it is": {func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(rw, `{"rotated":false}`)
		}, "what it left is rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1})
				w.rotator = test.rotator
				w.genesys.RevokeTokens()

				_, err := w.invoke(w.process(asksRotator), time.Minute, "{}")

				kind, message := errorType(t, err)
				if kind != "TokenUnavailable" || !strings.Contains(message, test.want) || strings.Contains(message, "canary") {
					t.Errorf("got %s: %s", kind, message)
				}

				if len(w.asked) != 1 {
					t.Errorf("the rotator was asked %d times, want once", len(w.asked))
				}
			})
		})
	}
}

func TestX06ATokenThatExpiresDuringAWaitIsReadAgainBeforeTheNextAttempt(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1, Faults: []genesyssim.Fault{
			{Path: "/api/v2/users/query", Nth: 4, Status: http.StatusTooManyRequests, RetryAfter: "120"},
		}})
		w.shortenToken(100 * time.Second)
		w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
			w.storeToken()
			_, _ = rw.Write([]byte(`{"rotated":true}`))
		}

		result, err := w.invoke(w.process(asksRotator), 10*time.Minute, `{"state":"any"}`)
		if err != nil || result.Status != export.StatusComplete || result.Records != 1_000 {
			t.Errorf("got %+v, %v", result, err)
		}

		if diff := cmp.Diff([]string{`{}`}, w.asked); diff != "" {
			t.Errorf("the rotator was asked (-want +got):\n%s", diff)
		}

		if got := w.genesys.Stats(); got.BadTokenRequests != 0 || len(got.EarlyRequests) != 0 {
			t.Errorf("bad token requests %d, early requests %v; want none", got.BadTokenRequests, got.EarlyRequests)
		}
	})
}

func TestWithoutARotatorAMissingTokenIsAnErrorThatSaysWhatToSet(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 10, Seed: 1})

		_, err := w.invoke(w.process("TOKEN_PARAMETER_NAME=/another"), time.Minute, "{}")
		if kind, message := errorType(t, err); kind != "TokenUnavailable" || !strings.Contains(message, "ROTATOR_FUNCTION_NAME") {
			t.Errorf("got %s: %s", kind, message)
		}

		if requests := w.genesys.Stats().Requests["GET /api/v2/users/query"]; requests != 0 {
			t.Errorf("%d pages were asked for without a token", requests)
		}
	})
}

func TestAnInvocationWithoutRequestIDAndExportIDIsRefused(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 10, Seed: 1})

		_, err := w.process().Invoke(t.Context(), []byte("{}"))
		if kind, message := errorType(t, err); kind != "InvalidInput" || !strings.Contains(message, "export_id") {
			t.Errorf("got %s: %s", kind, message)
		}
	})
}

func TestBothDialectsExportTheSame(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1})

		for _, method := range []string{http.MethodGet, http.MethodPost} {
			result, err := w.invoke(w.process("USERS_QUERY_METHOD="+method), time.Minute,
				`{"export_id":"by-`+method+`","state":"any","expand":["groups","skills"],"sort_order":"DESC"}`)
			if err != nil || result.Records != 1_000 || result.Status != export.StatusComplete {
				t.Errorf("%s: got %+v, %v", method, result, err)
			}

			if got := w.genesys.Stats().Requests[method+" /api/v2/users/query"]; got != 10 {
				t.Errorf("%s: %d requests, want 10", method, got)
			}
		}
	})
}

func TestInvariant10AStoreThatHangsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const length = 30 * time.Second

		w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1})
		w.hanging = func(r *http.Request) bool {
			return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/part-")
		}

		begun := time.Now()

		_, err := w.invoke(w.process(), length, "{}")
		if kind, message := errorType(t, err); kind != "StorageUnavailable" {
			t.Errorf("got %s: %s", kind, message)
		}

		if took := time.Since(begun); took >= length {
			t.Errorf("the end came after %s of %s", took, length)
		}
	})
}

func TestABudgetThatEndsWhileTheRotatorWorksIsNoFailure(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, genesyssim.Config{Users: 20_000, Seed: 1, Latency: 100 * time.Millisecond, Faults: []genesyssim.Fault{
			{Path: "/api/v2/users/query", Nth: 70, Action: genesyssim.ActionRevokeToken},
		}})
		w.rotator = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

		result, err := w.invoke(w.process(asksRotator), 30*time.Second, `{"state":"any"}`)
		if err != nil || result.Reason != export.ReasonBudget || result.Pages < 60 {
			t.Errorf("got %+v, %v; want what was read committed, and to go on later", result, err)
		}
	})
}

func TestWhatTheAPISaysOfItselfIsNotRepeatedWhereItLooksLikeMoreThanACode(t *testing.T) {
	t.Parallel()

	for name, canary := range map[string]string{
		"an ARN":          "arn:aws:lambda:eu-central-1:123456789012:function:gw",
		"an access token": "Tm90IGEgdG9rZW4sIGJ1dCBhcyBsb25nIGFzIG9uZQ-and_some_more",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				body := `{"code":"` + canary + `","message":"` + canary + `","limit":{"key":"user.rate.per.minute","value":7}}`
				w := newWorld(t, genesyssim.Config{Users: 10, Seed: 1, Faults: []genesyssim.Fault{{
					Path: "/api/v2/users/query", Status: http.StatusForbidden, Body: &body, Headers: map[string]string{"Genesys-Correlation-Id": canary},
				}}})

				_, err := w.invoke(w.process(), time.Minute, "{}")
				if kind, message := errorType(t, err); kind != "Forbidden" || strings.Contains(message+w.out.String(), canary) {
					t.Errorf("got %s: %s\n%s", kind, message, w.out.String())
				}
			})
		})
	}
}

func TestX14TheFirstPageMayUseTheTimeUpToTheDeadlineLessASecond(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		latency time.Duration
		pages   int64
	}{
		"just in time": {8_900 * time.Millisecond, 1},
		"too late":     {9_100 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, genesyssim.Config{Users: 1_000, Seed: 1, Latency: test.latency})

				result, err := w.invoke(w.process(), 10*time.Second, `{"state":"any"}`)
				if err != nil || result.Reason != export.ReasonBudget || result.Pages != test.pages {
					t.Errorf("got %+v, %v; want %d pages", result, err, test.pages)
				}
			})
		})
	}
}
