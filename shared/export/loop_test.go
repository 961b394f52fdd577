package export_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"pgregory.net/rapid"
)

// ones is a listing of that many pages of one entity.
func ones(pages int) []int { return slices.Repeat([]int{1}, pages) }

func TestX07ListingThatGoesInCirclesIsAPaginationLoopInAnInvocationAndAcrossThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		lead := rapid.IntRange(0, 40).Draw(rt, "pages before the circle")
		length := rapid.IntRange(1, 40).Draw(rt, "length of the circle")
		size := rapid.IntRange(0, 1).Draw(rt, "entities of each page of the circle")
		short := rapid.Bool().Draw(rt, "short invocations")

		synctest.Test(t, func(t *testing.T) {
			w := newWorld(append(ones(lead), slices.Repeat([]int{size}, length)...)...)
			w.listing.Link(lead+length-1, lead)

			if short {
				w.timeout, w.partBytes = 700*time.Millisecond, 1<<20
			}

			// Each page takes a moment, so that an invocation ends in any case.
			var did outcome
			for did.err == nil && w.listing.Seen().Requests < 1000 {
				did = w.invoke(t.Context(), w.lives(nil))
			}

			// Brent's algorithm needs a few times the longer of the way in and the circle.
			if requests, bound := w.listing.Seen().Requests, 4*max(lead, length)+8; requests > bound {
				rt.Errorf("it took %d requests, want at most %d", requests, bound)
			}

			if _, err := w.manifest(); err == nil {
				rt.Error("there is a manifest")
			}

			// Invoked again, it is no complete export either.
			for _, err := range []error{did.err, w.invoke(t.Context(), w.lives(nil)).err} {
				if !failure.Is(err, failure.PaginationLoop) || !strings.Contains(err.Error(), fmt.Sprintf("met %d pages earlier", length)) {
					rt.Errorf("got %v, want a pagination loop of %d pages", err, length)
				}
			}
		})
	})
}

func TestX07PageWithTheEntitiesOfThePageBeforeIsAPaginationLoopAlsoAcrossInvocations(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		sizes     []int
		page      int
		interrupt bool
	}{
		"next to each other":         {[]int{3, 2, 2, 4}, 2, false},
		"an empty page between":      {[]int{3, 2, 0, 2, 4}, 3, false},
		"before the listing ends":    {[]int{3, 2, 2}, 2, false},
		"in two invocations":         {[]int{3, 2, 2, 4}, 2, true},
		"in two, with an empty page": {[]int{3, 2, 0, 2, 4}, 3, true},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(test.sizes...)
			w.listing.Repeat(test.page, 1)

			if test.interrupt {
				w.interrupt(t, test.page)
			}

			did := w.invoke(t.Context(), nil)
			did.wantFailure(t, failure.PaginationLoop, "the same 2 entities")

			if strings.Contains(did.err.Error(), "-user") {
				t.Errorf("the failure is %q, want it to show no entity", did.err)
			}
		})
	}
}

func TestX07ListingEndsWithItsLastPageAfterUpToAThousandEmptyOnesAndTheReasonSaysWhetherThatWasFull(t *testing.T) {
	t.Parallel()

	const end, full = export.ReasonEnd, export.ReasonEndAfterFullPage

	withEmpty := func(pages int, last ...int) []int { return slices.Concat([]int{2}, make([]int, pages), last) }

	for name, test := range map[string]struct {
		sizes  []int
		reason string // "": it is a loop
	}{
		"an empty listing":                         {[]int{0}, end},
		"one short page":                           {[]int{3}, end},
		"one full page":                            {[]int{5}, full},
		"a short page at the end":                  {[]int{5, 5, 1}, end},
		"an empty page at the end":                 {[]int{5, 5, 0}, end},
		"a full page at the end":                   {[]int{5, 5, 5}, full},
		"the platform gives less than asked for":   {[]int{3, 3, 3}, end},
		"more than was asked for":                  {[]int{5, 6}, full},
		"short pages in the middle mean nothing":   {[]int{5, 1, 0, 2}, end},
		"a listing that begins with an empty page": {[]int{0, 2}, end},
		"1,000 empty pages, and more later":        {withEmpty(1000, append(withEmpty(50), 1)...), end},
		"1,001 empty pages":                        {withEmpty(1001, 3), ""},
		"1,001 empty pages, and the last ends it":  {withEmpty(1001), end},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(test.sizes...)
			w.pageSize = 5

			if test.reason == "" {
				w.invoke(t.Context(), nil).wantFailure(t, failure.PaginationLoop)
				return
			}

			parts := len(slices.DeleteFunc(slices.Clone(test.sizes), func(size int) bool { return size == 0 }))

			did := w.invokeComplete(t, nil)
			if did.Reason != test.reason || did.Pages != int64(len(test.sizes)) || did.Parts != parts {
				t.Errorf("got %+v, want the reason %s, every page, and no part without records", did.Result, test.reason)
			}
		})
	}
}
