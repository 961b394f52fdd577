package token_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
)

func TestRotationsOneAfterAnother(t *testing.T) {
	t.Parallel()

	for name, steps := range rows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(_ *testing.T, w *world) {
				for _, do := range steps {
					do(w)
				}
			})
		})
	}
}

func rows() map[string][]step {
	const (
		newer   = `{"schema_version":2,"access_token":"of the future"}`
		day     = 24 * time.Hour
		again   = "missing, minted, rotated, version 1" // what an empty store comes to
		renewed = ", minted, rotated, version 2"
	)

	var (
		scheduled, forced token.Rotation
		rejected          = func(version int64) token.Rotation { return token.Rotation{RejectedVersion: version} }
		first             = ask(scheduled, again)
		refused           = failure.New(failure.InvalidCredentials, "the client was refused")
		down              = failure.New(failure.UpstreamUnavailable, "down")
		storeDown         = failure.New(failure.StorageUnavailable, "the store failed")
		notWritten        = writeFault{err: storeDown}
		replyLost         = writeFault{err: storeDown, done: true}
		busy              = &prober{err: &retry.TransientError{Err: down, After: time.Hour}}
	)

	forced.Force = true

	all := map[string][]step{
		// Why it rotates.
		"nothing is stored": {first, stored(1, 1)},
		"nothing is stored, and a rejection is reported": {ask(rejected(3), again)},
		"what is stored is no token":                     {storeHas("{}"), ask(scheduled, "unreadable"+renewed)},
		"a fresh token is left until it is at the buffer": {
			first, ask(scheduled, "fresh, version 1"), passes(lifetime*2/3 - time.Second), ask(scheduled, "fresh, version 1"),
			passes(time.Second), ask(scheduled, "expiring"+renewed), stored(2, 2),
		},
		"an expired token":              {first, passes(lifetime + time.Hour), ask(scheduled, "expiring"+renewed)},
		"a fresh token, forced":         {first, ask(forced, "forced"+renewed)},
		"a fresh token, rejected":       {first, ask(rejected(1), "rejected"+renewed)},
		"another version was rejected":  {first, ask(rejected(7), "fresh, version 1")},
		"another, and this one is due":  {first, passes(lifetime - time.Minute), ask(rejected(7), "fresh, version 1")},
		"another, and this one is dead": {first, passes(lifetime - 30*time.Second), ask(rejected(7), "expiring"+renewed)},
		"a revoked token is replaced by one that expires earlier": {
			lasts(day), first, probes(&prober{}), passes(time.Minute), lasts(lifetime),
			ask(scheduled, "revoked, minted, probe rejected, rotated, version 2"), stored(2, 2),
		},
		"a token issued in the future is probed all the same": {
			writes("ahead", 50*365*day), probes(&prober{}), ask(scheduled, "revoked, minted, probe rejected, rotated, version 2"), stored(1, 2),
		},
		"a probe that says nothing is sent again when it may be, and replaces nothing": {
			lasts(day), first, probes(busy), passes(time.Minute), ask(scheduled, "fresh, version 1"), passes(59 * time.Minute),
			ask(scheduled, "fresh, version 1"), passes(time.Minute), ask(scheduled, "fresh, version 1"),
			func(w *world) {
				if busy.sent != 2 {
					w.t.Errorf("%d probes were sent, want 2: the first asked for an hour", busy.sent)
				}
			},
		},
		"the life counts from before the request": {
			meanwhile(passes(5 * time.Second)), first,
			func(w *world) {
				if left := w.stored().Remaining(time.Now()); left != lifetime-5*time.Second {
					w.t.Errorf("%s are left after a request of 5 s, want %s", left, lifetime-5*time.Second)
				}
			},
		},

		// Client credentials.
		"refused credentials are read again and sent once": {
			mintFails(refused, refused), ask(scheduled, "InvalidCredentials, mint failed, version 0"), sent(2, "first"),
		},
		"credentials rotated between read and request are tried": {
			credentialsAre("old", "new"), mintFails(refused), first, sent(2, "old", "new"),
		},
		"credentials rotated, and refused too": {
			credentialsAre("old", "new", "newer"), mintFails(refused, refused),
			ask(scheduled, "InvalidCredentials, mint failed, version 0"), sent(2, "old", "new"),
		},

		"credentials that cannot be read": {secretFails(storeDown), ask(scheduled, "StorageUnavailable, mint failed, version 0"), first},
		"credentials that cannot be read again": {
			mintFails(refused), secretFails(nil, storeDown), ask(scheduled, "StorageUnavailable, mint failed, version 0"), sent(2, "first"),
		},

		// A failed rotation reports the old token where that can be used, and no other.
		"a due token stays": {
			first, passes(lifetime - time.Minute), mintFails(down),
			ask(scheduled, "UpstreamUnavailable, mint failed, version 1"), stored(1, 1),
		},
		"a forced one stays": {first, mintFails(down), ask(forced, "UpstreamUnavailable, mint failed, version 1")},
		"a dead one does not": {
			first, passes(lifetime - 10*time.Second), mintFails(down), ask(scheduled, "UpstreamUnavailable, mint failed, version 0"),
		},
		"a rejected token that could not be replaced is never fresh": {
			first, mintFails(down, down), ask(rejected(1), "UpstreamUnavailable, mint failed, version 0"),
			ask(scheduled, "UpstreamUnavailable, mint failed, version 0"), ask(scheduled, "rejected"+renewed),
		},
		"a revoked token that could not be replaced is never fresh": {
			lasts(day), first, probes(&prober{}), passes(time.Minute), mintFails(down),
			ask(scheduled, "UpstreamUnavailable, mint failed, probe rejected, version 0"),
			ask(scheduled, "revoked"+renewed),
		},

		// The store fails.
		"a store that refuses does not cost a token an invocation": {
			writeFails(notWritten, notWritten, notWritten), ask(scheduled, "StorageUnavailable, minted, version 0"), passes(time.Minute),
			ask(scheduled, "StorageUnavailable, version 0"), passes(time.Minute), ask(scheduled, "StorageUnavailable, version 0"),
			ask(scheduled, "missing, rotated, version 1"), stored(1, 1),
		},
		"an unwritten token that is due is not written": {
			writeFails(notWritten), ask(scheduled, "StorageUnavailable, minted, version 0"), passes(lifetime),
			ask(scheduled, again), stored(2, 1),
		},
		"force mints although a token is unwritten": {
			first, writeFails(notWritten), ask(forced, "StorageUnavailable, minted, version 1"), stored(1, 1),
			ask(forced, "forced"+renewed), stored(3, 2),
		},
		"a write whose reply was lost is read back": {writeFails(replyLost), first, stored(1, 1)},
		// A write may have happened although both it and the reading back failed.
		"a token rejected after a lost reply is not written again": {
			writeFails(replyLost), readFails(nil, nil, storeDown), ask(scheduled, "StorageUnavailable, minted, version 0"), stored(1, 1),
			ask(rejected(1), "rejected"+renewed), stored(2, 2),
		},
		"a store that cannot be read mints nothing": {
			readFails(storeDown, storeDown, storeDown), ask(scheduled, "StorageUnavailable, version 0"),
			ask(forced, "StorageUnavailable, version 0"),
			ask(rejected(1), "StorageUnavailable, version 0"),
		},
		"a store that fails after the mint keeps the token": {
			readFails(nil, storeDown, nil, storeDown), ask(scheduled, "StorageUnavailable, minted, version 0"),
			ask(scheduled, "StorageUnavailable, version 0"),
			ask(scheduled, "missing, rotated, version 1"), stored(1, 1),
		},
		"a token too long for the store is not kept in the way of the next": {
			writeFails(writeFault{err: failure.New(failure.UpstreamInvalid, "too long")}),
			ask(scheduled, "UpstreamInvalid, mint failed, minted, version 0"), first, stored(2, 1),
		},
		"a crash between mint and put wastes one token": {
			writeFails(notWritten), ask(scheduled, "StorageUnavailable, minted, version 0"), restarted, first,
			ask(scheduled, "fresh, version 1"), stored(2, 1),
		},
		"a newer schema that appears during a mint is not overwritten": {
			readFails(nil, token.ErrNewerSchema), ask(scheduled, "TokenUnavailable, minted, version 0"),
			func(w *world) {
				if w.parameter.writes != 0 {
					w.t.Error("the newer document was overwritten")
				}
			},
		},

		// Another process, or a hand.
		"a superseded token is not written later": {
			meanwhile(passes(5*time.Second), another(scheduled, again)), ask(scheduled, "superseded, minted, version 1"),
			ask(rejected(1), "rejected"+renewed), stored(3, 2),
		},
		"a parameter made anew is not the rejected version of the same number": {
			first, mintFails(down), ask(rejected(1), "UpstreamUnavailable, mint failed, version 0"), removed, passes(time.Minute),
			another(scheduled, again), ask(scheduled, "fresh, version 1"), stored(2, 1),
		},
		"a token stored anew during a forced mint is kept though its version is the old one's": {
			first, passes(time.Minute), meanwhile(passes(5*time.Second), removed, writes("anew", 0)),
			ask(forced, "superseded, minted, version 1"),
		},

		// What cannot be decrypted.
		"force mints although what was just written cannot be decrypted": {sealed(true), first, ask(forced, "forced"+renewed)},
		"a write time far ahead keeps nobody from minting": {
			first, sealed(true), func(w *world) { w.parameter.written = time.Now().AddDate(50, 0, 0) },
			ask(scheduled, "unreadable"+renewed),
		},
	}

	for _, kind := range []failure.Kind{failure.RateLimited, failure.UpstreamUnavailable, failure.UpstreamInvalid, failure.Forbidden} {
		all["the secret is not read again after "+string(kind)] = []step{
			mintFails(failure.New(kind, "no token")), ask(scheduled, string(kind)+", mint failed, version 0"), sent(1, "first"),
		}
	}
	for reason, asked := range map[string]token.Rotation{"expiring": scheduled, "forced": forced, "rejected": rejected(1)} {
		all["a slow rotator with an earlier expiry writes nothing: "+reason] = []step{
			first, passes(lifetime - time.Minute), meanwhile(passes(5*time.Second), another(scheduled, "expiring"+renewed)),
			ask(asked, "superseded, minted, version 2"), stored(2, 2),
		}
		all["a newer schema is not overwritten: "+reason] = []step{
			storeHas(newer), ask(asked, "TokenUnavailable, version 0", "newer schema", "left as it is: deploy"),
			func(w *world) {
				if got := string(w.parameter.value); got != newer {
					w.t.Errorf("stored is %s, want it left as it was", got)
				}
			},
		}
	}
	for reason, asked := range map[string]token.Rotation{"forced": forced, "rejected": rejected(1)} {
		all["a lifetime cut from a day to minutes is followed: "+reason] = []step{
			lasts(day), first, lasts(300 * time.Second), ask(asked, reason+renewed), passes(199 * time.Second),
			ask(scheduled, "fresh, version 2"),
			passes(time.Second), ask(scheduled, "expiring, minted, rotated, version 3"), stored(3, 3),
		}
	}
	for _, asked := range []token.Rotation{scheduled, rejected(7)} {
		all[fmt.Sprintf("a token under a key of somebody else is replaced: %+v", asked)] = []step{
			first, passes(buffer), sealed(true), ask(asked, "unreadable"+renewed), sealed(false), stored(2, 2),
		}
	}

	return all
}

