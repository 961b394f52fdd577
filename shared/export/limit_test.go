package export_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestX01RateLimitOnAPageIsObeyedAndThePageStandsOnce(t *testing.T) {
	t.Parallel()

	untold, throttled := exporttest.ThrottledUntold(), exporttest.Throttled

	for name, test := range map[string]struct {
		faults []exporttest.PageFault
		least  time.Duration
	}{
		"Retry-After":            {[]exporttest.PageFault{throttled(7 * time.Second)}, 7 * time.Second},
		"Retry-After 0":          {[]exporttest.PageFault{throttled(0)}, 0},
		"none":                   {[]exporttest.PageFault{untold}, 0},
		"503 with Retry-After":   {[]exporttest.PageFault{exporttest.Busy(4 * time.Second)}, 4 * time.Second},
		"three in a row":         {[]exporttest.PageFault{throttled(3 * time.Second), untold, throttled(5 * time.Second)}, 8 * time.Second},
		"more than the attempts": {slices.Repeat([]exporttest.PageFault{untold}, 7), 0},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.listing.Fault(1, test.faults...)

			begun := time.Now()
			did := w.invoke(t.Context(), nil)
			did.wantComplete(t)

			if took := time.Since(begun); took < test.least {
				t.Errorf("the export took %s, the limits alone ask for %s", took, test.least)
			}

			if got, want := did.stats.RequestsRetried, int64(len(test.faults)); got != want {
				t.Errorf("%d requests were sent again, want %d", got, want)
			}

			w.mustHold(t)
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

		if did.Pages != 1 || did.Records != 3 || did.Parts != 1 {
			t.Errorf("got %d pages, %d records and %d parts, want what was read before the limit", did.Pages, did.Records, did.Parts)
		}

		if did.stats.WaitHandedOver < 90*time.Second || did.stats.InvocationsContinued != 1 || did.stats.RequestsThrottled != 1 {
			t.Errorf("the numbers of the invocation are %+v", did.stats)
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

// Where an invocation fails after it met a limit, or met it in its last attempt, the limit binds the next invocation as long
// as one write gets through.
func TestX02WaitBindsTheNextInvocationHoweverTheOneThatMetItEnds(t *testing.T) {
	t.Parallel()

	busy := slices.Repeat([]exporttest.PageFault{exporttest.Busy(4 * time.Second)}, 4)
	throttled := func(after time.Duration) []exporttest.PageFault {
		return []exporttest.PageFault{exporttest.Throttled(after)}
	}
	part := func(effect exporttest.Effect) exporttest.Fault { return on(exporttest.OpPut, "", failing(effect)) }
	stop := func(effect exporttest.Effect) exporttest.Fault {
		return on(exporttest.OpReplace, checkpointName, failing(effect))
	}
	slowPut := onEach(exporttest.OpPut, "", func() exporttest.Action {
		return exporttest.Action{Effect: exporttest.FailBefore, Delay: 5 * time.Second}
	})

	for name, test := range map[string]struct {
		page      []exporttest.PageFault
		partBytes int
		fault     exporttest.Fault
		ends      failure.Kind
		least     int64
	}{
		"the part is not written":         {throttled(90 * time.Second), 1 << 20, part(exporttest.FailBefore), failure.StorageUnavailable, 90},
		"the part's reply is lost":        {throttled(90 * time.Second), 1 << 20, part(exporttest.FailAfter), failure.StorageUnavailable, 90},
		"the checkpoint is not written":   {throttled(90 * time.Second), 1 << 20, stop(exporttest.FailBefore), failure.StorageUnavailable, 90},
		"the checkpoint's reply is lost":  {throttled(90 * time.Second), 1 << 20, stop(exporttest.FailAfter), failure.StorageUnavailable, 90},
		"the checkpoint is written later": {throttled(90 * time.Second), 1 << 20, stop(exporttest.FailLate), failure.StorageUnavailable, 90},
		"the attempts are spent":          {append(busy, exporttest.Busy(30*time.Second)), 1, nil, failure.UpstreamUnavailable, 29},
		// A part a page, written while the next page is waited for.
		"a failed write ends the wait": {throttled(15 * time.Second), 1, slowPut, failure.StorageUnavailable, 9},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.partBytes = test.partBytes
			w.listing.Fault(1, test.page...)

			wantKind(t, w.invoke(t.Context(), test.fault).err, test.ends)
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

func TestX03PassingFaultsAreRetriedAndAPartialPageIsNeverWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		for page, broken := range []int{2, 1, 4} {
			w.listing.Fault(page, slices.Repeat([]exporttest.PageFault{exporttest.Broken()}, broken)...)
		}

		did := w.invoke(t.Context(), nil)
		did.wantComplete(t)

		if did.stats.RequestsRetried != 7 || did.stats.PagesFetched != 3 {
			t.Errorf("got %+v, want 3 pages after 7 retries", did.stats)
		}

		w.mustHold(t)
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

	tests := map[string]test{
		"X03 attempts that are spent": {2, slices.Repeat([]exporttest.PageFault{exporttest.Broken()}, 5), 2 + 5, failure.UpstreamUnavailable},
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
			wantKind(t, w.invoke(t.Context(), nil).err, test.kind)
			w.wantRequests(t, test.requests)

			again := w.invoke(t.Context(), nil)
			again.wantComplete(t)

			if want := int64(3 - test.page); again.stats.PagesFetched != want {
				t.Errorf("%d pages were read, want the other %d alone", again.stats.PagesFetched, want)
			}

			w.mustHold(t)
		})
	}
}
