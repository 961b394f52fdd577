package token_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

func TestRotatorTellsWhyItRotates(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name    string
		prepare func(w *world)
		asked   token.Rotation
		reason  string
		rotated bool
	}{
		{"nothing is stored", func(*world) {}, token.Rotation{}, token.ReasonMissing, true},
		{"nothing is stored, and a rejection is told", func(*world) {}, token.Rotation{RejectedVersion: 3}, token.ReasonMissing, true},
		{"what is stored is no token", func(w *world) { w.parameter.value = []byte("{}") }, token.Rotation{}, token.ReasonUnreadable, true},
		{"fresh", func(*world) {}, token.Rotation{}, token.ReasonFresh, false},
		{"just above the buffer", func(*world) { time.Sleep(lifetime*2/3 - time.Second) }, token.Rotation{}, token.ReasonFresh, false},
		{"at the buffer", func(*world) { time.Sleep(lifetime * 2 / 3) }, token.Rotation{}, token.ReasonExpiring, true},
		{"expired", func(*world) { time.Sleep(lifetime + time.Hour) }, token.Rotation{}, token.ReasonExpiring, true},
		{"fresh, and forced", func(*world) {}, token.Rotation{Force: true}, token.ReasonForced, true},
		{"fresh, and that version rejected", func(*world) {}, token.Rotation{RejectedVersion: 1}, token.ReasonRejected, true},
		{"fresh, and another version rejected", func(*world) {}, token.Rotation{RejectedVersion: 7}, token.ReasonFresh, false},
		{
			"another version rejected, and the stored one is due but usable",
			func(*world) { time.Sleep(lifetime - time.Minute) },
			token.Rotation{RejectedVersion: 7},
			token.ReasonFresh, false,
		},
		{
			"another version rejected, and the stored one is not usable",
			func(*world) { time.Sleep(lifetime - 30*time.Second) },
			token.Rotation{RejectedVersion: 7},
			token.ReasonExpiring, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if test.reason != token.ReasonMissing {
					w.rotate(token.Rotation{})
				}
				test.prepare(w)
				before := w.endpoint.granted

				outcome := w.rotate(test.asked)

				got := fmt.Sprintf("%s rotated=%t minted=%t", outcome.Reason, outcome.Rotated, outcome.Minted)
				want := fmt.Sprintf("%s rotated=%t minted=%t", test.reason, test.rotated, test.rotated)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}

				if minted := w.endpoint.granted - before; (minted == 1) != test.rotated {
					t.Errorf("%d tokens were minted, rotated is %t", minted, test.rotated)
				}

				if stored := w.stored(); !stored.Same(outcome.Stored.Token) || stored.Version != outcome.Stored.Version {
					t.Errorf("the outcome tells version %d, stored is another token as version %d", outcome.Stored.Version, stored.Version)
				}
			})
		})
	}
}

func TestR05RefusedCredentialsAreReadAgainOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		refused := failure.New(failure.InvalidCredentials, "the client was refused")
		w.endpoint.failures = []error{refused, refused, refused}

		outcome, err := w.rotator.Rotate(t.Context(), token.Rotation{})

		wantKind(t, err, failure.InvalidCredentials)
		if w.secrets.reads != 2 || len(w.endpoint.requests) != 1 {
			t.Errorf("the secret was read %d times for %d requests, want 2 for 1: the credentials had not changed", w.secrets.reads, len(w.endpoint.requests))
		}
		if !outcome.MintFailed || outcome.Minted {
			t.Errorf("outcome %+v, want a failed mint", outcome)
		}
	})
}

