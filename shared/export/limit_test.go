package export_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

func TestX01WhatPassesIsRetriedWhenTheAPISaysAndThePageStandsOnce(t *testing.T) {
	t.Parallel()

	throttled := exporttest.Throttled

	for name, test := range map[string]struct {
		faults []exporttest.PageFault
		least  time.Duration
	}{
		"Retry-After":            {[]exporttest.PageFault{throttled(7 * time.Second)}, 7 * time.Second},
		"no Retry-After":         {[]exporttest.PageFault{throttled(0)}, 0},
		"503 with Retry-After":   {[]exporttest.PageFault{exporttest.Busy(4 * time.Second)}, 4 * time.Second},
		"three in a row":         {[]exporttest.PageFault{throttled(3 * time.Second), throttled(0), throttled(5 * time.Second)}, 8 * time.Second},
		"more than the attempts": {slices.Repeat([]exporttest.PageFault{throttled(0)}, 7), 0},
		"X03 pages that break":   {slices.Repeat([]exporttest.PageFault{exporttest.Broken()}, 4), 0},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.listing.Fault(1, test.faults...)
			w.listing.Fault(2, test.faults...)

			begun := time.Now()
			did := w.invokeComplete(t, nil)

			if took := time.Since(begun); took < 2*test.least {
				t.Errorf("the export took %s, the waits alone ask for %s", took, 2*test.least)
			}

			if did.stats.RequestsRetried != 2*int64(len(test.faults)) || did.stats.PagesFetched != 3 {
				t.Errorf("got %+v, want 3 pages after %d retries", did.stats, 2*len(test.faults))
			}
		})
	}
}

// Invoked before the limit has passed, it asks nothing and says so again.
func TestX02RetryAfterBeyondTheTimeLeftIsHandedOverAndNotSlept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Fault(1, exporttest.Throttled(90*time.Second))

		begun := time.Now()
		did := w.invoke(t.Context(), nil)

		if billed := time.Since(begun); billed > time.Second {
			t.Errorf("%s were slept and billed", billed)
		}

		// At most a tenth, and a second, is added, so that callers with the same wait do not come at once.
		did.wantWait(t, export.ReasonRateLimited, 90, 91)

		if did.Pages != 1 || did.stats.WaitHandedOver < 90*time.Second || did.stats.InvocationsContinued != 1 || did.stats.RequestsThrottled != 1 {
			t.Errorf("got %+v and %+v, want the page before the limit, and to wait", did.Result, did.stats)
		}

		// Early invocations are no continues in a row, however many there are.
		for n := range int64(8) {
			time.Sleep(10 * time.Second)

			early := w.invoke(t.Context(), nil)
			about := did.WaitSeconds - 10*(n+1)
			early.wantWait(t, export.ReasonRateLimited, about-1, about+1)
			early.wantNoRequest(t)

			if early.writes() != 0 {
				t.Errorf("early invocation %d made the calls %v, want to look only", n, early.calls)
			}
		}

		w.mustComplete(t)
	})
}

// Waiting between invocations costs nothing. Before its first page an invocation waits, as an end without one counts against the export.
func TestAWaitThatFitsIsHandedOverWhereItIsLongAndAPageWasRead(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		page   int
		after  time.Duration
		status string
	}{
		"long, after a page":  {1, 20 * time.Second, export.StatusContinue},
		"short, after a page": {1, 5 * time.Second, export.StatusComplete},
		"long, before a page": {0, 20 * time.Second, export.StatusComplete},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.listing.Fault(test.page, exporttest.Throttled(test.after))

			if did := w.invoke(t.Context(), nil); did.Status != test.status {
				t.Errorf("got %+v, want %s", did.Result, test.status)
			}
		})
	}
}

// No one asked for the backoff after a failure, and nothing would say when to come again.
func TestABackoffThatFitsIsSatOutHoweverLongItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 20 { // it is jittered
			w := newWorld(3, 2, 4)
			w.timeout = 15 * time.Minute
			slow := w.engine(nil).Config
			slow.Retry = retry.Policy{Base: 5 * time.Second, Cap: 30 * time.Second, Attempts: 5}
			w.warm = export.NewEngine(slow)
			w.listing.Fault(1, slices.Repeat([]exporttest.PageFault{exporttest.Broken()}, 4)...)
			w.invoke(t.Context(), nil).wantComplete(t)
		}
	})
}