func TestARotatorThatCannotReadWhatItWroteMintsOnceABufferAndNamesTheKey(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.parameter.sealed = true

		const minutes = 30
		for minute := range minutes {
			if minute%7 == 3 {
				w.restart() // what was written a moment ago the store says, nobody remembers it
			}

			if outcome, err := w.rotator.Rotate(t.Context(), token.Rotation{}); !outcome.Rotated {
				wantFailure(t, err, failure.StorageUnavailable, "cannot be decrypted", "alias/tokens", "force")
			}
			time.Sleep(time.Minute)
		}

		w.wantGranted(minutes * int(time.Minute) / int(buffer))
	})
}

func TestRotationsOfOneProcessWaitForEachOther(t *testing.T) {
	t.Parallel()

	// In real time: a mutex keeps a bubble's clock from moving.
	w := newWorld(t)
	w.endpoint.latency = 20 * time.Millisecond
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := w.rotator.Rotate(t.Context(), token.Rotation{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	w.wantGranted(1)
	w.wantStored(1, 1)
}

func TestTwentyProcessesMintAtMostOneEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		var group sync.WaitGroup
		for i := range 20 {
			rotator := w.process()
			group.Go(func() {
				// Some begin together, others while the first are at work or have just ended.
				time.Sleep(time.Duration(i/4) * 300 * time.Millisecond)
				for range 3 {
					if _, err := rotator.Rotate(t.Context(), token.Rotation{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()

		if w.endpoint.granted > 20 {
			t.Errorf("%d tokens were minted by 20 processes", w.endpoint.granted)
		}
		if left := w.stored().Remaining(time.Now()); left < lifetime-5*time.Second {
			t.Errorf("the stored token has %s left, want a fresh one", left)
		}
	})
}
