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

func TestATokenIsDueAtAThirdOfItsLifeAndRefusedAtASixthAtTheEarliest(t *testing.T) {
	t.Parallel()

	due := func(buffer time.Duration) func(token.Token, time.Time) bool {
		return func(kept token.Token, now time.Time) bool { return kept.Due(now, buffer) }
	}
	refused := func(kept token.Token, now time.Time) bool { return !kept.Usable(now) }

	for name, test := range map[string]struct {
		lifetime, left time.Duration // so much is left where it becomes so
		so             func(token.Token, time.Time) bool
	}{
		"a day keeps the whole buffer":                     {24 * time.Hour, 300 * time.Second, due(300 * time.Second)},
		"the shortest lifetime has a buffer of 100 s":      {300 * time.Second, 100 * time.Second, due(300 * time.Second)},
		"a lifetime of three buffers is the edge":          {900 * time.Second, 300 * time.Second, due(300 * time.Second)},
		"a small buffer stays small":                       {300 * time.Second, 20 * time.Second, due(20 * time.Second)},
		"a buffer of two days does not rotate for ever":    {24 * time.Hour, 8 * time.Hour, due(48 * time.Hour)},
		"a reader wants 30 s of a day":                     {24 * time.Hour, 30 * time.Second, refused},
		"a reader wants 30 s of three minutes at the edge": {180 * time.Second, 30 * time.Second, refused},
		"a reader wants 10 s of a minute":                  {60 * time.Second, 10 * time.Second, refused},
	} {
		kept := tokenOf(test.lifetime)
		edge := kept.ExpiresAt.Add(-test.left)

		if test.so(kept, edge.Add(-time.Second)) || !test.so(kept, edge) || !test.so(kept, kept.ExpiresAt.Add(time.Hour)) {
			t.Errorf("%s: it is not so, or with more than %s left too", name, test.left)
		}
	}
}

func TestATokenIsDueBeforeReadersRefuseIt(t *testing.T) {
	t.Parallel()

	// Else a scheduler in good health would leave readers without a token between the two.
	for seconds := 60; seconds <= 172_800; seconds += 60 {
		kept := tokenOf(time.Duration(seconds) * time.Second)
		if now := kept.ExpiresAt.Add(-min(buffer, kept.Lifetime()/3)); !kept.Usable(now.Add(time.Second)) {
			t.Fatalf("a token of %s is refused a second after it is due", kept.Lifetime())
		}
	}
}

func TestSameComparesTokensToTheSecond(t *testing.T) {
	t.Parallel()

	kept := tokenOf(time.Hour)
	within := kept
	within.IssuedAt, within.ExpiresAt = kept.IssuedAt.Add(999*time.Millisecond), kept.ExpiresAt.Add(999*time.Millisecond)

	if !kept.Same(within) {
		t.Error("a token differs from itself as it is before the store cuts its times to whole seconds")
	}

	for name, change := range map[string]func(*token.Token){
		"access token": func(t *token.Token) { t.Access = secret.New("other") },
		"type":         func(t *token.Token) { t.Type = "Bearer" },
		"issue":        func(t *token.Token) { t.IssuedAt = t.IssuedAt.Add(time.Second) },
		"expiry":       func(t *token.Token) { t.ExpiresAt = t.ExpiresAt.Add(time.Second) },
	} {
		other := kept
		change(&other)

		if kept.Same(other) {
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
