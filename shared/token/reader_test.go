package token_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

// reserved is a rotator behind Lambda with a reserved concurrency of 1: who comes while it works is told so at once.
type reserved struct {
	rotator *token.Rotator
	slot    chan struct{}

	mu   sync.Mutex
	asks []time.Time
	busy int
	told []int64 // the rejected versions of the asks that were let in
}

func newReserved(rotator *token.Rotator) *reserved {
	return &reserved{rotator: rotator, slot: make(chan struct{}, 1)}
}

func (r *reserved) Ask(ctx context.Context, rejectedVersion int64) error {
	r.mu.Lock()
	r.asks = append(r.asks, time.Now())
	r.mu.Unlock()

	select {
	case r.slot <- struct{}{}:
		defer func() { <-r.slot }()
	default:
		r.mu.Lock()
		r.busy++
		r.mu.Unlock()

		return token.ErrRotatorBusy
	}

	r.mu.Lock()
	r.told = append(r.told, rejectedVersion)
	r.mu.Unlock()

	_, err := r.rotator.Rotate(ctx, token.Rotation{RejectedVersion: rejectedVersion})

	return err
}

// readers makes exporters' readers, each in a process of its own.
func (w *world) readers(n int, rotator token.Asker) []*token.Reader {
	all := make([]*token.Reader, n)
	for i := range all {
		all[i] = &token.Reader{Store: w.parameter, Rotator: rotator}
	}

	return all
}

// together has every reader take a token at once, and returns what they got.
func (w *world) together(all []*token.Reader) []token.Stored {
	w.t.Helper()

	got := make([]token.Stored, len(all))
	var group sync.WaitGroup
	for i, reader := range all {
		group.Go(func() {
			var err error
			if got[i], err = reader.Token(w.t.Context()); err != nil {
				w.t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	group.Wait()

	return got
}

// slowWorld has calls that take as long as they do in a region, so that readers cross.
func slowWorld(t *testing.T) *world {
	w := newWorld(t)
	w.parameter.latency = 15 * time.Millisecond
	w.endpoint.latency = 800 * time.Millisecond

	return w
}

func wantAll(t *testing.T, got []token.Stored, grant int, version int64) {
	t.Helper()

	for i, stored := range got {
		if stored.Access.Reveal() != access(grant) || stored.Version != version {
			t.Errorf("reader %d has %q, version %d, want %q, version %d", i, stored.Access.Reveal(), stored.Version, access(grant), version)
		}
	}
}

func TestInvariant06FiftyReadersWithoutATokenMintOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)

		wantAll(t, w.together(w.readers(50, newReserved(w.rotator))), 1, 1)
		w.wantGranted(1)
	})
}

func TestR18FiftyReadersOfARevokedTokenMintOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		w.rotate(token.Rotation{})
		lambda := newReserved(w.rotator)
		all := w.readers(50, lambda)
		wantAll(t, w.together(all), 1, 1)

		for _, reader := range all {
			reader.Reject(1)
		}

		wantAll(t, w.together(all), 2, 2)
		w.wantGranted(2)
		for _, told := range lambda.told {
			if told != 1 {
				t.Errorf("the rotator was told that version %d was rejected, want 1", told)
			}
		}
	})
}

func TestR18FiftyReadersThatMeetTheRejectionOneAfterAnotherMintOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		w.rotate(token.Rotation{})
		all := w.readers(50, newReserved(w.rotator))
		w.together(all)

		var group sync.WaitGroup
		for i, reader := range all {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 37 * time.Millisecond)
				reader.Reject(1)
				got, err := reader.Token(t.Context())
				if err != nil || got.Version != 2 {
					t.Errorf("reader %d has version %d, error %v, want version 2", i, got.Version, err)
				}
			})
		}
		group.Wait()

		w.wantGranted(2)
	})
}

func TestR19ReadersAskWhereTheSchedulerIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		w.rotate(token.Rotation{})
		time.Sleep(lifetime + time.Hour)
		lambda := newReserved(w.rotator)

		wantAll(t, w.together(w.readers(50, lambda)), 2, 2)

		w.wantGranted(2)
		if lambda.told[0] != 0 {
			t.Errorf("the rotator was told of a rejected version, %d, and nobody had rejected any", lambda.told[0])
		}
	})
}

func TestReaderHoldsItsTokenWhileItIsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		reader := w.readers(1, nil)[0]
		before := w.parameter.reads

		for range 10 {
			if _, err := reader.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}

		if got := w.parameter.reads - before; got != 1 {
			t.Errorf("the store was read %d times for one token, want once", got)
		}
	})
}

func TestReaderFindsWhatAnotherHasRotatedWithoutAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		lambda := newReserved(w.rotator)
		reader := w.readers(1, lambda)[0]
		if _, err := reader.Token(t.Context()); err != nil {
			t.Fatal(err)
		}

		w.rotate(token.Rotation{Force: true})
		reader.Reject(1)
		got, err := reader.Token(t.Context())

		if err != nil || got.Version != 2 || len(lambda.asks) != 0 {
			t.Errorf("version %d, error %v, after %d asks, want version 2 after none", got.Version, err, len(lambda.asks))
		}
	})
}

