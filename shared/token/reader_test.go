package token_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

func TestACrowdOfReadersMintsOnce(t *testing.T) {
	t.Parallel()

	revoked := func(w *world, _ *reserved, all []*token.Reader) {
		w.rotate(token.Rotation{})
		settle()
		w.rejects(all...)
	}

	for name, test := range map[string]struct {
		prepare  func(w *world, lambda *reserved, all []*token.Reader)
		version  int64         // that all have then
		rejected int64         // that the rotator is asked about
		apart    time.Duration // between one reader and the next
	}{
		"nothing is stored": {func(*world, *reserved, []*token.Reader) {}, 1, 0, 0},
		"the token has expired, and the scheduler is silent": {func(w *world, _ *reserved, _ []*token.Reader) {
			w.rotate(token.Rotation{})
			time.Sleep(lifetime + time.Hour)
		}, 2, 0, 0},
		"the token is revoked": {revoked, 2, 1, 0},
		"the token is revoked, and they meet that one after another": {revoked, 2, 1, 37 * time.Millisecond},
		"the rotator is busy for a while": {func(_ *world, lambda *reserved, _ []*token.Reader) {
			lambda.slot <- struct{}{}
			time.AfterFunc(2*time.Second, func() { <-lambda.slot })
		}, 1, 0, 0},
		"they are callers of one reader": {func(_ *world, _ *reserved, all []*token.Reader) {
			for i := range all {
				all[i] = all[0]
			}
		}, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := slowWorld(t)
				lambda := newReserved(w.rotator)
				all := w.readers(50, lambda)
				test.prepare(w, lambda, all)

				for i, got := range w.apart(test.apart, all) {
					if got.Access.Reveal() != access(int(test.version)) || got.Version != test.version {
						t.Errorf("reader %d has %q, version %d, want version %d", i, got.Access.Reveal(), got.Version, test.version)
					}
				}

				w.wantGranted(int(test.version))
				if wrong := slices.ContainsFunc(lambda.rejected, func(version int64) bool { return version != test.rejected }); wrong {
					t.Errorf("the rotator was asked about the versions %v, want %d", lambda.rejected, test.rejected)
				}
				if one := all[0] == all[1]; one && (len(lambda.asks) != 1 || w.parameter.reads > 5) {
					t.Errorf("50 callers asked %d times and read %d times, want one to do it for all", len(lambda.asks), w.parameter.reads)
				} else if !one && lambda.busy == 0 {
					t.Error("nobody met the rotator at work")
				}
			})
		})
	}
}

func TestABusyRotatorIsLookedAroundBeforeItIsAskedAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.rotate(token.Rotation{})
		settle()
		lambda := newReserved(w.rotator)
		lambda.slot <- struct{}{} // somebody else, for ever
		reader := w.readers(1, lambda)[0]
		w.rejects(reader)
		before := w.parameter.reads
		began := time.Now()

		_, err := reader.Token(t.Context())

		wantFailure(t, err, failure.TokenUnavailable, "busy")
		if !errors.Is(err, token.ErrRotatorBusy) {
			t.Errorf("error %v, want one of the busy rotator", err)
		}
		if read := w.parameter.reads - before; lambda.busy != 12 || read != 12 {
			t.Errorf("asked %d times and read %d times, want 12 each", lambda.busy, read)
		}
		if took := time.Since(began); took > 36*time.Second {
			t.Errorf("the reader gave up after %s, want under 36 s", took)
		}
	})
}

func TestReadersOfABusyRotatorSpreadThemselves(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		lambda := newReserved(w.rotator)
		lambda.slot <- struct{}{}
		var group sync.WaitGroup
		for _, reader := range w.readers(50, lambda) {
			group.Go(func() { _, _ = reader.Token(t.Context()) })
		}
		group.Wait()

		moments := make(map[time.Time]int)
		for _, at := range lambda.asks {
			moments[at]++
		}
		delete(moments, lambda.asks[0])
		for at, asks := range moments {
			if asks > 3 {
				t.Errorf("%d readers asked again at %s: they are not spread", asks, at)
			}
		}
	})
}

