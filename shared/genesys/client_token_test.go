package genesys_test

import (
	"errors"
	"net/http"
	"testing"

	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestARejectedTokenIsReplacedForTheNextAttempt(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusUnauthorized, errorBody(401, "bad.credentials")), answer(http.StatusOK, twoUsers))

	// The first two requests are the same but for the token, and the fresh token serves the next page too.
	requireFailure(t, f.fetch(query(), "/api/v2/users/query?cursor=a"), failure.TokenUnavailable, true, correlation)
	f.requirePage(query(), "/api/v2/users/query?cursor=a", 2)
	f.requirePage(query(), "/api/v2/users/query?cursor=b", 2)

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

func TestASecondRejectionInARowIsTokenUnavailable(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusUnauthorized, errorBody(401, "something.new")))

	// The third is the first of another row: it may be another invocation of a warm process.
	for i, passing := range []bool{true, false, true, false} {
		requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, passing, correlation)
		f.requireRequests(i + 1)
	}

	if diff := cmp.Diff([]int64{1, 2, 3, 4}, f.bearers.rejected); diff != "" {
		t.Errorf("rejected versions (-want +got):\n%s", diff)
	}
}

func TestARejectionAfterAnyOtherOutcomeIsAFirstOne(t *testing.T) {
	t.Parallel()
	each(t, map[string]http.HandlerFunc{
		"a page":              answer(http.StatusOK, twoUsers),
		"a server's failure":  answer(http.StatusServiceUnavailable, ""),
		"a rate limit":        answer(http.StatusTooManyRequests, ""),
		"a broken connection": raw(head(length(len(twoUsers))), false),
	}, func(t *testing.T, between http.HandlerFunc) {
		rejected := answer(http.StatusUnauthorized, "")
		f := serveFake(t, listingBase, rejected, between, rejected)

		requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true)
		_ = f.fetch(query(), "")
		requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true)
	})
}

func TestTheReasonForNoTokenIsReported(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusOK, twoUsers))
	f.bearers.err = errors.New("no token could be had")

	if err := f.fetch(query(), ""); !errors.Is(err, f.bearers.err) {
		t.Errorf("got %v, want %v", err, f.bearers.err)
	}
	f.requireRequests(0)
}
