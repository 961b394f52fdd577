package genesyssim

import (
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxFormBytes bounds the body of a token request.
const maxFormBytes = 64 << 10

// answerToken serves both token endpoints: the vendor's and the tutorial's take the same requests.
func (s *Simulator) answerToken(x *exchange) *reply {
	s.stats.change(func(counts *Stats) { counts.TokenRequests++ })
	r := x.request
	if r.Method != http.MethodPost {
		answer := tokenRefusal(http.StatusMethodNotAllowed, "invalid_request", "method not allowed; use POST")
		answer.header.Set("Allow", http.MethodPost)

		return answer
	}
	if s.minting.take("", time.Now()).refused {
		return badTokenRequest("rate limit exceeded; too many token requests")
	}
	form, refusal := readForm(r)
	if refusal != nil {
		return refusal
	}
	if refusal := s.checkClient(r, form); refusal != nil {
		return refusal
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return badTokenRequest("grant_type is missing")
	default:
		return tokenRefusal(http.StatusBadRequest, "unsupported_grant_type", "only client_credentials is supported")
	}

	token, lifetime := s.tokens.mint(time.Now())
	s.stats.change(func(counts *Stats) { counts.TokensMinted++ })
	answer := jsonReply(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}{token, "bearer", int64(lifetime / time.Second)})
	answer.header.Set("Cache-Control", "no-store")

	return answer
}

// readForm reads the form body of a token request.
func readForm(r *http.Request) (url.Values, *reply) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, badTokenRequest("the body must be application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxFormBytes+1))
	if err != nil || len(body) > maxFormBytes {
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

// checkClient authenticates the OAuth client, by Basic or by the form.
func (s *Simulator) checkClient(r *http.Request, form url.Values) *reply {
	id, given, basic := basicCredentials(r.Header.Get("Authorization"))
	if basic && form.Has("client_secret") {
		return badTokenRequest("credentials are given twice; use one way")
	}
	if !basic {
		id, given = form.Get("client_id"), form.Get("client_secret")
	}

	wantID, wantSecret, disabled := s.tokens.client()
	switch {
	case !basic && id == "":
		answer := tokenRefusal(http.StatusUnauthorized, "invalid_client", "authentication failed")
		answer.header.Set("WWW-Authenticate", "Basic")

		return answer
	case !sameCredential(id, wantID, basic):
		return tokenRefusal(http.StatusBadRequest, "invalid_client", "client not found")
	case disabled, !sameCredential(given, wantSecret.Reveal(), basic):
		return tokenRefusal(http.StatusUnauthorized, "invalid_client", "authentication failed")
	}

	return nil
}

// basicCredentials decodes an Authorization header; ok is false where it is not of the Basic scheme. What cannot be
// decoded is credentials nobody has.
func basicCredentials(header string) (id, clientSecret string, ok bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", true
	}
	id, clientSecret, _ = strings.Cut(string(decoded), ":")

	return id, clientSecret, true
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
