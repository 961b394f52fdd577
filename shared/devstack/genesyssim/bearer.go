package genesyssim

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// token is an access token that lives.
type token struct {
	expires, lastUsed time.Time
	spent             window // of its rate limit
}

// mint issues a token. Those issued before stay what they are.
func (o *organisation) mint(lifetime time.Duration) string {
	minted, now := rand.Text()+rand.Text(), time.Now()
	o.tokens[minted] = &token{expires: now.Add(lifetime), lastUsed: now}

	return minted
}

// use returns the token that a caller has, and begins its idle time anew. It is nil where the token is no good.
func (o *organisation) use(bearer string, idleTimeout time.Duration, now time.Time) *token {
	found := o.tokens[bearer]
	switch {
	case found == nil:
		return nil
	case !now.Before(found.expires), idleTimeout > 0 && now.Sub(found.lastUsed) >= idleTimeout:
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
		if !calling.spent.take(s.config.RateLimit, s.config.RateWindow, now) {
			left := calling.spent.ends.Sub(now)
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
		s.revoke(x.bearer)

		return &reply{status: http.StatusOK}
	default:
		return x.refuseMethod("GET, HEAD, DELETE")
	}
}

func (s *Simulator) revoke(bearer string) {
	s.change(func(o *organisation) { delete(o.tokens, bearer) })
}
