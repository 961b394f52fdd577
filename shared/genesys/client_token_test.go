package genesys_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"

	"github.com/google/go-cmp/cmp"
)

// rejecting answers with a 401 where the token is one of the versions, and with a page else.
func rejecting(versions ...int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, version := range versions {
			if r.Header.Get("Authorization") == "Bearer "+bearer(version) {
				answer(http.StatusUnauthorized, errorBody(401, "bad.credentials"))(w, r)
				return
			}
		}

		answer(http.StatusOK, twoUsers)(w, r)
	}
}

func TestARejectedTokenIsReplacedForTheNextAttempt(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, rejecting(1))

	text := requireFailure(t, f.fetch(query(), "/api/v2/users/query?cursor=a"), failure.TokenUnavailable, true)
	if !strings.Contains(text, correlation) {
		t.Errorf("got %q, want the correlation id in it", text)
	}

	// Both requests are the same but for the token, and the fresh token serves the next page too.
	for _, cursor := range []string{"a", "b"} {
		if err := f.fetch(query(), "/api/v2/users/query?cursor="+cursor); err != nil || f.page.Records != 2 {
			t.Errorf("cursor %s: got %d records and error %v, want 2 and none", cursor, f.page.Records, err)
		}
	}

	if diff := cmp.Diff([]int64{1}, f.bearers.rejected); diff != "" {
		t.Errorf("rejected versions (-want +got):\n%s", diff)
	}

	var sent []string
	for _, request := range f.seen() {
		sent = append(sent, request.URL.Query().Get("cursor")+" "+request.Header.Get("Authorization"))
	}
	if diff := cmp.Diff([]string{"a Bearer " + bearer(1), "a Bearer " + bearer(2), "b Bearer " + bearer(2)}, sent); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// Invariant 7: pace and attempts are counted a call, so a call sends no more than one request.
func TestEveryRequestIsAnAttemptOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := serveFake(t, listingBase, rejecting(1))

		attempts := 0
		policy := retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 2}
		err := policy.Do(t.Context(), func(time.Duration) bool { return true }, func(ctx context.Context) error {
			attempts++
			err := f.Fetch(ctx, query(), "", &f.page)
			if len(f.seen()) != attempts {
				t.Errorf("%d requests after %d attempts", len(f.seen()), attempts)
			}

			return err
		})

		if err != nil || attempts != 2 || f.page.Records != 2 {
			t.Errorf("got %v after %d attempts, want a page after 2", err, attempts)
		}
	})
}

func TestASecondRejectionInARowIsTokenUnavailable(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"the usual code": errorBody(401, "bad.credentials"), "another": errorBody(401, "authentication.required"),
		"a new one": errorBody(401, "something.new"), "none": errorBody(401, ""), "no body": "", "HTML": "<html>canary</html>", "null": "null",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusUnauthorized, body))

			// The third is the first of another row: it may be another invocation of a warm process.
			for i, passing := range []bool{true, false, true, false} {
				text := requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, passing)
				if !strings.Contains(text, correlation) || len(f.seen()) != i+1 {
					t.Errorf("got %q after %d requests, want the correlation id after %d", text, len(f.seen()), i+1)
				}
			}

			if diff := cmp.Diff([]int64{1, 2, 3, 4}, f.bearers.rejected); diff != "" {
				t.Errorf("rejected versions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARejectionAfterAnyOtherOutcomeIsAFirstOne(t *testing.T) {
	t.Parallel()

	for name, between := range map[string]http.HandlerFunc{
		"a page":              answer(http.StatusOK, twoUsers),
		"a server's failure":  answer(http.StatusServiceUnavailable, ""),
		"a rate limit":        answer(http.StatusTooManyRequests, ""),
		"a broken connection": raw(head(length(len(twoUsers))), false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			replies := []http.HandlerFunc{answer(http.StatusUnauthorized, ""), between, answer(http.StatusUnauthorized, "")}
			f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
				reply := replies[0]
				replies = replies[1:]
				reply(w, r)
			})

			requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true)
			_ = f.fetch(query(), "")
			requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true)
		})
	}
}

func TestTheReasonForNoTokenIsTold(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, rejecting(1))
	f.bearers.last = 1

	requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true)
	for range 2 {
		if err := f.fetch(query(), ""); !errors.Is(err, errNoToken) || len(f.seen()) != 1 {
			t.Errorf("got %v after %d requests, want %v after 1", err, len(f.seen()), errNoToken)
		}
	}
}