// Where an invocation fails after it met a limit, or met it in its last attempt, the limit binds the next invocation as long
// as one write gets through.
func TestX02WaitBindsTheNextInvocationHoweverTheOneThatMetItEnds(t *testing.T) {
	t.Parallel()

	busy := slices.Repeat([]exporttest.PageFault{exporttest.Busy(4 * time.Second)}, 4)
	throttled := []exporttest.PageFault{exporttest.Throttled(90 * time.Second)}
	part := func(effect exporttest.Effect) exporttest.Fault { return on(exporttest.OpPut, "", failing(effect)) }
	stop := func(effect exporttest.Effect) exporttest.Fault {
		return on(exporttest.OpReplace, checkpointName, failing(effect))
	}
	slowPut := onEach(exporttest.OpPut, "", exporttest.Action{Effect: exporttest.FailBefore, Delay: 5 * time.Second})

	for name, test := range map[string]struct {
		page      []exporttest.PageFault
		partBytes int
		fault     exporttest.Fault
		ends      failure.Kind
		least     int64
	}{
		"the part is not written":         {throttled, 1 << 20, part(exporttest.FailBefore), failure.StorageUnavailable, 90},
		"the part's reply is lost":        {throttled, 1 << 20, part(exporttest.FailAfter), failure.StorageUnavailable, 90},
		"the checkpoint is not written":   {throttled, 1 << 20, stop(exporttest.FailBefore), failure.StorageUnavailable, 90},
		"the checkpoint's reply is lost":  {throttled, 1 << 20, stop(exporttest.FailAfter), failure.StorageUnavailable, 90},
		"the checkpoint is written later": {throttled, 1 << 20, stop(exporttest.FailLate), failure.StorageUnavailable, 90},
		"the attempts are spent":          {append(busy, exporttest.Busy(30*time.Second)), 1, nil, failure.UpstreamUnavailable, 29},
		// A part a page, written while the next page is waited for.
		"a failed write ends the wait": {[]exporttest.PageFault{exporttest.Throttled(15 * time.Second)}, 1, slowPut, failure.StorageUnavailable, 9},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.partBytes = test.partBytes
			w.listing.Fault(1, test.page...)

			w.invoke(t.Context(), test.fault).wantFailure(t, test.ends)
			w.store.Land()

			next := w.invoke(t.Context(), nil)
			next.wantWait(t, export.ReasonRateLimited, test.least, test.least+2)
			next.wantNoRequest(t)

			next.wait()
			w.mustComplete(t)
		})
	}
}

func TestX02WrittenLimitIsNeverEarlierThanTheOneThatWasMet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 1)
		time.Sleep(time.Nanosecond) // the clock stands between two milliseconds, which is as fine as documents are
		w.listing.Fault(0, exporttest.Throttled(90*time.Second))

		// No time passes from the meeting of the limit to here, so that this is when it ends, spread included.
		until := time.Now().Add(w.invoke(t.Context(), nil).stats.WaitHandedOver)

		if written := w.checkpoint(t).NotBefore; written.Before(until) || written.Sub(until) > time.Millisecond {
			t.Errorf("the checkpoint says %s, the limit holds until %s", written, until)
		}
	})
}

// What is refused at once, and what spends the attempts: what was read stays, and only the rest is read later.
func TestX05FailedPageIsANamedFailureAndWhatWasReadIsKept(t *testing.T) {
	t.Parallel()

	type test struct {
		page     int
		faults   []exporttest.PageFault
		requests int // how many are sent
		kind     failure.Kind
	}

	broken := exporttest.Broken()
	tests := map[string]test{
		"X03 attempts that are spent": {2, slices.Repeat([]exporttest.PageFault{broken}, 5), 2 + 5, failure.UpstreamUnavailable},
		// Whoever reads tokens has tried again.
		"a token that something passing caused to fail": {
			1, []exporttest.PageFault{{Err: failure.Because(broken.Err, failure.TokenUnavailable, "the rotator is broken")}}, 2, failure.TokenUnavailable,
		},
	}
	for _, kind := range []failure.Kind{
		failure.Forbidden, failure.CursorExpired, failure.UpstreamInvalid, failure.InvalidInput, failure.TokenUnavailable, failure.InvalidCredentials,
	} {
		tests[string(kind)] = test{1, []exporttest.PageFault{exporttest.Refused(kind)}, 2, kind}
	}

	for name, test := range tests {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.partBytes = 1 << 20
			w.listing.Fault(test.page, test.faults...)
			w.invoke(t.Context(), nil).wantFailure(t, test.kind)
			w.wantRequests(t, test.requests)

			if again, want := w.invokeComplete(t, nil), int64(3-test.page); again.stats.PagesFetched != want {
				t.Errorf("%d pages were read, want the other %d alone", again.stats.PagesFetched, want)
			}
		})
	}
}

// The first export always comes a moment before the second one, and uses up the request that both wait for.
func TestTwoExportsInTurnInOneProcessThatBothWaitAsLongAsTheyShouldComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(8)...)
		w.perMinute, w.timeout = 6, 15*time.Second
		w.warm = w.engine(nil)

		waiting := []string{exportID, "e2"}
		for range 100 {
			var wait int64

			for _, id := range slices.Clone(waiting) {
				did := w.send(t.Context(), nil, export.Event{ExportID: id})
				if did.err != nil || did.stats.InvocationsWithoutProgress != 0 {
					t.Fatalf("%s: got %+v, %+v and %v, want to wait for the pace, and not to count", id, did.Result, did.stats, did.err)
				}

				if did.Status == export.StatusComplete {
					waiting = slices.DeleteFunc(waiting, func(other string) bool { return other == id })
				}

				wait = max(wait, did.WaitSeconds)
			}

			time.Sleep(time.Duration(wait) * time.Second)
		}

		if len(waiting) != 0 {
			t.Errorf("%v are not complete after 100 rounds", waiting)
		}
	})
}

func TestWaitForTheExportsOwnPaceIsKeptInTheCheckpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(3)...)
		w.perMinute, w.timeout, w.reserve = 6, 12*time.Second, time.Second
		w.warm = w.engine(nil)

		did := w.invoke(t.Context(), nil)
		did.wantWait(t, export.ReasonRateLimited, 13, 13)

		if did.Pages != 1 {
			t.Errorf("got %+v, want one page, and to wait for the next one's turn", did.Result)
		}

		// A process that knows nothing of the pace obeys the checkpoint.
		w.warm = nil
		early := w.invoke(t.Context(), nil)
		early.wantWait(t, export.ReasonRateLimited, 13, 13)
		early.wantNoRequest(t)
	})
}
