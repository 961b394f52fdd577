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
		settle()
		w.rejects(all...)

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
		revoked := w.stored()
		settle()

		var group sync.WaitGroup
		for i, reader := range all {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 37 * time.Millisecond)
				reader.Reject(revoked)
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

func TestR21ABusyRotatorIsLookedAroundBeforeItIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		settle()
		lambda := newReserved(w.rotator)
		lambda.slot <- struct{}{} // somebody else, for ever
		reader := w.readers(1, lambda)[0]
		w.rejects(reader)
		before := w.parameter.reads
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
