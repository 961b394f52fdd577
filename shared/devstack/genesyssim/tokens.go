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
	s.change(func(o *organisation) { o.stats.TokenRequests++ })
	if x.request.Method != http.MethodPost {
		x.header.Set("Allow", http.MethodPost)

		return x.refuseToken(http.StatusMethodNotAllowed, "invalid_request", "method not allowed; use POST")
	}
	form, wrong := readForm(x.request)
	if wrong != "" {
		return x.badTokenRequest(wrong)
	}
	if refusal := s.checkGrant(x, form); refusal != nil {
		return refusal
	}

	var minted struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	s.change(func(o *organisation) {
		minted.AccessToken, minted.TokenType = o.mint(s.config.TokenLifetime), "bearer"
		o.stats.TokensMinted++
	})
	minted.ExpiresIn = int64(s.config.TokenLifetime / time.Second)
	x.header.Set("Cache-Control", "no-store")

	return x.json(http.StatusOK, minted)
}

// badTokenRequest refuses a token request for its form.
func (x *exchange) badTokenRequest(description string) *reply {
	return x.refuseToken(http.StatusBadRequest, "invalid_request", description)
}

// readForm reads the form body of a token request, or says what is wrong with it.
func readForm(r *http.Request) (form url.Values, wrong string) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, "the body must be application/x-www-form-urlencoded"
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil || len(body) > maxBodyBytes {
		return nil, "the body cannot be read"
	}
	form, err = url.ParseQuery(string(body))
	if err != nil {
		return nil, "the body is not a form"
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, "parameter " + name + " is repeated"
		}
	}

	return form, ""
}

// checkGrant authenticates the OAuth client and checks what it asks for. Basic that cannot be decoded is an unknown client.
func (s *Simulator) checkGrant(x *exchange, form url.Values) *reply {
	scheme, _, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	basic := strings.EqualFold(scheme, "Basic")
	id, given, _ := x.request.BasicAuth()
	if !basic {
		id, given = form.Get("client_id"), form.Get("client_secret")
	}
	disabled := false
	s.change(func(o *organisation) { disabled = o.disabled })
	switch grant := form.Get("grant_type"); {
	case basic && form.Has("client_secret"):
		return x.badTokenRequest("credentials are given twice; use one way")
	case !basic && id == "":
		x.header.Set("WWW-Authenticate", "Basic")

		return x.refuseToken(http.StatusUnauthorized, "invalid_client", "authentication failed")
	case !sameCredential(id, s.config.ClientID, basic):
		return x.refuseToken(http.StatusBadRequest, "invalid_client", "client not found")
	case disabled, !sameCredential(given, s.config.ClientSecret.Reveal(), basic):
		return x.refuseToken(http.StatusUnauthorized, "invalid_client", "authentication failed")
	case grant == "":
		return x.badTokenRequest("grant_type is missing")
	case grant != "client_credentials":
		return x.refuseToken(http.StatusBadRequest, "unsupported_grant_type", "only client_credentials is supported")
	default:
		return nil
	}
}

// sameCredential also takes Basic that was form-encoded first: RFC 6749 (2.3.1) asks for that, and not every client does it.
func sameCredential(given, want string, basic bool) bool {
	decoded, err := url.QueryUnescape(given)

	return given == want || basic && err == nil && decoded == want
}
