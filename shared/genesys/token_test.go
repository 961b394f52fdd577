package genesys_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

func TestTokenRequestIsTheVendorsByDefaultAndTheTutorialsOnDemand(t *testing.T) {
	t.Parallel()

	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("client id:/+:canary secret:/+=&%"))

	for _, test := range []struct {
		name, method, scopes string
		authorization        string
		form                 url.Values
	}{
		{"basic", genesys.ClientSecretBasic, "", basic, url.Values{"grant_type": {"client_credentials"}}},
		{"basic with scopes", genesys.ClientSecretBasic, "users:readonly x", basic, url.Values{"grant_type": {"client_credentials"}, "scope": {"users:readonly x"}}},
		{"post", genesys.ClientSecretPost, "users", "", url.Values{
			"grant_type": {"client_credentials"}, "scope": {"users"}, "client_id": {"client id:/+"}, "client_secret": {"canary secret:/+=&%"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, granted())
				client.AuthMethod, client.Scopes = test.method, test.scopes

				grant, err := client.Issue(t.Context(), loginCredentials())
				if err != nil {
					t.Fatal(err)
				}

				if grant.Access.Reveal() != "canary-token" || grant.Type != "bearer" || grant.ExpiresIn != time.Hour {
					t.Errorf("got a grant of %s for %s, want the endpoint's", grant.Type, grant.ExpiresIn)
				}

				want := loginRequest{
					at: time.Now(), method: "POST /oauth/token", authorization: test.authorization,
					contentType: "application/x-www-form-urlencoded", form: test.form.Encode(),
				}
				if got := l.seen(); len(got) != 1 || got[0] != want {
					t.Errorf("requests %+v, want one, %+v", got, want)
				}
			})
		})
	}
}

