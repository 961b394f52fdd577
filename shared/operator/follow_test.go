package operator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/operator"
)

const manifest = "s3://b/exports/_state/users/e-1/manifest.json"

// inBubble runs the test in virtual time on a world of its own.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newVirtualWorld(t)) })
}

// whole is an export of three invocations.
func whole() *execution {
	last := state(3, 12_500, 0, "complete", "end", "")

	return &execution{ends: 331 * time.Second, status: "SUCCEEDED", output: last, events: slices.Concat(
		invocation(10*time.Second, state(1, 8_000, 0, "continue", "budget", "")),
		invocation(20*time.Second, state(2, 9_000, 300, "continue", "rate_limited", "")), invocation(330*time.Second, last),
	)}
}

// mentions wants each of these in what was said.
func (w *world) mentions(wanted ...string) {
	w.t.Helper()

	said := w.said()
	for _, want := range wanted {
		if !strings.Contains(said, want) {
			w.t.Errorf("%q is not in\n%s", want, said)
		}
	}
}

func (w *world) order() operator.Order {
	return operator.Order{Target: w.target(), Listings: "users", ExportID: "e-1"}
}

func TestAnExportIsStartedAndFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.machine.script = func(string) *execution { e := whole(); e.unseen = 6 * time.Second; return e }

		order := w.order()
		order.Options = `{ "state": "any" }`

		if err := operator.Export(t.Context(), order); err != nil {
			t.Fatal(err)
		}

		want := `started     export e-1 of users; a line follows after each invocation
            follow it from elsewhere: devstack export -stack exports -wait-for e-1-20000101T000000Z
invocation 1   continue (budget, wait 0 s): 8,000 records, 80 pages, parts 1
invocation 2   continue (rate_limited, wait 300 s): 9,000 records, 90 pages, parts 1
invocation 3   complete (end): 12,500 records, 125 pages, parts 1
complete    export e-1 of users: s3://b/exports/_state/users/e-1/manifest.json
`
		if diff := cmp.Diff(want, w.said()); diff != "" {
			t.Errorf("said (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{`{"listing":"users","export_id":"e-1","options":{"state":"any"}}`}, w.machine.starts); diff != "" {
			t.Errorf("started with (-want +got):\n%s", diff)
		}
	})
}

func TestSuccessorsAreFollowedAsOneExport(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		first := state(1, 5_000, 0, "continue", "budget", executionPrefix+"successor-1")
		w.machine.script = func(string) *execution {
			return &execution{events: invocation(10*time.Second, first), ends: 11 * time.Second, status: "SUCCEEDED", output: first}
		}

		go func() {
			time.Sleep(10 * time.Second)
			e := whole()
			e.unseen = 20 * time.Second
			w.machine.begin("successor-1", e)
		}()

		if err := operator.Export(t.Context(), w.order()); err != nil {
			t.Fatal(err)
		}

		w.mentions(
			"goes on     in the execution successor-1, as a history has room for no more\n", "invocation 4   complete (end)", "complete    export e-1 of users: "+manifest)
	})
}

func TestARunningExecutionIsFollowedByNameOrARNFromItsLatestEventsOn(t *testing.T) {
	t.Parallel()

	for _, named := range []string{"nightly", executionPrefix + "nightly"} {
		inBubble(t, func(t *testing.T, w *world) {
			var events []event
			for n := range 300 {
				events = append(events, invocation(time.Duration(n)*time.Second, state(n+1, int64(n)*100, 0, "continue", "budget", ""))...)
			}
			last := state(301, 30_000, 0, "complete", "end", "")
			w.machine.begin("nightly", &execution{
				events: append(events, invocation(330*time.Second, last)...), ends: 340 * time.Second, status: "SUCCEEDED",
				output: last, input: `{"scheduled_at":"x"}`,
			})
			time.Sleep(320 * time.Second)

			order := w.order()
			order.ExportID, order.WaitFor = "", named

			if err := operator.Export(t.Context(), order); err != nil {
				t.Fatal(err)
			}

			w.mentions("invocation 300 continue", "invocation 301 complete (end): 30,000 records")
			if len(w.machine.starts) > 0 {
				t.Error("an execution was started")
			}
		})
	}
}