func TestR06CredentialsRotatedBetweenReadAndRequestAreTriedOnce(t *testing.T) {
	t.Parallel()

	refused := failure.New(failure.InvalidCredentials, "the client was refused")

	t.Run("the new ones are good", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.secrets.values = []token.Credentials{credentials("old"), credentials("new")}
			w.endpoint.failures = []error{refused}

			w.rotate(token.Rotation{})

			if len(w.endpoint.requests) != 2 || !w.endpoint.requests[1].Equal(credentials("new")) {
				t.Errorf("%d requests were sent, want two, the second with the new credentials", len(w.endpoint.requests))
			}
			w.wantStored(1, 1)
		})
	})

	t.Run("the new ones are refused too", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.secrets.values = []token.Credentials{credentials("old"), credentials("new"), credentials("newer")}
			w.endpoint.failures = []error{refused, refused}

			_, err := w.rotator.Rotate(t.Context(), token.Rotation{})

			wantKind(t, err, failure.InvalidCredentials)
			if len(w.endpoint.requests) != 2 || w.secrets.reads != 2 {
				t.Errorf("%d requests, %d reads of the secret, want 2 and 2", len(w.endpoint.requests), w.secrets.reads)
			}
		})
	})
}

func TestOtherMintFailuresDoNotReadTheSecretAgain(t *testing.T) {
	t.Parallel()

	for _, kind := range []failure.Kind{
		failure.RateLimited, failure.UpstreamUnavailable, failure.UpstreamInvalid, failure.Forbidden,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(lifetime - time.Minute)
				w.endpoint.failures = []error{failure.New(kind, "no token")}

				outcome, err := w.rotator.Rotate(t.Context(), token.Rotation{})

				wantKind(t, err, kind)
				if w.secrets.reads != 2 {
					t.Errorf("the secret was read %d times in two rotations, want 2", w.secrets.reads)
				}
				if !outcome.MintFailed || outcome.Stored.Version != 1 {
					t.Errorf("outcome %+v, want a failed mint and the old token, which is still usable", outcome)
				}
				w.wantStored(1, 1)
			})
		})
	}
}

func TestAFailedRotationTellsNoTokenThatIsDeadOrRejected(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name    string
		age     time.Duration
		asked   token.Rotation
		version int64
	}{
		{"due", lifetime - time.Minute, token.Rotation{}, 1},
		{"forced", 0, token.Rotation{Force: true}, 1},
		{"about to expire", lifetime - 10*time.Second, token.Rotation{}, 0},
		{"rejected", 0, token.Rotation{RejectedVersion: 1}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(test.age)
				w.endpoint.failures = []error{failure.New(failure.UpstreamUnavailable, "down")}

				outcome, err := w.rotator.Rotate(t.Context(), test.asked)

				wantKind(t, err, failure.UpstreamUnavailable)
				if got := outcome.Stored.Version; got != test.version {
					t.Errorf("the outcome tells version %d, want %d", got, test.version)
				}
			})
		})
	}
}

func TestR14NewerSchemaIsNotOverwritten(t *testing.T) {
	t.Parallel()

	const newer = `{"schema_version":2,"access_token":"of the future"}`

	for _, asked := range []token.Rotation{{}, {Force: true}, {RejectedVersion: 1}} {
		t.Run(fmt.Sprintf("%+v", asked), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.parameter.value, w.parameter.version = []byte(newer), 1

				_, err := w.rotator.Rotate(t.Context(), asked)

				wantKind(t, err, failure.TokenUnavailable)
				if err == nil || !strings.Contains(err.Error(), "newer schema") || !strings.Contains(err.Error(), "left as it is: deploy") {
					t.Errorf("error %v, want one that names the newer schema and what to do", err)
				}
				if got := string(w.parameter.value); got != newer {
					t.Errorf("stored is %s, want it left as it was", got)
				}
				w.wantGranted(0)
			})
		})
	}
}

func TestR14NewerSchemaThatAppearsDuringAMintIsNotOverwritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.parameter.readFaults = []error{nil, token.ErrNewerSchema}

		_, err := w.rotator.Rotate(t.Context(), token.Rotation{})

		wantKind(t, err, failure.TokenUnavailable)
		if w.parameter.writes != 0 {
			t.Error("the newer document was overwritten")
		}
	})
}

func TestR16TheLifeIsCountedFromBeforeTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.endpoint.latency = 5 * time.Second
		before := time.Now()

		outcome := w.rotate(token.Rotation{})

		if got, want := outcome.Stored.ExpiresAt, before.Add(lifetime); !got.Equal(want) {
			t.Errorf("the token expires at %s, want %s, its lifetime after the request began", got, want)
		}
	})
}
