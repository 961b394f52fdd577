package localrun_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/secret"
)

func TestEveryUserIsExportedOverSeveralInvocationsAndRateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.organisation.ClientID, w.organisation.ClientSecret = "a-client", secret.New(clientSecret)

	token := ""
	w.BeforeCheck = func(ctx context.Context, s *stack.Stack, _ export.Result) { token = storedToken(ctx, t, s) }

	summary, err := localrun.Run(t.Context(), w.Config, w.organisation)
	if err != nil {
		t.Fatalf("the run failed: %v\n%s", err, &w.out)
	}

	if summary.Records != users || summary.Invocations < 3 || summary.Throttled < 1 || summary.Minted != 1 || summary.Pages != users/pageSize {
		t.Errorf("the run was to take several invocations, meet rate limits and mint once: %+v", summary)
	}

	if summary.Bytes <= 0 || summary.Parts < 3 {
		t.Errorf("the summary lacks figures: %+v", summary)
	}

	for _, want := range []string{
		"records        1,500", "tokens minted  1", "verified  every record of the organisation, once and in order", "invocation 1  continue (",
		"of every state, inactive and deleted ones included (the function's default is active)",
		"manifest       " + filepath.Join(w.Out, "s3", stack.Bucket, "exports", "_state", "users"),
	} {
		if !strings.Contains(w.out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &w.out)
		}
	}

	search(t, w.Out, w.out.String(), clientSecret, token)
}

// killed has the exporters killed five times, whatever they do.
func killed(t *testing.T, w *world) {
	t.Helper()
	w.organisation.Users, w.organisation.Latency = users, 40*time.Millisecond

	var kills atomic.Int64

	w.OnStart = func(ctx context.Context, s *stack.Stack) {
		go func() {
			for kills.Load() < 5 {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Duration(50+rand.IntN(900)) * time.Millisecond):
					for _, function := range []string{stack.ExportUsers, stack.ExportDirectory, stack.ExportHistory} {
						kills.Add(int64(s.Lambda.Kill(function)))
					}
				}
			}
		}()
	}

	t.Cleanup(func() {
		if kills := kills.Load(); kills < 3 {
			t.Errorf("the exporters were killed %d times only", kills)
		}
	})
}

func TestWhatAnInvocationHasReadIsShownBeforeItCommits(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer

	err := localrun.Progress(&out,
		`{"timestamp":"2026-11-28T04:00:00Z","level":"INFO","message":"export continues","records":7,"note":"reading"}`,
		`{"timestamp":"2026-11-28T04:00:05Z","level":"INFO","message":"reading","export_id":"e","pages":12,"records":1200}`,
		`no JSON, and "reading"`,
	)
	if want := "reading   1,200 records, 12 pages so far\n"; err != nil || out.String() != want {
		t.Errorf("got %v and %q, want %q", err, out.String(), want)
	}
}
