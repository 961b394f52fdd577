package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

const probePath = "/api/v2/tokens/me"

// day gives tokens a life in which nothing is due for a while; idle ends one that nobody uses.
func day(c *genesyssim.Config)  { c.TokenLifetime = 24 * time.Hour }
func idle(c *genesyssim.Config) { c.IdleTimeout = 15 * time.Minute }

func (s *stack) probeFault(fault genesyssim.Fault) {
	fault.Path, fault.Times = probePath, -1
	noError(s.t, s.genesys.SetFaults([]genesyssim.Fault{fault}))
}

func (s *stack) wantProbes(least, most int) {
	s.t.Helper()

	if probes := int(s.genesys.Stats().Requests["GET "+probePath]); probes < least || probes > most {
		s.t.Errorf("%d probes were sent, want %d to %d", probes, least, most)
	}
}

func TestATokenThatIdlenessKilledIsSeenByTheProbeAndReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, day, idle)
		process := s.process("TOKEN_PROBE_SECONDS=300")
		s.rotate(process, "{}")

		// Nobody ran the rotator for longer than a token may be idle.
		time.Sleep(16 * time.Minute)

		if got := s.rotate(process, "{}"); !got.Rotated || got.Reason != "revoked" || got.Version != 2 {
			t.Errorf("got %+v, want the token replaced as revoked", got)
		}
		s.wantMinted(2)
		if rejected := s.metric("TokenProbeRejected"); !slices.Equal(rejected, []float64{0, 1}) {
			t.Errorf("TokenProbeRejected: got %v", rejected)
		}
	})
}

func TestAProbeThatSaysNothingRotatesNothing(t *testing.T) {
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
				s := newStack(t, day)
				process := s.process("TOKEN_PROBE_SECONDS=60")
				s.rotate(process, "{}")
				time.Sleep(time.Minute)
				s.probeFault(fault)
				began := time.Now()

				got := s.rotate(process, "{}")

				if took := time.Since(began); got.Rotated || got.Reason != "fresh" || took > probeAttempt {
					t.Errorf("got %+v after %s, want the token left as it is after %s", got, took, probeAttempt)
				}
				s.wantMinted(1)
				s.wantProbes(1, 1)
			})
		})
	}
}

func TestAProbeWaitsForTheRetryAfterOfTheOneBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, day)
		process := s.process("TOKEN_PROBE_SECONDS=60")
		s.rotate(process, "{}")
		s.probeFault(genesyssim.Fault{Status: 503, RetryAfter: "600"})

		for range 9 {
			time.Sleep(time.Minute)
			s.rotate(process, "{}")
		}

		s.wantProbes(1, 1)
		if early := s.genesys.Stats().EarlyRequests; len(early) != 0 {
			t.Errorf("requests came before a Retry-After had passed: %v", early)
		}
	})
}

func TestTheProbeKeepsATokenFromBeingIdleAndIsSentNoMoreOftenThanAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, day, idle)
		process := s.process("TOKEN_PROBE_SECONDS=300")

		const minutes = 180
		for range minutes {
			s.rotate(process, "{}")
			time.Sleep(time.Minute)
		}

		s.wantMinted(1)
		s.wantProbes(minutes/5-2, minutes/5)
	})
}

func TestNoProbeIsSentWhereItIsOffOrAConsumerReportsAVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, day)
		s.rotate(s.process("TOKEN_PROBE_SECONDS=0"), "{}")
		time.Sleep(10 * time.Minute)

		s.rotate(s.process("TOKEN_PROBE_SECONDS=0"), "{}")
		s.rotate(s.process("TOKEN_PROBE_SECONDS=60"), `{"rejected_version":7}`)

		s.wantProbes(0, 0)
	})
}