func TestR07RepliesThatAreNoTokenAreRefused(t *testing.T) {
	t.Parallel()

	grant := func(member string) string {
		return `{"access_token":"canary-token","token_type":"bearer",` + member + `}`
	}

	for name, body := range map[string]string{
		"a web page":              "<!DOCTYPE html><title>canary</title>",
		"nothing":                 "",
		"cut JSON":                goodGrant[:40],
		"two objects":             goodGrant + goodGrant,
		"null":                    "null",
		"an array":                "[" + goodGrant + "]",
		"no token":                `{"token_type":"bearer","expires_in":3600}`,
		"an empty token":          `{"access_token":"","token_type":"bearer","expires_in":3600}`,
		"a token that is null":    `{"access_token":null,"token_type":"bearer","expires_in":3600}`,
		"a token of two lines":    `{"access_token":"canary\r\nX-Evil: 1","token_type":"bearer","expires_in":3600}`,
		"a token with a space":    `{"access_token":"canary token","token_type":"bearer","expires_in":3600}`,
		"a token beyond ASCII":    `{"access_token":"canary-töken","token_type":"bearer","expires_in":3600}`,
		"no type":                 `{"access_token":"canary-token","expires_in":3600}`,
		"another type":            `{"access_token":"canary-token","token_type":"mac","expires_in":3600}`,
		"expires_in 0":            grant(`"expires_in":0`),
		"expires_in -1":           grant(`"expires_in":-1`),
		"expires_in missing":      grant(`"note":1`),
		"expires_in null":         grant(`"expires_in":null`),
		"expires_in 1e12":         grant(`"expires_in":1e12`),
		"expires_in in full":      grant(`"expires_in":1000000000000`),
		"expires_in over 64 bits": grant(`"expires_in":99999999999999999999`),
		"expires_in a fraction":   grant(`"expires_in":3599.5`),
		"expires_in an object":    grant(`"expires_in":{}`),
		"a reply without end":     `{"access_token":"canary` + strings.Repeat("x", 70_000) + `","token_type":"bearer","expires_in":3600}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(http.StatusOK, body))

				grant, err := client.Issue(t.Context(), loginCredentials())

				wantLoginFailure(t, err, failure.UpstreamInvalid, "127.0.0.1:8080", "no token")
				if !grant.Access.Empty() {
					t.Error("a token came with the failure")
				}
				l.wantRequests(t, 1)
			})
		})
	}
}

func TestALifetimeThatIsNoneIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()

	const outside = "expires_in is outside 1 to 31622400 seconds"

	for member, want := range map[string]string{
		`"note":1`:                         "expires_in is missing",
		`"expires_in":null`:                "expires_in is missing",
		`"expires_in":""`:                  "expires_in is missing",
		`"expires_in":"1h"`:                "expires_in is not a number",
		`"expires_in":"0x10"`:              "expires_in is not a number",
		`"expires_in":"Infinity"`:          "expires_in is not a number",
		`"expires_in":" 3599"`:             "expires_in is not a number",
		`"expires_in":true`:                "expires_in is not a number",
		`"expires_in":{}`:                  "expires_in is not a number",
		`"expires_in":[3599]`:              "expires_in is not a number",
		`"expires_in":3599.5`:              "expires_in is not a whole number of seconds",
		`"expires_in":"3599.5"`:            "expires_in is not a whole number of seconds",
		`"expires_in":35995e-1`:            "expires_in is not a whole number of seconds",
		`"expires_in":0`:                   outside,
		`"expires_in":-1`:                  outside,
		`"expires_in":"-1"`:                outside,
		`"expires_in":1e12`:                outside,
		`"expires_in":1e400`:               outside,
		`"expires_in":9223372036854775808`: outside,
	} {
		t.Run(member, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, client := serveLogin(t, loginAnswer(http.StatusOK, `{"access_token":"canary-token","token_type":"bearer",`+member+`}`))

				_, err := client.Issue(t.Context(), loginCredentials())

				wantLoginFailure(t, err, failure.UpstreamInvalid, want)
			})
		})
	}
}

func TestALifetimeIsTakenHoweverItIsWritten(t *testing.T) {
	t.Parallel()

	for _, written := range []string{`3599`, `"3599"`, `3599.0`, `3.599e3`, `3.599E+3`, `"3599.0"`, `"3.599e3"`, `35990e-1`} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, client := serveLogin(t, loginAnswer(http.StatusOK, `{"access_token":"canary-token","token_type":"bearer","expires_in":`+written+`}`))

				grant, err := client.Issue(t.Context(), loginCredentials())

				if err != nil || grant.ExpiresIn != 3599*time.Second {
					t.Errorf("got a grant for %s, error %v, want 3599 s", grant.ExpiresIn, err)
				}
			})
		})
	}
}

func TestTokenReplyIsReadWithTolerance(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"other case of the type": `{"access_token":"canary-token","token_type":"Bearer","expires_in":3600}`,
		"more members":           `{"access_token":"canary-token","token_type":"bearer","expires_in":3600,"error":null,"scope":"a b"}`,
		"white space":            "\r\n " + goodGrant + " \n",
		"a second":               `{"access_token":"canary-token","token_type":"bearer","expires_in":1}`,
		"the vendor's longest":   `{"access_token":"canary-token","token_type":"bearer","expires_in":172800}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, client := serveLogin(t, loginAnswer(http.StatusOK, body))

				grant, err := client.Issue(t.Context(), loginCredentials())

				if err != nil || grant.Access.Reveal() != "canary-token" || grant.ExpiresIn < time.Second {
					t.Errorf("got a grant for %s, error %v, want the token", grant.ExpiresIn, err)
				}
			})
		})
	}
}

