package token_test

import (
	"testing"
	"time"

	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

func tokenOf(lifetime time.Duration) token.Token {
	issued := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

	return token.Token{Access: secret.New("access"), Type: "bearer", IssuedAt: issued, ExpiresAt: issued.Add(lifetime)}
}

func TestR08BufferIsCutToAThirdOfTheLifetime(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name                       string
		lifetime, buffer, dueUnder time.Duration
	}{
		{"a day keeps the whole buffer", 24 * time.Hour, 300 * time.Second, 300 * time.Second},
		{"the shortest lifetime has 100 s", 300 * time.Second, 300 * time.Second, 100 * time.Second},
		{"a lifetime of three buffers is the edge", 900 * time.Second, 300 * time.Second, 300 * time.Second},
		{"a small buffer stays small", 300 * time.Second, 20 * time.Second, 20 * time.Second},
		{"a buffer of two days does not rotate for ever", 24 * time.Hour, 48 * time.Hour, 8 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			held := tokenOf(test.lifetime)
			edge := held.ExpiresAt.Add(-test.dueUnder)

			if held.Due(edge.Add(-time.Second), test.buffer) {
				t.Errorf("the token is due with %s left, want it kept above %s", test.dueUnder+time.Second, test.dueUnder)
			}

			if !held.Due(edge, test.buffer) {
				t.Errorf("the token is not due with %s left", test.dueUnder)
			}

			if !held.Due(held.ExpiresAt.Add(time.Hour), test.buffer) {
				t.Error("an expired token is not due")
			}
		})
	}
}

func TestReaderTakesATokenWithMoreThanThirtySecondsOrASixthLeft(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name            string
		lifetime, least time.Duration
	}{
		{"a day", 24 * time.Hour, 30 * time.Second},
		{"three minutes are the edge", 180 * time.Second, 30 * time.Second},
		{"one minute", 60 * time.Second, 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			held := tokenOf(test.lifetime)
			edge := held.ExpiresAt.Add(-test.least)

			if !held.Usable(edge.Add(-time.Second)) {
				t.Errorf("the token is refused with %s left", test.least+time.Second)
			}

			if held.Usable(edge) {
				t.Errorf("the token is taken with %s left, want more", test.least)
			}
		})
	}
}

func TestATokenIsDueBeforeReadersRefuseIt(t *testing.T) {
	t.Parallel()

	// Else a scheduler in good health would leave readers without a token between the two.
	for seconds := 60; seconds <= 172_800; seconds += 60 {
		held := tokenOf(time.Duration(seconds) * time.Second)
		if now := held.ExpiresAt.Add(-min(buffer, held.Lifetime()/3)); !held.Usable(now.Add(time.Second)) {
			t.Fatalf("a token of %s is refused a second after it is due", held.Lifetime())
		}
	}
}

func TestSameComparesTokensToTheSecond(t *testing.T) {
	t.Parallel()

	held := tokenOf(time.Hour)
	within := held
	within.IssuedAt, within.ExpiresAt = held.IssuedAt.Add(999*time.Millisecond), held.ExpiresAt.Add(999*time.Millisecond)

	if !held.Same(within) {
		t.Error("a token differs from itself as it is before the store cuts its times to whole seconds")
	}

	for name, change := range map[string]func(*token.Token){
		"access token": func(t *token.Token) { t.Access = secret.New("other") },
		"type":         func(t *token.Token) { t.Type = "Bearer" },
		"issue":        func(t *token.Token) { t.IssuedAt = t.IssuedAt.Add(time.Second) },
		"expiry":       func(t *token.Token) { t.ExpiresAt = t.ExpiresAt.Add(time.Second) },
	} {
		other := held
		change(&other)

		if held.Same(other) {
			t.Errorf("tokens of different %s are the same", name)
		}
	}
}

func TestAStoredTokenIsItsVersionAndItsIssueTime(t *testing.T) {
	t.Parallel()

	first := token.Stored{Token: tokenOf(time.Hour), Version: 1}
	asWritten, anew, next := first, first, first
	asWritten.IssuedAt = first.IssuedAt.Add(999 * time.Millisecond) // before the store cuts it to whole seconds
	anew.IssuedAt = first.IssuedAt.Add(time.Second)
	next.Version = 2

	for name, test := range map[string]struct {
		other token.Stored
		want  bool
	}{
		"itself":                       {first, true},
		"itself, as it was written":    {asWritten, true},
		"the first one after a delete": {anew, false},
		"the next version":             {next, false},
		"none":                         {token.Stored{}, false},
	} {
		if got := first.Is(test.other); got != test.want {
			t.Errorf("%s: got %t, want %t", name, got, test.want)
		}
	}

	if (token.Stored{}).Is(token.Stored{}) {
		t.Error("no token is the same as no token")
	}
}
