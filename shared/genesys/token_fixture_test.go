package genesys_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

const (
	loginURL   = "http://127.0.0.1:8080/oauth/token"
	goodGrant  = `{"access_token":"canary-token","token_type":"bearer","expires_in":3600}`
	canaryText = "canary" // in every secret and every body that no error may show
)

// loginRequest is what a token request carried, and when it came.
type loginRequest struct {
	at            time.Time
	method        string
	authorization string
	contentType   string
	form          string
}

// login is a token endpoint that answers its requests in turn, and with the last answer for ever.
type login struct {
	mu       sync.Mutex
	answers  []http.HandlerFunc
	requests []loginRequest
}

func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()

	l.mu.Lock()
	l.requests = append(l.requests, loginRequest{
		at: time.Now(), method: r.Method + " " + r.URL.Path, authorization: r.Header.Get("Authorization"),
		contentType: r.Header.Get("Content-Type"), form: r.PostForm.Encode(),
	})
	answer := l.answers[min(len(l.requests), len(l.answers))-1]
	l.mu.Unlock()

	answer(w, r)
}

// seen returns the requests so far.
func (l *login) seen() []loginRequest {
	l.mu.Lock()
	defer l.mu.Unlock()

	return append([]loginRequest(nil), l.requests...)
}

func (l *login) wantRequests(t *testing.T, want int) {
	t.Helper()

	if got := len(l.seen()); got != want {
		t.Errorf("%d token requests were sent, want %d", got, want)
	}
}

// loginAnswer answers with a status, a body and pairs of header names and values.
func loginAnswer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// granted answers with a token.
func granted() http.HandlerFunc { return loginAnswer(http.StatusOK, goodGrant) }

// serveLogin must be called inside a bubble. The client's numbers are the rotator's.
func serveLogin(t *testing.T, answers ...http.HandlerFunc) (*login, *genesys.TokenClient) {
	t.Helper()

	l := &login{answers: answers}
	network := memnet.New()
	stop, err := network.Serve("127.0.0.1:8080", l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	return l, &genesys.TokenClient{
		URL:        loginURL,
		AuthMethod: genesys.ClientSecretBasic,
		HTTP:       &http.Client{Transport: network.Transport(), CheckRedirect: genesys.NoRedirect},
		Retry:      retry.Policy{Base: 500 * time.Millisecond, Cap: 5 * time.Second, Attempts: 4},
		Attempt:    8 * time.Second,
		Reserve:    8 * time.Second,
	}
}

func loginCredentials() token.Credentials {
	return token.Credentials{ClientID: "client id:/+", ClientSecret: secret.New("canary secret:/+=&%")}
}

// wantLoginFailure checks a failure's kind and words, and that nothing secret is in any form of it.
func wantLoginFailure(t *testing.T, err error, kind failure.Kind, parts ...string) {
	t.Helper()

	if got := failure.KindOf(err); got != kind {
		t.Errorf("the failure is %q (%v), want %q", got, err, kind)
	}

	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}

	if shown := fmt.Sprintf("%v %+v", err, err); strings.Contains(shown, canaryText) {
		t.Errorf("the error shows what it may not: %s", shown)
	}
}
