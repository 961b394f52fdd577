package token_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

// prober answers every probe in the same way.
type prober struct {
	rejects bool
	probes  int
}

func (p *prober) Probe(context.Context, token.Token) (bool, error) {
	p.probes++

	return p.rejects, nil
}

func TestAParameterMadeAnewIsNotTheRejectedVersionOfTheSameNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		w.endpoint.failures = []error{failure.New(failure.UpstreamUnavailable, "down")}
		_, err := w.rotator.Rotate(t.Context(), token.Rotation{RejectedVersion: 1})
		wantKind(t, err, failure.UpstreamUnavailable)

		w.parameter.remove()
		time.Sleep(time.Minute)
		if _, err := w.process().Rotate(t.Context(), token.Rotation{}); err != nil {
			t.Fatal(err)
		}

		if got := w.rotate(token.Rotation{}); got.Reason != token.ReasonFresh {
			t.Errorf("the good token at version 1 was replaced as %s", got.Reason)
		}
		w.wantStored(2, 1)
	})
}

func TestATokenStoredAnewDuringAForcedMintIsKeptThoughItsVersionIsTheOldOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		time.Sleep(time.Minute)
		w.endpoint.latency = 10 * time.Second

		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(5 * time.Second)
			w.parameter.remove()
			later := tokenOf(24 * time.Hour)
			later.IssuedAt = time.Now()
			later.ExpiresAt = later.IssuedAt.Add(24 * time.Hour)
			later.Access = secret.New("stored-anew")
			if _, err := w.parameter.Write(t.Context(), later); err != nil {
				t.Error(err)
			}
		}()
		got := w.rotate(token.Rotation{Force: true})
		<-done

		if got.Rotated || got.Reason != token.ReasonSuperseded || w.stored().Access.Reveal() != "stored-anew" {
			t.Errorf("outcome %+v, want the token that lasts longer kept: it is not the one that was to be replaced", got)
		}
	})
}

func TestATokenIssuedInTheFutureIsProbedAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ahead := tokenOf(24 * time.Hour)
		ahead.IssuedAt = time.Now().AddDate(50, 0, 0)
		ahead.ExpiresAt = ahead.IssuedAt.Add(24 * time.Hour)
		if _, err := w.parameter.Write(t.Context(), ahead); err != nil {
			t.Fatal(err)
		}
		tried := &prober{rejects: true}
		w.rotator.Prober, w.rotator.ProbeEvery = tried, time.Minute

		got := w.rotate(token.Rotation{})

		if tried.probes != 1 || got.Reason != token.ReasonRevoked || !got.Rotated {
			t.Errorf("%d probes and outcome %+v, want one and the token replaced as revoked", tried.probes, got)
		}
		w.wantStored(1, 2)
	})
}
