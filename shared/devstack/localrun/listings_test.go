package localrun_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// One listing of each exporter and each kind of paging: by cursor, by number, by job. The check compares each export with what the
// organisation has.
func TestAListingOfEachKindOfPagingIsWholeWhateverBecomesOfItsInvocations(t *testing.T) {
	t.Parallel()
	const jobs = "/api/v2/analytics/conversations/details/jobs"

	lost := func(method, path string, nth int) genesyssim.Fault {
		return genesyssim.Fault{Method: method, Path: path, Nth: nth, Action: genesyssim.ActionResetBody}
	}

	for name, interfere := range map[string]func(t *testing.T, w *world){
		"nothing happens": func(*testing.T, *world) {},
		"killed":          killed,
		"replies are lost": func(_ *testing.T, w *world) {
			w.organisation.Faults = []genesyssim.Fault{
				lost(http.MethodGet, "/api/v2/routing/queues", 2), lost(http.MethodGet, "/api/v2/externalcontacts/*", 2), lost(http.MethodPost, jobs, 2),
				lost(http.MethodGet, jobs+"/*", 2), lost(http.MethodGet, jobs+"/*", 4),
			}
		},
		"throttled":             func(_ *testing.T, w *world) { w.organisation.RateLimit, w.organisation.RateWindow = 4, time.Second },
		"three callers at once": threeCallers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Listings = []string{"users", "queues", "external-contacts", "conversations"}
			w.organisation.Users, w.organisation.RateLimit, w.organisation.JobTime = 240, 0, time.Second
			w.organisation.Sizes = map[string]int{"queues": 220, "external-contacts": 230, "conversations": 100}
			interfere(t, w)

			var counted genesyssim.Stats

			interfered := w.BeforeCheck
			w.BeforeCheck = func(ctx context.Context, s *stack.Stack, r export.Result) {
				if interfered != nil {
					interfered(ctx, s, r)
				}

				counted = s.Genesys.Stats()
			}

			summary, err := localrun.Run(t.Context(), w.Config, w.organisation)
			if err != nil {
				t.Fatalf("the run failed: %v\n%s", err, &w.out)
			}

			faults, throttled := len(w.organisation.Faults), w.organisation.RateLimit > 0
			if counted.FaultsHit != int64(faults) || counted.Throttled > 0 != throttled || !strings.Contains(w.out.String(), "continue (pending, ") {
				t.Errorf("it was not interfered as it was to be, or no job was pending: %+v\n%s", counted, &w.out)
			}

			records := make(map[string]int64)
			for _, exported := range summary.Exported {
				records[exported.Listing] = exported.Records
			}

			want := map[string]int64{"users": int64(w.organisation.Users), "queues": 220, "external-contacts": 230, "conversations": records["conversations"]}
			if diff := cmp.Diff(want, records); diff != "" || records["conversations"] < 100 {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// threeCallers has two others invoke each exporter with the event of its first invocation, until their exports are complete too.
func threeCallers(t *testing.T, w *world) {
	t.Helper()
	w.organisation.Latency = 400 * time.Millisecond

	var (
		others  sync.WaitGroup
		crossed = make(map[string]bool)
	)

	w.OnInvocation = func(ctx context.Context, s *stack.Stack, i driver.Invocation) {
		if i.Number > 1 {
			return
		}

		function := map[string]string{
			"users": stack.ExportUsers, "queues": stack.ExportDirectory, "external-contacts": stack.ExportDirectory,
			"conversations": stack.ExportHistory,
		}[i.Result.Listing]
		crossed[i.Result.Listing] = true

		for range 2 {
			others.Go(func() {
				calls := driver.New(s.Functions(), driver.Config{Retry: w.Retry})
				event := fmt.Appendf(nil, `{"export_id":%q,"listing":%q}`, i.Result.ExportID, i.Result.Listing)

				if _, err := calls.Export(ctx, driver.Request{FunctionName: function, Event: event}); err != nil {
					t.Errorf("another caller of %s: %v", i.Result.Listing, err)
				}
			})
		}
	}
	w.BeforeCheck = func(_ context.Context, _ *stack.Stack, r export.Result) {
		others.Wait()

		if !crossed[r.Listing] {
			t.Errorf("nobody else called for %s: it was complete at once", r.Listing)
		}
	}
}

func TestOneListingThatIsForbiddenIsNamedAndTheOthersAreComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Listings = []string{"groups", "queues", "teams"}
	w.organisation.Forbidden = []string{"queues"}

	summary, err := localrun.Run(t.Context(), w.Config, w.organisation)
	if err == nil || !strings.Contains(err.Error(), "1 of 3 listings failed, the others are complete: queues") || !strings.Contains(err.Error(), "routing:queue:view") {
		t.Errorf("got %v", err)
	}

	for _, listing := range []string{"groups", "teams"} {
		if found, _ := filepath.Glob(filepath.Join(w.Out, "s3", stack.Bucket, "exports", "_state", listing, "*", "manifest.json")); len(found) != 1 {
			t.Errorf("%s is not complete: %v\n%+v", listing, found, summary)
		}
	}

	w.Listings = []string{"queue"}
	if _, err := localrun.Run(t.Context(), w.Config, w.organisation); err == nil || !strings.Contains(err.Error(), `the listing "queue" is none of users, queues, groups`) {
		t.Errorf("an unknown listing: got %v", err)
	}
}

// The second run begins where the first one's history ended, less the look-back.
func TestALiveRunGoesOnWhereTheHistoryOfTheLastOneEnded(t *testing.T) {
	t.Parallel()
	w := newLiveWorld(t)
	w.Listings, w.PageSize = []string{"queues", "conversations"}, localrun.MaxPageSize
	w.Stack.Environment["MAX_REQUESTS_PER_MINUTE"] = "60000"

	for _, run := range []string{"the first", "the second"} {
		summary, err := localrun.RunLive(t.Context(), w.Live)
		if err != nil {
			t.Fatalf("%s run failed: %v\n%s", run, err, w.out)
		}

		if len(summary.Exported) != 2 || summary.Exported[0].Records != 400 || summary.Exported[1].Records < 1000 {
			t.Errorf("%s run exported %+v", run, summary.Exported)
		}
	}

	if left, _ := filepath.Glob(filepath.Join(w.Out, "s3", stack.Bucket, "exports", "_state", "conversations", "watermark.json")); len(left) != 1 {
		t.Errorf("there is no watermark of the conversations: %v", left)
	}
}
