package token_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

func TestATokenUnderAKeyOfSomebodyElseIsReplaced(t *testing.T) {
	t.Parallel()

	for name, asked := range map[string]token.Rotation{"scheduled": {}, "a rejection": {RejectedVersion: 7}, "forced": {Force: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(buffer)
				w.parameter.sealed = true

				got := w.rotate(asked)

				if !got.Rotated || !got.Minted {
					t.Errorf("outcome %+v, want another token minted and written", got)
				}
				w.parameter.sealed = false
				w.wantStored(2, 2)
			})
		})
	}
}

func TestARotatorThatCannotReadWhatItWroteMintsOnceABufferAndNamesTheKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.sealed = true

		const minutes = 30
		for minute := range minutes {
			if minute%7 == 3 {
				w.restart() // what was written a moment ago is told by the store, not remembered
			}

			outcome, err := w.rotator.Rotate(t.Context(), token.Rotation{})
			if !outcome.Rotated {
				wantKind(t, err, failure.StorageUnavailable)
				for _, part := range []string{"cannot be decrypted", "alias/tokens", "force"} {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("error %v, want %q in it", err, part)
					}
				}
			}
			time.Sleep(time.Minute)
		}

		w.wantGranted(minutes * int(time.Minute) / int(buffer))
	})
}

func TestForceMintsAlthoughWhatWasJustWrittenCannotBeDecrypted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.sealed = true
		w.rotate(token.Rotation{})

		if got := w.rotate(token.Rotation{Force: true}); !got.Rotated || got.Reason != token.ReasonForced {
			t.Errorf("outcome %+v, want it forced", got)
		}
		w.wantGranted(2)
	})
}

func TestAWriteTimeFarAheadKeepsNobodyFromMinting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		w.parameter.sealed, w.parameter.written = true, time.Now().AddDate(50, 0, 0)

		if got := w.rotate(token.Rotation{}); !got.Rotated {
			t.Errorf("outcome %+v, want another token", got)
		}
	})
}
