package export_test

import (
	"crypto/sha256"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestX02ARetryAfterOfTheLastAttemptBindsTheNextInvocation(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		busy := exporttest.Busy(4 * time.Second)
		w.listing.Fault(1, busy, busy, busy, busy, exporttest.Busy(30*time.Second))

		did := w.invoke(t.Context(), nil)
		if !failure.Is(did.err, failure.UpstreamUnavailable) {
			t.Fatalf("got %+v and %v, want the attempts to be spent", did.Result, did.err)
		}

		did = w.invoke(t.Context(), nil)
		if did.Status != export.StatusContinue || did.Reason != export.ReasonRateLimited || did.WaitSeconds < 29 {
			t.Errorf("invoked at once: got %+v and %v, want to be told to wait", did.Result, did.err)
		}

		time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
		w.complete(t, nil)

		if early := w.listing.Early(); early != 0 {
			t.Errorf("%d requests were sent before a Retry-After had passed", early)
		}
	})
}

func TestX02AWaitThatAFailedWriteEndedBindsTheNextInvocation(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.partBytes = 1 // a part a page, written while the next page is waited for
		w.listing.Fault(1, exporttest.Throttled(15*time.Second))

		did := w.invoke(t.Context(), func(op, _ string) exporttest.Action {
			if op != exporttest.OpPut {
				return exporttest.Action{}
			}

			return exporttest.Action{Effect: exporttest.FailBefore, Delay: 5 * time.Second}
		})
		if !failure.Is(did.err, failure.StorageUnavailable) {
			t.Fatalf("got %+v and %v, want the write to fail", did.Result, did.err)
		}

		did = w.invoke(t.Context(), nil)
		if did.Reason != export.ReasonRateLimited || did.WaitSeconds < 9 {
			t.Errorf("invoked at once: got %+v and %v, want to be told to wait for the rest", did.Result, did.err)
		}

		time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
		w.complete(t, nil)

		if early := w.listing.Early(); early != 0 {
			t.Errorf("%d requests were sent before a Retry-After had passed", early)
		}
	})
}

func TestX07TheLastOfManyEmptyPagesIsNoLoop(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(append([]int{2}, make([]int, 1001)...)...)
		if did := w.complete(t, nil); did.Records != 2 || did.Reason != "end" {
			t.Errorf("got %+v, want the end after 1,001 empty pages, the last without a link", did.Result)
		}
	})
}

func TestFinishingLeavesWhatIsNoPartWhereItIs(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		parts := w.store.Parts(nil)

		for _, name := range []string{"_SUCCESS", "part-000009-stray.jsonl.gz"} {
			w.complete(t, nil)

			sum := sha256.Sum256([]byte("x"))
			if err := parts.Put(t.Context(), "users", "e1", name, []byte("x"), sum[:]); err != nil {
				t.Fatal(err)
			}
		}

		w.invoke(t.Context(), nil)

		stored, err := parts.List(t.Context(), "users", "e1")
		if err != nil {
			t.Fatal(err)
		}

		names := make(map[string]bool)
		for _, part := range stored {
			names[part.Name] = true
		}

		if !names["_SUCCESS"] || names["part-000009-stray.jsonl.gz"] || len(names) != 2 {
			t.Errorf("in the folder lie %v, want the part and what is no part", names)
		}
	})
}
