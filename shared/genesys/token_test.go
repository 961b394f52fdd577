package genesys_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

// granted answers with a token, and with pairs of header names and values.
func granted(headers ...string) http.HandlerFunc { return answer(http.StatusOK, goodGrant, headers...) }

// grant is a token reply with this member beside its token.
func grant(member string) string {
	return `{"access_token":"canary-token","token_type":"bearer",` + member + `}`
}

func TestTheTokenRequestIsTheVendorsByDefaultAndTheTutorialsOnDemand(t *testing.T) {
	t.Parallel()

	type row struct {
		method, scopes string
		authorization  string
		form           url.Values
	}

	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("client id:/+:canary secret:/+=&%"))

	eachInBubble(t, map[string]row{
		"basic":             {genesys.ClientSecretBasic, "", basic, url.Values{"grant_type": {"client_credentials"}}},
		"basic with scopes": {genesys.ClientSecretBasic, "users:readonly x", basic, url.Values{"grant_type": {"client_credentials"}, "scope": {"users:readonly x"}}},
		"post": {genesys.ClientSecretPost, "users", "", url.Values{
			"grant_type": {"client_credentials"}, "scope": {"users"}, "client_id": {"client id:/+"}, "client_secret": {"canary secret:/+=&%"},
		}},
	}, func(t *testing.T, row row) {
		f, client := serveTokens(t, granted())
		client.AuthMethod, client.Scopes = row.method, row.scopes

		got, err := client.Issue(t.Context(), credentials())
		if err != nil || got.Access.Reveal() != "canary-token" || got.Type != "bearer" || got.ExpiresIn != time.Hour || len(f.seen()) != 1 {
			t.Fatalf("got a grant of %s for %s and %v after %d requests, want the endpoint's", got.Type, got.ExpiresIn, err, len(f.seen()))
		}

		sent := f.seen()[0]
		want := []string{"POST /oauth/token", row.authorization, "application/x-www-form-urlencoded", row.form.Encode()}
		if diff := cmp.Diff(want, []string{
			sent.Method + " " + sent.RequestURI, sent.Header.Get("Authorization"), sent.Header.Get("Content-Type"), sent.body,
		}); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	})
}

func TestRepliesThatAreNoTokenAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()

	const (
		noObject = "it is not the promised JSON object"
		noToken  = "access_token is missing, or cannot stand in a header"
		noType   = "token_type is not bearer"
		missing  = "expires_in is missing"
		noNumber = "expires_in is not a number"
		fraction = "expires_in is not a whole number of seconds"
		outside  = "expires_in is outside 1 to 31622400 seconds"
	)

	refused := map[string][]string{
		noObject: {"<!DOCTYPE html><title>canary</title>", "", goodGrant[:40], goodGrant + goodGrant, "[" + goodGrant + "]"},
		noToken: {
			"null", `{"token_type":"bearer","expires_in":3600}`, `{"access_token":"","token_type":"bearer","expires_in":3600}`,
			`{"access_token":null,"token_type":"bearer","expires_in":3600}`, `{"access_token":"canary\r\nX-Evil: 1","token_type":"bearer","expires_in":3600}`,
			`{"access_token":"canary token","token_type":"bearer","expires_in":3600}`, `{"access_token":"canary-töken","token_type":"bearer","expires_in":3600}`,
		},
		noType:  {`{"access_token":"canary-token","expires_in":3600}`, `{"access_token":"canary-token","token_type":"mac","expires_in":3600}`},
		missing: {grant(`"note":1`)},

		"it is longer than 65536 bytes": {grant(`"expires_in":3600,"x":"` + strings.Repeat("x", 70_000) + `"`)},
	}
	for want, lifetimes := range map[string][]string{
		missing:  {`null`, `""`},
		noNumber: {`"1h"`, `"0x10"`, `"Infinity"`, `" 3599"`, `true`, `{}`, `[3599]`},
		fraction: {`3599.5`, `"3599.5"`, `35995e-1`},
		outside:  {`0`, `-1`, `"-1"`, `1e12`, `1e400`, `1000000000000`, `9223372036854775808`, `99999999999999999999`},
	} {
		for _, lifetime := range lifetimes {
			refused[want] = append(refused[want], grant(`"expires_in":`+lifetime))
		}
	}

	synctest.Test(t, func(t *testing.T) {
		for want, bodies := range refused {
			for _, body := range bodies {
				f, client := serveTokens(t, answer(http.StatusOK, body))
				got, err := client.Issue(t.Context(), credentials())

				requireFailure(t, err, failure.UpstreamInvalid, false, "api.acme.test sent a reply that is no token: "+want)
				f.requireRequests(1)
				if !got.Access.Empty() {
					t.Errorf("a token came with the failure of %s", cut(body))
				}
			}
		}
	})
}

