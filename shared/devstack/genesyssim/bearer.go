package genesyssim

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"genesys-cloud-export/shared/secret"
)

// tokenMemory is how long a dead token is remembered, to tell a caller that uses an expired one from a stranger.
const tokenMemory = 24 * time.Hour

// tokenState is what a bearer token is worth.
type tokenState int

const (
	tokenUnknown tokenState = iota
	tokenGood
	tokenExpired
	tokenRevoked
)

// tokenStore holds the OAuth client and the tokens it was given.
type tokenStore struct {
	mu       sync.Mutex
	clientID string
	secret   secret.Text
	disabled bool
	lifetime time.Duration
	idle     time.Duration
	issued   map[string]*issuedToken
}

type issuedToken struct {
	expires  time.Time
	lastUsed time.Time
	revoked  bool
}

func newTokenStore(config Config) *tokenStore {
	return &tokenStore{
		clientID: config.ClientID, secret: config.ClientSecret,
		lifetime: config.TokenLifetime, idle: config.IdleTimeout,
		issued: make(map[string]*issuedToken),
	}
}

// mint issues a token. Those issued before stay what they are.
func (t *tokenStore) mint(now time.Time) (token string, lifetime time.Duration) {
	token = rand.Text() + rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()

	for old, record := range t.issued {
		if now.Sub(record.expires) > tokenMemory {
			delete(t.issued, old)
		}
	}
	t.issued[token] = &issuedToken{expires: now.Add(t.lifetime), lastUsed: now}

	return token, t.lifetime
}

// use reports what token is worth, and where it is good begins its idle time anew.
func (t *tokenStore) use(token string, now time.Time) tokenState {
	t.mu.Lock()
	defer t.mu.Unlock()

	record, found := t.issued[token]
	switch {
	case !found:
		return tokenUnknown
	case record.revoked:
		return tokenRevoked
	case !now.Before(record.expires):
		return tokenExpired
	case t.idle > 0 && now.Sub(record.lastUsed) >= t.idle:
		record.expires = now // dead for good: use does not wake it

		return tokenExpired
	}
	record.lastUsed = now

	return tokenGood
}

func (t *tokenStore) revoke(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if record, found := t.issued[token]; found {
		record.revoked = true
	}
}

func (t *tokenStore) expire(token string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if record, found := t.issued[token]; found && now.Before(record.expires) {
		record.expires = now
	}
}

func (t *tokenStore) revokeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, record := range t.issued {
		record.revoked = true
	}
}

func (t *tokenStore) setLifetime(lifetime time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lifetime = lifetime
}

// lifetimeNow is the lifetime of the tokens to come.
func (t *tokenStore) lifetimeNow() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()

	return t.lifetime
}

// setDisabled switches the client off, which kills its tokens at once, or on, which brings none of them back.
func (t *tokenStore) setDisabled(disabled bool) {
	t.mu.Lock()
	t.disabled = disabled
	t.mu.Unlock()
	if disabled {
		t.revokeAll()
	}
}

// setSecret replaces the client's secret; the tokens stay good.
func (t *tokenStore) setSecret(value secret.Text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secret = value
}

// client returns what a token request is held against.
func (t *tokenStore) client() (id string, clientSecret secret.Text, disabled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()

	return t.clientID, t.secret, t.disabled
}

// authenticate checks the calling token. given tells whether there was an Authorization header at all.
func (s *Simulator) authenticate(token string, given bool) *apiError {
	if !given {
		return &apiError{
			status: http.StatusUnauthorized, code: "authentication.required",
			message: "No authentication bearer token specified in authorization header.",
		}
	}
	state := s.tokens.use(token, time.Now())
	if state == tokenGood {
		return nil
	}
	s.stats.badToken(state == tokenExpired)

	return &apiError{status: http.StatusUnauthorized, code: "bad.credentials", message: "Invalid login credentials."}
}

// organisation, oauthClient and tokenInfo are the parts of TokenInfo that a client-credentials token has.
type organisation struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type oauthClient struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Organization organisation `json:"organization"`
}

type tokenInfo struct {
	Organization     organisation `json:"organization"`
	HomeOrganization organisation `json:"homeOrganization"`
	AuthorizedScope  []string     `json:"authorizedScope"`
	OAuthClient      oauthClient  `json:"OAuthClient"`
}

// answerTokensMe verifies (GET, HEAD) or revokes (DELETE) the calling token.
func (s *Simulator) answerTokensMe(x *exchange) *reply {
	switch x.request.Method {
	case http.MethodGet, http.MethodHead:
		id, _, _ := s.tokens.client()
		org := organisation{ID: s.people.organisationID(), Name: "Simulated Organisation"}

		return jsonReply(http.StatusOK, tokenInfo{
			Organization: org, HomeOrganization: org, AuthorizedScope: []string{},
			OAuthClient: oauthClient{ID: id, Name: "Simulated Client", Organization: org},
		})
	case http.MethodDelete:
		s.tokens.revoke(x.bearer)

		return newReply(http.StatusOK, "", nil)
	default:
		return x.refuse(errMethod(x.request.Method, "GET, HEAD, DELETE"))
	}
}