func TestR05RefusalsOfTheTokenEndpointAreToldApart(t *testing.T) {
	t.Parallel()

	refusal := func(code string) string {
		return fmt.Sprintf(`{"error":%q,"description":"canary","error_description":"canary"}`, code)
	}

	for _, test := range []struct {
		name   string
		status int
		body   string
		kind   failure.Kind
		parts  []string
	}{
		{"wrong secret", 401, refusal("invalid_client"), failure.InvalidCredentials, []string{"status 401", "invalid_client", "wrong region looks the same"}},
		{"wrong secret, no body", 401, "", failure.InvalidCredentials, []string{"unknown", "wrong region"}},
		{"wrong secret, a body of words", 401, refusal("canary of many words"), failure.InvalidCredentials, []string{"unknown"}},
		{"unknown client", 400, refusal("invalid_client"), failure.InvalidCredentials, []string{"status 400", "wrong region"}},
		{"client without the grant", 400, refusal("unauthorized_client"), failure.InvalidCredentials, nil},
		{"another 400", 400, refusal("invalid_scope"), failure.UpstreamInvalid, []string{"invalid_scope", "check the token URL"}},
		{"400 that is no JSON", 400, "<html>canary rate limit exceeded</html>", failure.UpstreamInvalid, nil},
		{"forbidden", 403, refusal("access_denied"), failure.Forbidden, []string{"IP allow list"}},
		{"not there", 404, "canary", failure.UpstreamInvalid, []string{"status 404"}},
		{"created", 201, goodGrant, failure.UpstreamInvalid, []string{"status 201"}},
		{"no content", 204, "", failure.UpstreamInvalid, []string{"status 204"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(test.status, test.body))
				began := time.Now()

				_, err := client.Issue(t.Context(), loginCredentials())

				wantLoginFailure(t, err, test.kind, append(test.parts, "request an access token", "127.0.0.1:8080")...)
				l.wantRequests(t, 1)
				if took := time.Since(began); took != 0 {
					t.Errorf("a refusal that no wait changes took %s", took)
				}
			})
		})
	}
}

func TestTokenRequestFollowsNoRedirect(t *testing.T) {
	t.Parallel()

	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(status, "", "Location", "/canary/elsewhere"), granted())

				_, err := client.Issue(t.Context(), loginCredentials())

				wantLoginFailure(t, err, failure.UpstreamInvalid, strconv.Itoa(status))
				l.wantRequests(t, 1)
			})
		})
	}
}

func TestR16SkewOfTheServersClockIsTold(t *testing.T) {
	t.Parallel()

	for name, skew := range map[string]time.Duration{
		"ten minutes ahead": 10 * time.Minute, "ten minutes behind": -10 * time.Minute, "none": 0,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(700 * time.Millisecond)
				sent := time.Now()
				_, client := serveLogin(t, func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(3 * time.Second)
					loginAnswer(http.StatusOK, goodGrant, "Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))(w, r)
				})

				grant, err := client.Issue(t.Context(), loginCredentials())
				if err != nil {
					t.Fatal(err)
				}

				if !grant.SentAt.Equal(sent) {
					t.Errorf("the life counts from %s, want %s, before the request", grant.SentAt, sent)
				}
				if grant.Skew == nil || *grant.Skew != skew {
					t.Errorf("the skew is %v, want %s", grant.Skew, skew)
				}
			})
		})
	}
}

func TestR16AnEndpointWithoutAClockHasNoSkew(t *testing.T) {
	t.Parallel()

	for name, answer := range map[string]http.HandlerFunc{
		"no date": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = nil
			granted()(w, r)
		},
		"garbage": loginAnswer(http.StatusOK, goodGrant, "Date", "noon"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, client := serveLogin(t, answer)

				grant, err := client.Issue(t.Context(), loginCredentials())

				if err != nil || grant.Skew != nil {
					t.Errorf("skew %v, error %v, want none", grant.Skew, err)
				}
			})
		})
	}
}

func TestTheLifeCountsFromTheRequestThatWasGranted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, client := serveLogin(t, loginAnswer(http.StatusServiceUnavailable, "", "Retry-After", "5"), granted())

		grant, err := client.Issue(t.Context(), loginCredentials())
		if err != nil {
			t.Fatal(err)
		}

		if last := l.seen()[1].at; !grant.SentAt.Equal(last) {
			t.Errorf("the life counts from %s, want %s, when the request was sent that was granted", grant.SentAt, last)
		}
	})
}

func TestATokenURLThatIsNoneIsAConfigurationFailure(t *testing.T) {
	t.Parallel()

	client := &genesys.TokenClient{URL: "http://canary:canary@[::1", HTTP: &http.Client{}, Attempt: time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	_, err := client.Issue(ctx, loginCredentials())

	wantLoginFailure(t, err, failure.InvalidConfiguration, "GENESYS_TOKEN_URL")
}
