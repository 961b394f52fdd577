package genesyssim

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"genesys-cloud-export/shared/secret"
)

// tokenStore holds the OAuth client and the tokens that it was given and that live.
type tokenStore struct {
	mu       sync.Mutex
	clientID string
	secret   secret.Text
	disabled bool
	lifetime time.Duration
	delay    time.Duration
	idle     time.Duration
	issued   map[string]*issuedToken
}

type issuedToken struct{ known, expires, lastUsed time.Time }

func newTokenStore(config Config) *tokenStore {
	return &tokenStore{
		clientID: config.ClientID, secret: config.ClientSecret,
		lifetime: config.TokenLifetime, delay: config.TokenDelay, idle: config.IdleTimeout,
		issued: make(map[string]*issuedToken),
	}
}

// mint issues a token. Those issued before stay what they are.
func (t *tokenStore) mint(now time.Time) (token string, lifetime time.Duration) {
	token = rand.Text() + rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	for old, record := range t.issued {
		if !now.Before(record.expires) {
			delete(t.issued, old)
		}
	}
	t.issued[token] = &issuedToken{known: now.Add(t.delay), expires: now.Add(t.lifetime), lastUsed: now}

	return token, t.lifetime
}

// use reports whether token is good, and where it is begins its idle time anew.
func (t *tokenStore) use(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	record, found := t.issued[token]
	switch {
	case !found, now.Before(record.known):
		return false
	case !now.Before(record.expires), t.idle > 0 && now.Sub(record.lastUsed) >= t.idle:
		delete(t.issued, token) // dead for good: use does not wake it

		return false
	}
	record.lastUsed = now

	return true
}

func (t *tokenStore) revoke(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.issued, token)
}

// change changes the client or the tokens to come.
func (t *tokenStore) change(apply func(*tokenStore)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	apply(t)
}

// client returns what a token request is held against.
func (t *tokenStore) client() (id string, clientSecret secret.Text, disabled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()

	return t.clientID, t.secret, t.disabled
}

// authenticate checks the calling token.
func (s *Simulator) authenticate(x *exchange) *apiError {
	if x.request.Header.Get("Authorization") == "" {
		return &apiError{
			status: http.StatusUnauthorized, code: "authentication.required",
			message: "No authentication bearer token specified in authorization header.",
		}
	}
	if s.tokens.use(x.bearer, time.Now()) {
		return nil
	}
	s.stats.change(func(counts *Stats) { counts.BadTokenRequests++ })

	return &apiError{status: http.StatusUnauthorized, code: "bad.credentials", message: "Invalid login credentials."}
}

// answerTokensMe verifies (GET, HEAD) or revokes (DELETE) the calling token.
func (s *Simulator) answerTokensMe(x *exchange) *reply {
	switch x.request.Method {
	case http.MethodGet, http.MethodHead:
		id, _, _ := s.tokens.client()
		org := map[string]any{"id": string(appendID(nil, s.config.Seed, "organisation", 0)), "name": "Simulated Organisation"}

		return jsonReply(http.StatusOK, map[string]any{
			"organization": org, "homeOrganization": org, "authorizedScope": []string{},
			"OAuthClient": map[string]any{"id": id, "name": "Simulated Client", "organization": org},
		})
	case http.MethodDelete:
		s.tokens.revoke(x.bearer)

		return newReply(http.StatusOK, "", nil)
	default:
		return x.refuse(errMethod(x.request.Method, "GET, HEAD, DELETE"))
	}
}
