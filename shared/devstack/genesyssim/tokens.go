package genesyssim

import (
	"crypto/rand"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
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

	var minted string
	s.change(func(o *organisation) { minted = o.mint(s.config.TokenLifetime) })
	x.header.Set("Cache-Control", "no-store")

	return x.json(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}{minted, "bearer", int64(s.config.TokenLifetime / time.Second)})
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

// token is an access token that lives.
type token struct {
	expires, lastUsed time.Time
	windowEnds        time.Time // of its rate limit: the first request opens a window, and the first after its end the next one
	asked             int       // requests in that window
}

// mint issues a token. Those issued before stay what they are.
func (o *organisation) mint(lifetime time.Duration) string {
	minted, now := rand.Text()+rand.Text(), time.Now()
	o.tokens[minted] = &token{expires: now.Add(lifetime), lastUsed: now}
	o.stats.TokensMinted++

	return minted
}

// use returns the token that a caller has, and begins its idle time anew. It is nil where the token is no good.
func (o *organisation) use(bearer string, idleTimeout time.Duration, now time.Time) *token {
	found := o.tokens[bearer]
	if found == nil || !now.Before(found.expires) || idleTimeout > 0 && now.Sub(found.lastUsed) >= idleTimeout {
		delete(o.tokens, bearer) // for good: use does not wake it
		return nil
	}
	found.lastUsed = now

	return found
}

// admit checks the calling token, and counts the request against the token's limit.
func (s *Simulator) admit(x *exchange) (refusal *apiError) {
	if x.request.Header.Get("Authorization") == "" {
		return newError(http.StatusUnauthorized, "authentication.required", "No authentication bearer token specified in authorization header.")
	}
	now := time.Now()
	s.change(func(o *organisation) {
		calling := o.use(x.bearer, s.config.IdleTimeout, now)
		if calling == nil {
			o.stats.BadTokenRequests++
			refusal = newError(http.StatusUnauthorized, "bad.credentials", "Invalid login credentials.")

			return
		}
		if !now.Before(calling.windowEnds) {
			calling.windowEnds, calling.asked = now.Add(s.config.RateWindow), 0
		}
		if calling.asked++; s.config.RateLimit > 0 && calling.asked > s.config.RateLimit {
			left := calling.windowEnds.Sub(now)
			seconds := int((left + time.Second - 1) / time.Second) // rounded up: who waits so long does not come early
			refusal = errThrottled(seconds, s.config.limitPerMinute())
			x.header.Set("Retry-After", strconv.Itoa(seconds))
		}
	})

	return refusal
}

// bearerToken returns the request's bearer token, "" where there is none.
func bearerToken(r *http.Request) string {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}

	return strings.TrimSpace(bearer)
}

// answerTokensMe verifies (GET, HEAD) or revokes (DELETE) the calling token.
func (s *Simulator) answerTokensMe(x *exchange) *reply {
	switch x.request.Method {
	case http.MethodGet, http.MethodHead:
		org := map[string]any{"id": string(appendID(nil, s.config.Seed, "organisation", 0)), "name": "Simulated Organisation"}
		return x.json(http.StatusOK, map[string]any{
			"organization": org, "homeOrganization": org, "authorizedScope": []string{},
			"OAuthClient": map[string]any{"id": s.config.ClientID, "name": "Simulated Client", "organization": org},
		})
	case http.MethodDelete:
		s.change(func(o *organisation) { delete(o.tokens, x.bearer) })
		return &reply{status: http.StatusOK}
	default:
		return x.refuseMethod("GET, HEAD, DELETE")
	}
}