func TestAReaderKeepsItsTokenWhileItIsGoodAndFindsAnothersWithoutAsking(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.rotate(token.Rotation{})
		lambda := newReserved(w.rotator)
		reader := w.readers(1, lambda)[0]
		before := w.parameter.reads

		for range 10 {
			w.together([]*token.Reader{reader})
			time.Sleep(time.Second)
		}

		if got := w.parameter.reads - before; got != 1 {
			t.Errorf("the store was read %d times for one token, want once", got)
		}

		old := w.stored()
		w.rotate(token.Rotation{Force: true})
		reader.Reject(old)

		w.together([]*token.Reader{reader})
		reader.Reject(old) // by a caller who had it from before
		got := w.together([]*token.Reader{reader})[0]

		if reads := w.parameter.reads - before; got.Version != 2 || len(lambda.asks) != 0 || reads != 4 {
			t.Errorf("version %d after %d asks and %d reads, want version 2 after none, and 4 with the rotator's", got.Version, len(lambda.asks), reads)
		}
	})
}

func TestAReaderNearTheEndAsksAndThenTakesWhatIsStored(t *testing.T) {
	t.Parallel()

	for left, want := range map[time.Duration]failure.Kind{20 * time.Second: "", 0: failure.TokenUnavailable} {
		inBubble(t, func(t *testing.T, w *world) {
			w.rotate(token.Rotation{})
			time.Sleep(lifetime - left)
			idle := &answers{}

			got, err := w.readers(1, idle)[0].Token(t.Context())

			wantFailure(t, err, want)
			if len(idle.rejected) != 1 || want == "" && got.Version != 1 {
				t.Errorf("with %s left: version %d after %d asks, want one ask", left, got.Version, len(idle.rejected))
			}
		})
	}
}

func TestReaderErrorsSayWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()

	store := failure.New(failure.StorageUnavailable, "SSM is down")
	fails := &answers{errs: []error{errors.New("its type")}}

	for name, test := range map[string]struct {
		prepare []step
		rotator token.Asker
		kind    failure.Kind
		says    []string
	}{
		"nobody to ask":                {nil, nil, failure.TokenUnavailable, []string{"no token is stored", "ROTATOR_FUNCTION_NAME"}},
		"the rotator failed":           {nil, fails, failure.TokenUnavailable, []string{"no token is stored", "its type"}},
		"the rotator left nothing":     {nil, &answers{}, failure.TokenUnavailable, []string{"after the rotation", "no token is stored"}},
		"the store is down":            {[]step{readFails(store)}, &answers{}, failure.StorageUnavailable, []string{"SSM is down"}},
		"the store is down thereafter": {[]step{readFails(nil, store)}, &answers{}, failure.StorageUnavailable, []string{"SSM is down", "after the rotation"}},
		"newer schema":                 {[]step{storeHas(`{"schema_version":9}`)}, &answers{}, failure.TokenUnavailable, []string{"newer schema", "deploy"}},
		"corrupt":                      {[]step{storeHas("?")}, nil, failure.TokenUnavailable, []string{"not a token document"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				for _, do := range test.prepare {
					do(w)
				}

				_, err := w.readers(1, test.rotator)[0].Token(t.Context())

				wantFailure(t, err, test.kind, test.says...)
			})
		})
	}
}

func TestAReaderAsksAboutTheVersionThatWasRejectedAndTakesItNoMore(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.rotate(token.Rotation{})
		asked := &answers{}
		reader := w.readers(1, asked)[0]
		settle()
		w.rejects(reader)

		_, err := reader.Token(t.Context())
		wantFailure(t, err, failure.TokenUnavailable, "the rotator ran", "rejected")

		w.rotate(token.Rotation{Force: true})
		time.Sleep(lifetime)
		_, _ = reader.Token(t.Context())

		if !slices.Equal(asked.rejected, []int64{1, 0}) {
			t.Errorf("the rotator was asked about the versions %v, want 1 and then none", asked.rejected)
		}
	})
}
