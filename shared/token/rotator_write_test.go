package token_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

func unavailable() error { return failure.New(failure.StorageUnavailable, "the store failed") }

func TestR11AStoreThatRefusesDoesNotCostATokenARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 3 {
			w.parameter.writeFaults = append(w.parameter.writeFaults, writeFault{err: unavailable()})
		}

		for range 3 {
			_, err := w.rotator.Rotate(t.Context(), token.Rotation{})
			wantKind(t, err, failure.StorageUnavailable)
			time.Sleep(time.Minute)
		}

		outcome := w.rotate(token.Rotation{})

		if !outcome.Rotated || outcome.Minted {
			t.Errorf("outcome %+v, want the token of the first run written", outcome)
		}
		w.wantGranted(1)
		w.wantStored(1, 1)
	})
}

func TestAnUnwrittenTokenThatIsDueIsNotWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.writeFaults = []writeFault{{err: unavailable()}}

		_, err := w.rotator.Rotate(t.Context(), token.Rotation{})
		wantKind(t, err, failure.StorageUnavailable)
		time.Sleep(lifetime)
		w.rotate(token.Rotation{})

		w.wantStored(2, 1)
	})
}

func TestR12AFailedWriteLeavesTheOldTokenAndForceMintsAlthoughOneIsUnwritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		w.parameter.writeFaults = []writeFault{{err: unavailable()}}

		_, err := w.rotator.Rotate(t.Context(), token.Rotation{Force: true})
		wantKind(t, err, failure.StorageUnavailable)
		w.wantStored(1, 1)

		w.rotate(token.Rotation{Force: true})

		w.wantStored(3, 2)
	})
}

func TestR12AWriteWhoseReplyWasLostIsReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.writeFaults = []writeFault{{err: unavailable(), done: true}}

		outcome := w.rotate(token.Rotation{})

		if !outcome.Rotated || outcome.Stored.Version != 1 {
			t.Errorf("outcome %+v, want success with the version that was read back", outcome)
		}
		w.wantGranted(1)
		w.wantStored(1, 1)
	})
}

// A write may have happened although both it and the reading back failed. Once the API has rejected that token, it is
// not to be written a second time.
func TestInvariant07ATokenRejectedAfterALostReplyIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.writeFaults = []writeFault{{err: unavailable(), done: true}}
		w.parameter.readFaults = []error{nil, nil, unavailable()}

		_, err := w.rotator.Rotate(t.Context(), token.Rotation{})
		wantKind(t, err, failure.StorageUnavailable)
		w.wantStored(1, 1)

		outcome := w.rotate(token.Rotation{RejectedVersion: 1})

		if !outcome.Minted || outcome.Reason != token.ReasonRejected {
			t.Errorf("outcome %+v, want another token minted", outcome)
		}
		w.wantStored(2, 2)
	})
}

func TestR13AStoreThatCannotBeReadMintsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 10 {
			w.parameter.readFaults = append(w.parameter.readFaults, unavailable())
		}

		for i := range 10 {
			asked := []token.Rotation{{}, {Force: true}, {RejectedVersion: 1}}[i%3]
			_, err := w.rotator.Rotate(t.Context(), asked)
			wantKind(t, err, failure.StorageUnavailable)
		}

		w.wantGranted(0)
	})
}

func TestR13AStoreThatFailsAfterTheMintKeepsTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.readFaults = []error{nil, unavailable(), nil, unavailable()}

		for range 2 {
			_, err := w.rotator.Rotate(t.Context(), token.Rotation{})
			wantKind(t, err, failure.StorageUnavailable)
		}
		w.rotate(token.Rotation{})

		w.wantGranted(1)
		w.wantStored(1, 1)
	})
}

func TestR15ASlowRotatorWithAnEarlierExpiryWritesNothing(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name  string
		asked token.Rotation
	}{
		{"due", token.Rotation{}},
		{"forced, but another version is stored by then", token.Rotation{Force: true}},
		{"rejected, but another version is stored by then", token.Rotation{RejectedVersion: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(lifetime - time.Minute)

				slow := w.process()
				slow.Issuer = &endpoint{lifetime: lifetime, latency: 20 * time.Second, granted: 100}
				ended := make(chan token.Outcome)
				go func() {
					outcome, err := slow.Rotate(t.Context(), test.asked)
					if err != nil {
						t.Errorf("rotate: %v", err)
					}
					ended <- outcome
				}()

				time.Sleep(5 * time.Second)
				w.rotate(token.Rotation{})
				outcome := <-ended

				if outcome.Rotated || !outcome.Minted || outcome.Reason != token.ReasonSuperseded || outcome.Stored.Version != 2 {
					t.Errorf("outcome %+v, want superseded by version 2", outcome)
				}
				w.wantStored(2, 2)
			})
		})
	}
}

func TestR15ASupersededTokenIsNotWrittenLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.endpoint.latency = 20 * time.Second
		other := w.process()
		other.Issuer = &endpoint{lifetime: lifetime, latency: time.Second, granted: 100}

		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(5 * time.Second)
			if _, err := other.Rotate(t.Context(), token.Rotation{}); err != nil {
				t.Errorf("rotate: %v", err)
			}
		}()
		outcome := w.rotate(token.Rotation{})
		<-done
		if outcome.Reason != token.ReasonSuperseded {
			t.Fatalf("outcome %+v, want superseded", outcome)
		}

		w.rotate(token.Rotation{RejectedVersion: 1})

		w.wantStored(2, 2)
		w.wantGranted(2)
	})
}

func TestR17ACrashBetweenMintAndPutWastesOneToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.writeFaults = []writeFault{{err: errors.New("killed")}}

		if _, err := w.rotator.Rotate(t.Context(), token.Rotation{}); err == nil {
			t.Fatal("the rotation outlived its crash")
		}
		w.restart()
		for range 5 {
			w.rotate(token.Rotation{})
		}

		w.wantGranted(2)
		w.wantStored(2, 1)
	})
}

func TestR22ALifetimeCutFromADayToMinutesIsFollowed(t *testing.T) {
	t.Parallel()

	for reason, asked := range map[string]token.Rotation{token.ReasonRejected: {RejectedVersion: 1}, token.ReasonForced: {Force: true}} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.endpoint.lifetime = 24 * time.Hour
				w.rotate(token.Rotation{})

				w.endpoint.lifetime = 300 * time.Second
				if outcome := w.rotate(asked); !outcome.Rotated || outcome.Reason != reason {
					t.Fatalf("outcome %+v, want the earlier-expiring token written over the old one", outcome)
				}
				w.wantStored(2, 2)

				time.Sleep(199 * time.Second)
				if outcome := w.rotate(token.Rotation{}); outcome.Reason != token.ReasonFresh {
					t.Errorf("with 101 s of 300 left: %s, want fresh", outcome.Reason)
				}

				time.Sleep(time.Second)
				if outcome := w.rotate(token.Rotation{}); outcome.Reason != token.ReasonExpiring {
					t.Errorf("with 100 s of 300 left: %s, want expiring", outcome.Reason)
				}
				w.wantStored(3, 3)
			})
		})
	}
}

func TestRotationsOfOneProcessWaitForEachOther(t *testing.T) {
	t.Parallel()

	// In real time: a mutex keeps a bubble's clock from moving.
	w := newWorld(t)
	w.endpoint.latency = 20 * time.Millisecond
	failures := make(chan error, 20)
	for range cap(failures) {
		go func() {
			_, err := w.rotator.Rotate(t.Context(), token.Rotation{})
			failures <- err
		}()
	}

	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	w.wantGranted(1)
	w.wantStored(1, 1)
}