func TestAFailedExportSaysWhyAndHowToGoOn(t *testing.T) {
	t.Parallel()

	const (
		resume = `devstack export -stack exports -listings users -export-id e-1 -options '{"state":"any"}'` + "\n"
		cause  = `Export e-1 of users cannot go on. Do what the message says. {"errorMessage":"give the role arn:aws:iam::1:role/x that","errorType":"Forbidden","stackTrace":[]}`
	)

	for name, test := range map[string]struct {
		status string
		failed [2]string
		want   string
	}{
		"what can be mended": {
			"FAILED",
			[2]string{"Forbidden", cause},
			"FAILED      Forbidden\ncause       Export e-1 of users cannot go on. Do what the message says. give the role x that\nresume      " + resume,
		},
		"what has to begin anew": {
			"FAILED",
			[2]string{"CursorExpired", "Start another."},
			"FAILED      CursorExpired\ncause       Start another.\nbegin anew  " + strings.Replace(resume, "-export-id e-1 ", "", 1),
		},
		"what was asked wrongly": {
			"FAILED", [2]string{"InvalidInput", "Change it."}, "FAILED      InvalidInput\ncause       Change it.\ncorrect     " + resume,
		},
		"what somebody stopped": {"ABORTED", [2]string{}, "FAILED      ABORTED\ncause       none is named; nothing is lost\nresume      " + resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				w.machine.script = func(string) *execution {
					return &execution{events: refreshed(), ends: 6 * time.Second, status: test.status, failed: test.failed}
				}

				order := w.order()
				order.Options = `{"state":"any"}`

				err := operator.Export(t.Context(), order)
				if err == nil || !strings.HasPrefix(err.Error(), "export e-1 failed: ") {
					t.Errorf("ended with %v", err)
				}

				_, said, _ := strings.Cut(w.said(err), "20000101T000000Z\n")
				want := "failed      TokenUnavailable: no token [2J\nfailed      States.Timeout\n"
				if diff := cmp.Diff(want+test.want, said); diff != "" {
					t.Errorf("said (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// refreshed is an exporter that found no token, and a rotator that timed out once.
func refreshed() []event {
	return []event{
		{2 * time.Second, "taskFailedEventDetails", map[string]string{
			"resource": "invoke", "resourceType": "lambda", "error": "TokenUnavailable", "cause": `{"errorType":"TokenUnavailable","errorMessage":"no token\u001b[2J"}`,
		}},
		{4 * time.Second, "taskTimedOutEventDetails", map[string]string{"resource": "invoke", "resourceType": "lambda", "error": "States.Timeout"}},
	}
}

func TestWhoStopsFollowingLeavesTheExportRunning(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.machine.script = func(string) *execution { return whole() }

		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()

		err := operator.Export(ctx, w.order())
		w.said(err)

		const want = "stopped following; the export goes on in AWS. Follow it again: devstack export -stack exports -wait-for e-1-20000101T000000Z"
		if err == nil || err.Error() != want {
			t.Errorf("ended with %v, want %s", err, want)
		}
	})
}

func TestFollowingOutlastsAnOutageAndNoLonger(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		outages   [][2]time.Duration
		outlasted bool
	}{
		"two outages": {[][2]time.Duration{{12 * time.Second, 10 * time.Minute}, {11 * time.Minute, 21 * time.Minute}}, true},
		"a long one":  {[][2]time.Duration{{12 * time.Second, time.Hour}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				w.machine.script = func(string) *execution { e := whole(); e.ends = 30 * time.Minute; return e }
				for _, outage := range test.outages {
					w.machine.outages = append(w.machine.outages, [2]time.Time{time.Now().Add(outage[0]), time.Now().Add(outage[1])})
				}

				err := operator.Export(t.Context(), w.order())
				w.said(err)

				if test.outlasted && err != nil {
					t.Error(err)
				}
				if want := "look at the execution e-1-20000101T000000Z: the service could not be reached"; !test.outlasted && (err == nil ||
					!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Follow it again: devstack export")) {
					t.Errorf("ended with %v, want %s", err, want)
				}
			})
		})
	}
}

// several is an execution whose children are these, one after the other; they have ended when it is looked at first.
func (w *world) several(parent *execution, children ...*execution) {
	for i, child := range children {
		name := fmt.Sprintf("child-%d", i)
		w.machine.begin(name, child)
		parent.events = append(parent.events, event{time.Second, "taskSubmittedEventDetails", map[string]string{
			"resource": "startExecution.sync:2", "resourceType": "states", "output": `{"ExecutionArn":"` + executionPrefix + name + `"}`,
		}})
		if child.status == "FAILED" {
			parent.events = append(parent.events, event{2 * time.Second, "taskFailedEventDetails", map[string]string{
				"resource": "startExecution.sync:2", "resourceType": "states", "error": "States.TaskFailed", "cause": `{"Status":"FAILED"}`,
			}})
		}
	}
	w.machine.script = func(string) *execution { return parent }
}

func TestSeveralListingsAreFollowedThroughTheirChildren(t *testing.T) {
	t.Parallel()

	first, last := state(2, 5_000, 0, "continue", "budget", ""), state(1, 6_000, 0, "complete", "end", "")
	users := []*execution{
		{status: "SUCCEEDED", output: first, events: invocation(0, first)}, {status: "SUCCEEDED", output: last, events: invocation(0, last)},
	}
	queues := &execution{
		status: "FAILED", failed: [2]string{"Forbidden", "Give the permission."}, input: `{"listing":"queues","export_id":"e-1","options":{},"child":true}`,
	}

	const lines = "invocation 2   users continue (budget, wait 0 s): 5,000 records, 50 pages, parts 1\n" +
		"invocation 3   users complete (end): 6,000 records, 60 pages, parts 1\n" +
		"complete    users: " + manifest + "\n"

	for name, test := range map[string]struct {
		children []*execution
		parent   execution
		want     string
	}{
		"which are complete": {users, execution{status: "SUCCEEDED", output: `{"export_id":"e-1","listings":[{"listing":"users","records":6000}]}`}, "complete    export e-1 of users (6,000 records)\n"},
		"of which one fails": {
			append(users, queues),
			execution{status: "FAILED", failed: [2]string{"ListingsFailed", "These failed."}},
			"FAILED      queues: Forbidden: Give the permission.\n" +
				"FAILED      ListingsFailed\ncause       These failed.\nresume      devstack export -stack exports -listings 'users,queues' -export-id e-1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				parent := test.parent
				parent.ends = 3 * time.Second
				var children []*execution
				for _, child := range test.children {
					copied := *child
					children = append(children, &copied)
				}
				w.several(&parent, children...)

				order := w.order()
				order.Listings = "users,queues"

				err := operator.Export(t.Context(), order)
				if failed := parent.status == "FAILED"; (err != nil) != failed {
					t.Errorf("ended with %v", err)
				}

				_, said, _ := strings.Cut(w.said(err), "20000101T000000Z\n")
				if diff := cmp.Diff(lines+test.want, said); diff != "" {
					t.Errorf("said (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{`{"listings":["users","queues"],"export_id":"e-1","options":{}}`}, w.machine.starts); diff != "" {
					t.Errorf("started with (-want +got):\n%s", diff)
				}
			})
		})
	}
}
