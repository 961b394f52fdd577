package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

const probePath = "/api/v2/tokens/me"

// hourly gives tokens a life in which nothing is due for a while.
func hourly(c *genesyssim.Config) { c.TokenLifetime = time.Hour }

func TestR20ATokenThatIdlenessKilledIsSeenByTheProbeAndReplaced(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, hourly, func(c *genesyssim.Config) { c.IdleTimeout = 15 * time.Minute })
		process := s.process("TOKEN_PROBE_SECONDS=300")
		first := s.rotate(process, "{}")

		// Nobody ran the rotator for longer than a token may be idle.
		time.Sleep(16 * time.Minute)

		got := s.rotate(process, "{}")
		if !got.Rotated || got.Reason != "revoked" || got.Version != first.Version+1 {
			t.Errorf("got %+v, want the token replaced as revoked", got)
		}

		s.wantMinted(2)

		if rejected := s.metric("TokenProbeRejected"); !slices.Equal(rejected, []float64{0, 1}) {
			t.Errorf("TokenProbeRejected: got %v", rejected)
		}
	})
}

func TestR20ARevokedTokenIsReplacedByOneThatExpiresEarlier(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, hourly)
		process := s.process("TOKEN_PROBE_SECONDS=60")
		first := s.rotate(process, "{}")

		s.genesys.RevokeTokens()
		noError(t, s.genesys.SetTokenLifetime(tokenLifetime))
		time.Sleep(time.Minute)

		if got := s.rotate(process, "{}"); got.Reason != "revoked" || !got.ExpiresAt.Before(first.ExpiresAt) {
			t.Errorf("got %+v, want an earlier expiry than %s", got, first.ExpiresAt)
		}
	})
}

func TestR20ARevokedTokenThatCouldNotBeReplacedIsNotTakenForAFreshOne(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, hourly)
		process := s.process("TOKEN_PROBE_SECONDS=1200")
		s.rotate(process, "{}")

		s.genesys.RevokeTokens()
		time.Sleep(30 * time.Minute)

		process = s.process("TOKEN_PROBE_SECONDS=1200") // a new one, which probes at once
		s.faults(genesyssim.Fault{Status: 503, Times: -1})

		for range 2 {
			_, err := s.invoke(process, "{}")
			s.wantError(err, "UpstreamUnavailable")
		}

		s.faults()

		if got := s.rotate(process, "{}"); got.Reason != "revoked" || !got.Rotated {
			t.Errorf("got %+v, want the token replaced", got)
		}
	})
}

func TestR20AProbeThatTellsNothingRotatesNothing(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]genesyssim.Fault{
		"server error":        {Status: 503},
		"rate limit":          {Status: 429, RetryAfter: "7"},
		"address not allowed": {Status: 401, Code: "ip.not.authorized"},
		"hang":                {Action: genesyssim.ActionHang},
		"reset":               {Action: genesyssim.ActionReset},
		"redirect":            {Status: 302, Headers: map[string]string{"Location": "http://elsewhere.test/"}, Body: new("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := newStack(t, hourly)
				process := s.process("TOKEN_PROBE_SECONDS=60")
				s.rotate(process, "{}")
				time.Sleep(time.Minute)

				fault.Path, fault.Times = probePath, -1
				noError(t, s.genesys.SetFaults([]genesyssim.Fault{fault}))

				if got := s.rotate(process, "{}"); got.Rotated || got.Reason != "fresh" {
					t.Errorf("got %+v, want the token left as it is", got)
				}

				s.wantMinted(1)

				if hits := s.genesys.Stats().FaultsHit; hits < 1 {
					t.Errorf("the probe was not sent")
				}
			})
		})
	}
}

func TestTheProbeKeepsATokenFromBeingIdleAndIsSentNoMoreOftenThanAsked(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, func(c *genesyssim.Config) {
			c.TokenLifetime, c.IdleTimeout = 24*time.Hour, 15*time.Minute
		})
		process := s.process("TOKEN_PROBE_SECONDS=300")

		const minutes = 180
		for range minutes {
			s.rotate(process, "{}")
			time.Sleep(time.Minute)
		}

		s.wantMinted(1)

		if probes := s.genesys.Stats().Requests["GET "+probePath]; probes < minutes/5-2 || probes > minutes/5 {
			t.Errorf("%d probes in %d minutes, want one in five", probes, minutes)
		}
	})
}

func TestNoProbeIsSentWhereItIsOffOrAConsumerReportsAVersion(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, hourly)
		s.rotate(s.process("TOKEN_PROBE_SECONDS=0"), "{}")
		time.Sleep(10 * time.Minute)

		s.rotate(s.process("TOKEN_PROBE_SECONDS=0"), "{}")
		s.rotate(s.process("TOKEN_PROBE_SECONDS=60"), `{"rejected_version":7}`)

		if probes := s.genesys.Stats().Requests["GET "+probePath]; probes != 0 {
			t.Errorf("%d probes were sent", probes)
		}
	})
}
