package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"

	"github.com/google/go-cmp/cmp"
)

const (
	usersPath   = "/api/v2/users/query"
	asksRotator = "ROTATOR_FUNCTION_NAME=rotator"
)

// thousand is an organisation of 1,000 users, which are ten pages.
func thousand(faults ...genesyssim.Fault) genesyssim.Config {
	return genesyssim.Config{Users: 1_000, Seed: 1, Faults: faults}
}

func TestX04ATokenThatIsRejectedOrExpiresIsReplacedByTheRotatorWhichIsAskedOnce(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault     genesyssim.Fault
		left      time.Duration // of the token's life
		asked     string
		badTokens int64
	}{
		"it is rejected": {
			genesyssim.Fault{Path: usersPath, Nth: 4, Action: genesyssim.ActionRevokeToken}, time.Hour, `{"rejected_version":2}`, 1,
		},
		"X06 it expires during a wait": {
			genesyssim.Fault{Path: usersPath, Nth: 4, Status: http.StatusTooManyRequests, RetryAfter: "120"}, 100 * time.Second, `{}`, 0,
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, thousand(test.fault))
			w.shortenToken(test.left)
			w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
				w.storeToken()
				_, _ = rw.Write([]byte(`{"rotated":true}`))
			}

			w.wantUsers(1_000, w.mustInvoke(w.process(asksRotator), 10*time.Minute, `{"state":"any"}`))

			if diff := cmp.Diff([]string{test.asked}, w.asked); diff != "" {
				t.Errorf("the rotator was asked (-want +got):\n%s", diff)
			}

			if got := w.genesys.Stats(); got.BadTokenRequests != test.badTokens || len(got.EarlyRequests) != 0 {
				t.Errorf("bad token requests %d, early requests %v; want %d and none", got.BadTokenRequests, got.EarlyRequests, test.badTokens)
			}
		})
	}
}

func TestX04ATokenThatSomebodyElseReplacedIsReadAgainAndNobodyAsked(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, thousand())
		process := w.process(asksRotator)
		w.mustInvoke(process, time.Minute, `{"export_id":"first","state":"any"}`)

		w.genesys.RevokeTokens()
		w.storeToken()
		w.wantUsers(1_000, w.mustInvoke(process, time.Minute, `{"export_id":"second","state":"any"}`))

		if len(w.asked) != 0 {
			t.Errorf("the rotator was asked %q", w.asked)
		}
	})
}

func TestX04ATokenThatCannotBeHadIsANamedError(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		variable string
		rotator  string // what it answers
		says     string
		asked    int
	}{
		"the rotator fails":               {asksRotator, `{"errorType":"InvalidCredentials","errorMessage":"canary"}`, "InvalidCredentials", 1},
		"it leaves the token as it is":    {asksRotator, `{"rotated":false}`, "what it left is rejected", 1},
		"there is no token nor a rotator": {"TOKEN_PARAMETER_NAME=/another", "", "ROTATOR_FUNCTION_NAME", 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, thousand())
			w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
				if strings.Contains(test.rotator, "errorType") {
					rw.Header().Set("X-Amz-Function-Error", "Unhandled")
				}

				_, _ = fmt.Fprint(rw, test.rotator)
			}
			w.genesys.RevokeTokens()

			message := w.mustFail(w.process(test.variable), time.Minute, "TokenUnavailable", test.says)
			if strings.Contains(message, "canary") {
				t.Errorf("the message repeats the rotator's: %s", message)
			}

			if len(w.asked) != test.asked {
				t.Errorf("the rotator was asked %d times, want %d", len(w.asked), test.asked)
			}

			if requests := w.genesys.Stats().Requests["GET "+usersPath]; test.asked == 0 && requests != 0 {
				t.Errorf("%d pages were asked for without a token", requests)
			}
		})
	}
}

func TestBothDialectsExportTheSame(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, thousand())

		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w.wantUsers(1_000, w.mustInvoke(w.process("USERS_QUERY_METHOD="+method), time.Minute,
				`{"export_id":"by-`+method+`","state":"any","expand":["groups","skills"],"sort_order":"DESC"}`))

			if got := w.genesys.Stats().Requests[method+" "+usersPath]; got != 10 {
				t.Errorf("%s: %d requests, want 10", method, got)
			}
		}
	})
}

func TestInvariant10AStoreThatHangsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const length = 30 * time.Second

		w := newWorld(t, thousand())
		w.hanging = func(r *http.Request) bool {
			return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/part-")
		}

		begun := time.Now()
		w.mustFail(w.process(), length, "StorageUnavailable", "")

		if took := time.Since(begun); took >= length {
			t.Errorf("the end came after %s of %s", took, length)
		}
	})
}

func TestABudgetThatEndsIsNoFailure(t *testing.T) {
	t.Parallel()

	revoked := genesyssim.Fault{Path: usersPath, Nth: 70, Action: genesyssim.ActionRevokeToken}

	for name, test := range map[string]struct {
		organisation genesyssim.Config
		length       time.Duration
		least, most  int64 // pages
	}{
		"while the rotator works": {
			genesyssim.Config{Users: 2_000, Seed: 1, Latency: 100 * time.Millisecond, Faults: []genesyssim.Fault{revoked}}, 30 * time.Second, 60, 70,
		},
		// The first page may use the time up to the deadline less a second.
		"X14 after a first page that is just in time": {genesyssim.Config{Users: 1_000, Latency: 8_900 * time.Millisecond}, 10 * time.Second, 1, 1},
		"X14 before a first page that is too late":    {genesyssim.Config{Users: 1_000, Latency: 9_100 * time.Millisecond}, 10 * time.Second, 0, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, test.organisation)
			w.rotator = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

			result := w.mustInvoke(w.process(asksRotator), test.length, `{"state":"any","page_size":10}`)
			if result.Reason != export.ReasonBudget || result.Pages < test.least || result.Pages > test.most {
				t.Errorf("got %+v; want what was read committed, and to go on later", result)
			}
		})
	}
}

func TestWhatTheAPISaysOfItselfIsNotRepeatedWhereItLooksLikeMoreThanACode(t *testing.T) {
	t.Parallel()

	for name, canary := range map[string]string{
		"an ARN":          "arn:aws:lambda:eu-central-1:123456789012:function:gw",
		"an access token": "Tm90IGEgdG9rZW4sIGJ1dCBhcyBsb25nIGFzIG9uZQ-and_some_more",
	} {
		inBubble(t, name, func(t *testing.T) {
			body := `{"code":"` + canary + `","message":"` + canary + `","limit":{"key":"user.rate.per.minute","value":7}}`
			w := newWorld(t, thousand(genesyssim.Fault{
				Path: usersPath, Status: http.StatusForbidden, Body: &body, Headers: map[string]string{"Genesys-Correlation-Id": canary},
			}))

			message := w.mustFail(w.process(), time.Minute, "Forbidden", "")
			if strings.Contains(message+w.out.String(), canary) {
				t.Errorf("got %s\n%s", message, w.out.String())
			}
		})
	}
}
