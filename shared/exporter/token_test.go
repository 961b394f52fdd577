package exporter_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"

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

// inBubble is a parallel subtest in virtual time.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
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
			genesyssim.Fault{Path: usersPath, Nth: 1, Status: http.StatusTooManyRequests, RetryAfter: "120"}, 100 * time.Second, `{}`, 0,
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, thousand(test.fault))
			w.shortenToken(test.left)
			w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
				w.storeToken()
				_, _ = rw.Write([]byte(`{"rotated":true}`))
			}

			w.wantUsers(1_000, w.invoke(w.process(asksRotator), 10*time.Minute, `{"state":"any"}`))

			if diff := cmp.Diff([]string{test.asked}, w.asked); diff != "" {
				t.Errorf("the rotator was asked (-want +got):\n%s", diff)
			}

			if got := w.genesys.Stats(); got.BadTokenRequests != test.badTokens || len(got.EarlyRequests) != 0 {
				t.Errorf("bad token requests %d, early requests %v; want %d and none", got.BadTokenRequests, got.EarlyRequests, test.badTokens)
			}
		})
	}
}

// What else a failure to get a token says is a test of shared/token.
func TestX04ATokenThatCannotBeHadIsANamedError(t *testing.T) {
	t.Parallel()

	for variable, says := range map[string]string{asksRotator: "InvalidCredentials", "TOKEN_PARAMETER_NAME=/another": "ROTATOR_FUNCTION_NAME"} {
		inBubble(t, variable, func(t *testing.T) {
			w := newWorld(t, thousand())
			w.rotator = func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("X-Amz-Function-Error", "Unhandled")
				_, _ = rw.Write([]byte(`{"errorType":"InvalidCredentials","errorMessage":"canary"}`))
			}
			w.genesys.RevokeTokens()

			message := w.fail(w.process(variable), time.Minute, "TokenUnavailable", says)
			if strings.Contains(message+w.out.String(), "canary") {
				t.Errorf("the rotator's message is repeated: %s\n%s", message, w.out.String())
			}

			asked, requests := variable == asksRotator, w.genesys.Stats().Requests["GET "+usersPath]
			if (len(w.asked) == 1) != asked || (requests == 1) != asked {
				t.Errorf("the rotator was asked %q and the API for %d pages, want each once where there is a token: %t", w.asked, requests, asked)
			}
		})
	}
}