func TestATokenReplyIsReadWithTolerance(t *testing.T) {
	t.Parallel()

	type row struct {
		body string
		want time.Duration
	}

	rows := map[string]row{
		"other case of the type": {`{"access_token":"canary-token","token_type":"Bearer","expires_in":3600}`, time.Hour},
		"more members":           {grant(`"expires_in":3600,"error":null,"scope":"a b"`), time.Hour},
		"white space":            {"\r\n " + goodGrant + " \n", time.Hour},
		"a second":               {grant(`"expires_in":1`), time.Second},
		"the vendor's longest":   {grant(`"expires_in":172800`), 48 * time.Hour},
	}
	for _, lifetime := range []string{`3599`, `"3599"`, `3599.0`, `3.599e3`, `3.599E+3`, `"3599.0"`, `"3.599e3"`, `35990e-1`} {
		rows[lifetime] = row{grant(`"expires_in":` + lifetime), 3599 * time.Second}
	}

	eachInBubble(t, rows, func(t *testing.T, row row) {
		_, client := serveTokens(t, answer(http.StatusOK, row.body))

		got, err := client.Issue(t.Context(), credentials())

		if err != nil || got.Access.Reveal() != "canary-token" || got.ExpiresIn != row.want {
			t.Errorf("got a grant for %s, error %v, want the token for %s", got.ExpiresIn, err, row.want)
		}
	})
}

func TestRefusalsOfTheTokenEndpointAreDifferentFailures(t *testing.T) {
	t.Parallel()

	type row struct {
		status int
		body   string
		kind   failure.Kind
		parts  []string
	}

	refusal := func(code string) string {
		return fmt.Sprintf(`{"error":%q,"description":"canary","error_description":"canary"}`, code)
	}

	rows := map[string]row{
		"wrong secret":                  {401, refusal("invalid_client"), failure.InvalidCredentials, []string{"status 401", "invalid_client", "wrong region looks the same"}},
		"wrong secret, no body":         {401, "", failure.InvalidCredentials, []string{"unknown", "wrong region"}},
		"wrong secret, a body of words": {401, refusal("canary of many words"), failure.InvalidCredentials, []string{"unknown"}},
		"unknown client":                {400, refusal("invalid_client"), failure.InvalidCredentials, []string{"status 400", "wrong region"}},
		"client without the grant":      {400, refusal("unauthorized_client"), failure.InvalidCredentials, nil},
		"another 400":                   {400, refusal("invalid_scope"), failure.UpstreamInvalid, []string{"invalid_scope", "check the token URL"}},
		"400 that is no JSON":           {400, "<html>canary rate limit exceeded</html>", failure.UpstreamInvalid, nil},
		"forbidden":                     {403, refusal("access_denied"), failure.Forbidden, []string{"IP allow list"}},
		"not there":                     {404, "canary", failure.UpstreamInvalid, []string{"status 404"}},
		"created":                       {201, goodGrant, failure.UpstreamInvalid, []string{"status 201"}},
		"no content":                    {204, "", failure.UpstreamInvalid, []string{"status 204"}},
	}
	for _, status := range []int{301, 302, 303, 307, 308} { // none is followed
		rows[http.StatusText(status)] = row{status, "", failure.UpstreamInvalid, []string{fmt.Sprintf("status %d", status)}}
	}

	eachInBubble(t, rows, func(t *testing.T, row row) {
		f, client := serveTokens(t, answer(row.status, row.body, "Location", "/canary/elsewhere"), granted())
		began := time.Now()

		_, err := client.Issue(t.Context(), credentials())

		requireKind(t, err, row.kind, append(row.parts, "request an access token", "api.acme.test")...)
		f.requireRequests(1)
		if took := time.Since(began); took != 0 {
			t.Errorf("a refusal that no wait changes took %s", took)
		}
	})
}

func TestTheSkewOfTheServersClockIsMeasured(t *testing.T) {
	t.Parallel()

	skew := func(d time.Duration) *time.Duration { return &d }

	type row struct {
		date string // the reply is sent at 00:00:03.7
		want *time.Duration
	}

	eachInBubble(t, map[string]row{
		"ten minutes ahead":  {"Sat, 01 Jan 2000 00:10:03 GMT", skew(10 * time.Minute)},
		"ten minutes behind": {"Fri, 31 Dec 1999 23:50:03 GMT", skew(-10 * time.Minute)},
		"none":               {"Sat, 01 Jan 2000 00:00:03 GMT", skew(0)},
		"no date":            {"", nil},
		"garbage":            {"noon", nil},
	}, func(t *testing.T, row row) {
		time.Sleep(700 * time.Millisecond)
		sent := time.Now()
		_, client := serveTokens(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(3 * time.Second)
			granted("Date", row.date)(w, r)
		})

		got, err := client.Issue(t.Context(), credentials())

		if err != nil || !got.SentAt.Equal(sent) {
			t.Errorf("the life counts from %s (%v), want %s, before the request", got.SentAt, err, sent)
		}
		if diff := cmp.Diff(row.want, got.Skew); diff != "" {
			t.Errorf("skew (-want +got):\n%s", diff)
		}
	})
}

func TestATokenURLThatIsNoneIsAConfigurationFailure(t *testing.T) {
	t.Parallel()

	client := &genesys.TokenClient{URL: "http://canary:canary@[::1", HTTP: &http.Client{}, Attempt: time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	_, err := client.Issue(ctx, credentials())

	requireKind(t, err, failure.InvalidConfiguration, "GENESYS_TOKEN_URL")
}
