// Package token is the policy of the stored access token: what is stored, when it is rotated, what a reader accepts.
//
// A [Rotator] keeps the stored token fresh; a [Reader] takes it, and asks for a fresh one where it may not be used. Both
// know the store, the issuer and each other only by interfaces that this package declares.
package token

import (
	"time"

	"genesys-cloud-export/shared/secret"
)

const (
	// bufferShare: a buffer never exceeds this part of a token's lifetime. A lifetime may be as short as 300 s (a setting
	// of the OAuth client), and a buffer of the same length would rotate for ever.
	bufferShare = 3
	// leastRemaining and leastShare: what a reader wants a token to have left, whichever is less.
	leastRemaining = 30 * time.Second
	leastShare     = 6
)

// Token is an access token and the span of its life.
type Token struct {
	Access    secret.Text
	Type      string // "bearer", in whichever case the issuer wrote it
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Lifetime is the whole span from issue to expiry.
func (t Token) Lifetime() time.Duration { return t.ExpiresAt.Sub(t.IssuedAt) }

// Remaining is what is left of the life at now; it is negative once the token has expired.
func (t Token) Remaining(now time.Time) time.Duration { return t.ExpiresAt.Sub(now) }

// Usable reports whether a reader takes the token at now: it has more than min(30 s, lifetime/6) left.
func (t Token) Usable(now time.Time) bool {
	return t.Remaining(now) > min(leastRemaining, t.Lifetime()/leastShare)
}

// Buffer is the buffer that is in force for this token: the configured one, cut to a third of the lifetime.
func (t Token) Buffer(configured time.Duration) time.Duration {
	return min(configured, t.Lifetime()/bufferShare)
}

// Due reports whether the token is to be rotated at now: it is inside the buffer that is in force.
func (t Token) Due(now time.Time, buffer time.Duration) bool {
	return t.Remaining(now) <= t.Buffer(buffer)
}

// Same reports whether both are the same token with the same span, to the second, which is what the store keeps.
func (t Token) Same(other Token) bool {
	return t.Access.Equal(other.Access) && t.Type == other.Type &&
		sameSecond(t.IssuedAt, other.IssuedAt) && sameSecond(t.ExpiresAt, other.ExpiresAt)
}

func sameSecond(a, b time.Time) bool { return a.Truncate(time.Second).Equal(b.Truncate(time.Second)) }

// Stored is a token with the version under which it is stored. Versions count from 1; 0 is none.
type Stored struct {
	Token
	Version int64
}

// Is reports whether both are the same stored token. The version alone does not say it: a parameter that was deleted and
// made anew begins at version 1 again. The zero value is no token, and equals none.
func (s Stored) Is(other Stored) bool {
	return s.Version != 0 && s.Version == other.Version && sameSecond(s.IssuedAt, other.IssuedAt)
}
