package genesyssim

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answerToken serves both token endpoints: the vendor's and the tutorial's take the same requests.
func (s *Simulator) answerToken(x *exchange) *reply {
	r, now, throttled := x.request, time.Now(), false
	s.change(func(o *organisation) {
		o.stats.TokenRequests++
		throttled = r.Method == http.MethodPost && !o.minting.take(s.config.TokenRateLimit, s.config.RateWindow, now)
	})
	if r.Method != http.MethodPost {
		answer := tokenRefusal(http.StatusMethodNotAllowed, "invalid_request", "method not allowed; use POST")
		answer.header.Set("Allow", http.MethodPost)

		return answer
	}
	if throttled {
		return badTokenRequest("rate limit exceeded; too many token requests")
	}
	form, refusal := readForm(r)
	if refusal == nil {
		refusal = s.checkClient(r, form)
	}
	if refusal != nil {
		return refusal
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return badTokenRequest("grant_type is missing")
	default:
		return tokenRefusal(http.StatusBadRequest, "unsupported_grant_type", "only client_credentials is supported")
	}

	var minted struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	s.change(func(o *organisation) {
		minted.AccessToken, minted.TokenType = o.mint(s.config.TokenDelay, now), "bearer"
		minted.ExpiresIn = int64(o.lifetime / time.Second)
		o.stats.TokensMinted++
	})
	answer := jsonReply(http.StatusOK, minted)
	answer.header.Set("Cache-Control", "no-store")

	return answer
}

// readForm reads the form body of a token request.
func readForm(r *http.Request) (url.Values, *reply) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, badTokenRequest("the body must be application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil || len(body) > maxBodyBytes {
		return nil, badTokenRequest("the body cannot be read")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badTokenRequest("the body is not a form")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, badTokenRequest("parameter " + name + " is repeated")
		}
	}

	return form, nil
}

// checkClient authenticates the OAuth client, by Basic or by the form. Basic that cannot be decoded is a client that nobody knows.
func (s *Simulator) checkClient(r *http.Request, form url.Values) *reply {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	basic := strings.EqualFold(scheme, "Basic")
	id, given, _ := r.BasicAuth()
	if basic && form.Has("client_secret") {
		return badTokenRequest("credentials are given twice; use one way")
	}
	if !basic {
		id, given = form.Get("client_id"), form.Get("client_secret")
	}

	failed := tokenRefusal(http.StatusUnauthorized, "invalid_client", "authentication failed")
	good := false
	s.change(func(o *organisation) { good = !o.disabled && sameCredential(given, o.secret.Reveal(), basic) })
	switch {
	case !basic && id == "":
		failed.header.Set("WWW-Authenticate", "Basic")

		return failed
	case !sameCredential(id, s.config.ClientID, basic):
		return tokenRefusal(http.StatusBadRequest, "invalid_client", "client not found")
	case !good:
		return failed
	}

	return nil
}

// sameCredential compares as it is, and for Basic also form-decoded, since RFC 6749 (2.3.1) has clients encode both
// halves first, and not all do.
func sameCredential(given, want string, basic bool) bool {
	if given == want {
		return true
	}
	decoded, err := url.QueryUnescape(given)

	return basic && err == nil && decoded == want
}
