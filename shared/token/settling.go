package token

import "time"

const (
	// firstSettlingAge is how old a token has to be for its rejection to count, at first: not every server of the API knows a
	// fresh token at once. One was refused for a second and a half, and was good from then on.
	firstSettlingAge = 5 * time.Second
	lastSettlingAge  = 10 * time.Minute
	// firstRetry is the wait before a token that was rejected too young is handed out again. It doubles up to lastRetry. It
	// outlasts what was seen, since a second rejection in a row ends an invocation.
	firstRetry = 2 * time.Second
	lastRetry  = 8 * time.Second
)

// dated is a stored token with the time from which its age counts.
type dated struct {
	token Stored
	since time.Time
}

// rejection is what is known of the token that the API rejected last.
type rejection struct {
	of      dated
	counts  bool          // it was old enough, so it is no good
	wait    time.Duration // before it is handed out again where it was not
	retryAt time.Time
}

// Reject reports that the API refused t, which Token returned. Whatever else has been handed out since is left alone. It takes its
// turn as [Reader.Token] does.
func (r *Reader) Reject(t Stored) {
	r.turn <- struct{}{}
	defer r.endTurn()

	if !t.Is(r.current.token) {
		return
	}

	if !t.Is(r.rejected.of.token) {
		r.rejected = rejection{of: r.current}
	}

	now := time.Now()
	r.rejected.counts = now.Sub(r.current.since) >= r.settling
	r.rejected.wait = min(max(2*r.rejected.wait, firstRetry), lastRetry)
	r.rejected.retryAt = now.Add(r.rejected.wait)
	r.current = dated{}
}

// refuses reports whether s was rejected, and was old enough for that to count.
func (r *Reader) refuses(s Stored) bool {
	return r.rejected.counts && s.Is(r.rejected.of.token)
}

// settlesIn is how long to wait before s is handed out; 0 or less unless it was rejected too young.
func (r *Reader) settlesIn(s Stored) time.Duration {
	if !s.Is(r.rejected.of.token) {
		return 0
	}

	return time.Until(r.rejected.retryAt)
}

// take keeps s to be handed out, with the time from which its age counts. A time that lies ahead is another clock's.
// Where it replaces a rejected token the settling age doubles, so that an API which goes on rejecting good tokens costs
// ever fewer of them.
func (r *Reader) take(s Stored, since time.Time) Stored {
	r.current = dated{token: s, since: since}
	if now := time.Now(); since.After(now) {
		r.current.since = now
	}

	switch {
	case s.Is(r.rejected.of.token):
		r.current.since = r.rejected.of.since
	case r.rejected.of.token.Version != 0:
		r.settling = min(2*r.settling, lastSettlingAge)
		r.rejected = rejection{}
	}

	return s
}
