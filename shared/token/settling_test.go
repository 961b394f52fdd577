package token_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/token"
)

// page has the reader's token tried on an API until it is accepted, and returns how often it was rejected. The exporter
// ends its invocation at the second rejection in a row; the next one begins a minute later.
func page(t *testing.T, reader *token.Reader, accepts func(token.Stored) bool) int {
	t.Helper()

	for rejections := range 100 {
		got, err := reader.Token(t.Context())
		if err != nil {
			t.Fatalf("after %d rejections: %v", rejections, err)
		}
		if accepts(got) {
			return rejections
		}

		reader.Reject(got)
		if rejections%2 == 1 {
			time.Sleep(time.Minute)
		}
	}

	t.Fatal("no token was accepted")

	return 0
}

// ripe is an API on which a token counts from its second and a half on.
func ripe(got token.Stored) bool { return time.Since(got.IssuedAt) >= 1500*time.Millisecond }

func TestReadersOfAFreshTokenThatIsRefusedForASecondAndAHalfHaveItAcceptedWithinOneInvocation(t *testing.T) {
	t.Parallel()

	for _, readers := range []int{1, 50} {
		synctest.Test(t, func(t *testing.T) {
			w := slowWorld(t)

			var group sync.WaitGroup
			for _, reader := range w.readers(readers, newReserved(w.rotator)) {
				group.Go(func() {
					if rejections := page(t, reader, ripe); rejections > 1 || readers == 1 && rejections != 1 {
						t.Errorf("the token was rejected %d times, want once, and of many not more: the second time ends the invocation", rejections)
					}
				})
			}
			group.Wait()

			w.wantGranted(1)
		})
	}
}

func TestAnAPIThatRejectsEverySecondRequestCostsAHandfulOfMints(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * time.Hour
		reader := w.readers(1, newReserved(w.rotator))[0]
		requests := 0

		for range 30 {
			page(t, reader, func(token.Stored) bool { requests++; return requests%2 == 0 })
		}

		if minted := w.endpoint.granted; requests != 60 || minted > 7 {
			t.Errorf("%d tokens were minted for %d requests, want a handful for 60", minted, requests)
		}
	})
}

func TestAnAPIThatRejectsEverythingCostsAMintEveryTenMinutesInTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * time.Hour
		reader := w.readers(1, newReserved(w.rotator))[0]

		for began := time.Now(); time.Since(began) < 3*time.Hour; {
			got, err := reader.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			reader.Reject(got)
		}

		if minted := w.endpoint.granted; minted > 8+18 {
			t.Errorf("%d tokens were minted in three hours, want one in ten minutes but for the first ten", minted)
		}
	})
}

func TestATokenRevokedForGoodCostsOneMintHoweverYoungItWas(t *testing.T) {
	t.Parallel()

	for name, age := range map[string]time.Duration{"an old one": time.Minute, "a fresh one": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				w.rotate(token.Rotation{})
				time.Sleep(age)
				lambda := newReserved(w.rotator)

				page(t, w.readers(1, lambda)[0], func(got token.Stored) bool { return got.Version == 2 })

				w.wantGranted(2)
				if !slices.Equal(lambda.rejected, []int64{1}) {
					t.Errorf("the rotator was asked about the versions %v, want 1 once", lambda.rejected)
				}
			})
		})
	}
}

func TestAnotherClocksIssueTimeKeepsNoRevokedTokenInUse(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		writes("ahead", time.Hour)(w)

		page(t, w.readers(1, newReserved(w.rotator))[0], func(got token.Stored) bool { return got.Version == 2 })

		w.wantGranted(1)
	})
}

func TestAParameterMadeAnewAtARejectedVersionIsUsedAndNobodyAsked(t *testing.T) {
	t.Parallel()

	for _, version := range []int{1, 7} {
		inBubble(t, func(t *testing.T, w *world) {
			for range version {
				w.rotate(token.Rotation{Force: true})
			}
			lambda := newReserved(w.rotator)
			reader := w.readers(1, lambda)[0]
			settle()
			w.rejects(reader)

			w.parameter.remove()
			w.restart()
			w.rotate(token.Rotation{})
			got, err := reader.Token(t.Context())

			if err != nil || got.Version != 1 || len(lambda.asks) != 0 {
				t.Errorf("after version %d was rejected: version %d, %v, after %d asks, want the new version 1 after none",
					version, got.Version, err, len(lambda.asks))
			}
		})
	}
}