func TestReaderNearTheEndAsksAndThenTakesWhatIsStored(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name string
		left time.Duration
		want failure.Kind
	}{
		{"20 s are left: the rotator's answer is believed", 20 * time.Second, ""},
		{"nothing is left", 0, failure.TokenUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(lifetime - test.left)
				idle := &answers{}
				got, err := w.readers(1, idle)[0].Token(t.Context())

				wantKind(t, err, test.want)
				if idle.asked != 1 {
					t.Errorf("the rotator was asked %d times, want once", idle.asked)
				}
				if test.want == "" && got.Version != 1 {
					t.Errorf("got version %d, want 1", got.Version)
				}
			})
		})
	}
}

// answers is a rotator that changes nothing and answers each ask with the next error, the last one for ever.
type answers struct {
	errs  []error
	asked int
	told  []int64
}

func (a *answers) Ask(_ context.Context, rejectedVersion int64) error {
	a.told = append(a.told, rejectedVersion)
	a.asked++

	if len(a.errs) == 0 {
		return nil
	}

	return a.errs[min(a.asked, len(a.errs))-1]
}

func TestReaderErrorsSayWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()

	store := failure.New(failure.StorageUnavailable, "SSM is down")

	for _, test := range []struct {
		name    string
		prepare func(w *world)
		reject  int64
		rotator token.Asker
		kind    failure.Kind
		parts   []string
	}{
		{"nobody to ask", func(*world) {}, 0, nil, failure.TokenUnavailable, []string{"no token is stored", "ROTATOR_FUNCTION_NAME"}},
		{
			"the rotator failed", func(*world) {}, 0, &answers{errs: []error{errors.New("InvalidCredentials")}},
			failure.TokenUnavailable, []string{"no token is stored", "InvalidCredentials"},
		},
		{
			"the rotator left the rejected token", func(w *world) { w.rotate(token.Rotation{}) }, 1, &answers{},
			failure.TokenUnavailable, []string{"the rotator ran", "rejected"},
		},
		{
			"the rotator left nothing", func(*world) {}, 0, &answers{},
			failure.TokenUnavailable, []string{"after the rotation", "no token is stored"},
		},
		{
			"the store is down", func(w *world) { w.parameter.readFaults = []error{store} }, 0, &answers{},
			failure.StorageUnavailable, []string{"SSM is down"},
		},
		{
			"the store is down after the rotation", func(w *world) { w.parameter.readFaults = []error{nil, store} }, 0, &answers{},
			failure.StorageUnavailable, []string{"SSM is down", "after the rotation"},
		},
		{
			"newer schema", func(w *world) { w.parameter.value, w.parameter.version = []byte(`{"schema_version":9}`), 4 }, 0, &answers{},
			failure.TokenUnavailable, []string{"newer schema", "deploy"},
		},
		{
			"corrupt", func(w *world) { w.parameter.value, w.parameter.version = []byte(`?`), 4 }, 0, nil,
			failure.TokenUnavailable, []string{"not a token document"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				test.prepare(w)
				reader := w.readers(1, test.rotator)[0]
				if test.reject != 0 {
					reader.Reject(test.reject)
				}

				_, err := reader.Token(t.Context())

				wantKind(t, err, test.kind)
				for _, part := range test.parts {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("error %v, want %q in it", err, part)
					}
				}
			})
		})
	}
}

func TestR21ABusyRotatorIsLookedAroundBeforeItIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		before := w.parameter.reads
		lambda := newReserved(w.rotator)
		lambda.slot <- struct{}{} // somebody else, for ever
		reader := w.readers(1, lambda)[0]
		reader.Reject(1)
		began := time.Now()

		_, err := reader.Token(t.Context())

		wantKind(t, err, failure.TokenUnavailable)
		if err == nil || !strings.Contains(err.Error(), "busy") || !errors.Is(err, token.ErrRotatorBusy) {
			t.Errorf("error %v, want one that says busy", err)
		}
		const bound = 12
		if got := []int{lambda.busy, w.parameter.reads - before}; !cmp.Equal(got, []int{bound, bound}) {
			t.Errorf("asked and read %v times, want %d each", got, bound)
		}
		if took := time.Since(began); took > 36*time.Second {
			t.Errorf("the reader gave up after %s, want under 36 s", took)
		}
	})
}

func TestR21ReadersOfABusyRotatorSpreadThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
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

func TestR21TheRotatorComesFreeAndNobodyMintsTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		lambda := newReserved(w.rotator)
		lambda.slot <- struct{}{}
		go func() {
			time.Sleep(2 * time.Second)
			<-lambda.slot
		}()

		wantAll(t, w.together(w.readers(50, lambda)), 1, 1)
		w.wantGranted(1)
		if lambda.busy == 0 {
			t.Error("nobody met the busy rotator")
		}
	})
}

func TestR21WaitingForABusyRotatorEndsWithTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		reader := w.readers(1, &answers{errs: []error{token.ErrRotatorBusy}})[0]
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()

		// The first waits are short by chance now and then; many readers meet the end of the time for certain.
		for ctx.Err() == nil {
			_, err := reader.Token(ctx)
			wantKind(t, err, failure.TokenUnavailable)
		}

		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("the wait ended after %s, want 100 ms", took)
		}
	})
}

func TestReaderTellsTheRotatorWhichVersionWasRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		asked := &answers{}
		reader := w.readers(1, asked)[0]
		reader.Reject(1)
		_, _ = reader.Token(t.Context())

		w.rotate(token.Rotation{Force: true})
		time.Sleep(lifetime)
		_, _ = reader.Token(t.Context())

		if diff := cmp.Diff([]int64{1, 0}, asked.told); diff != "" {
			t.Errorf("rejected versions that the rotator was told (-want +got):\n%s", diff)
		}
	})
}
