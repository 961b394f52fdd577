package export_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// outcome is how an invocation ended, and what it did.
type outcome struct {
	export.Result

	stats  export.Stats
	err    error
	calls  []exporttest.Call
	killed bool
}

// wait waits as long as the result says.
func (o outcome) wait() { time.Sleep(time.Duration(o.WaitSeconds) * time.Second) }

// passes reports whether the failure passes by itself.
func (o outcome) passes() bool {
	passing := []failure.Kind{failure.StorageUnavailable, failure.UpstreamUnavailable, failure.RateLimited, failure.NoProgress}
	return slices.Contains(passing, failure.KindOf(o.err))
}

// count is how many calls of these operations an invocation made.
func (o outcome) count(ops ...string) int {
	count := 0
	for _, call := range o.calls {
		if slices.Contains(ops, call.Op) {
			count++
		}
	}

	return count
}

// writes is how many calls changed something.
func (o outcome) writes() int {
	return o.count(exporttest.OpCreate, exporttest.OpReplace, exporttest.OpPut, exporttest.OpDelete)
}

func (o outcome) wantComplete(t *testing.T) {
	t.Helper()

	if o.err != nil || o.Status != export.StatusComplete {
		t.Errorf("got %+v and %v, want a complete export", o.Result, o.err)
	}
}

func (o outcome) wantContinue(t *testing.T, reason string) {
	t.Helper()

	if o.err != nil || o.Status != export.StatusContinue || o.Reason != reason {
		t.Errorf("got %+v and %v, want to be continued for %s", o.Result, o.err, reason)
	}
}

// wantWait wants to be continued for reason in least to most seconds.
func (o outcome) wantWait(t *testing.T, reason string, least, most int64) {
	t.Helper()
	o.wantContinue(t, reason)

	if o.WaitSeconds < least || o.WaitSeconds > most {
		t.Errorf("wait_seconds is %d, want %d to %d", o.WaitSeconds, least, most)
	}
}

// wantNoRequest wants that no page was asked for.
func (o outcome) wantNoRequest(t *testing.T) {
	t.Helper()

	if o.count(exporttest.OpFetch) != 0 {
		t.Errorf("the calls were %v, want no page to be asked for", o.calls)
	}
}

// wantRequests wants that so many pages were asked for, over every invocation.
func (w *world) wantRequests(t *testing.T, want int) {
	t.Helper()

	if got := w.listing.Seen().Requests; got != want {
		t.Errorf("%d requests were sent, want %d", got, want)
	}
}

// wantFailure ends the test where the invocation did not fail as kind, saying all of says.
func (o outcome) wantFailure(t *testing.T, kind failure.Kind, says ...string) {
	t.Helper()
	wantKind(t, o.err, kind)

	for _, text := range says {
		if !strings.Contains(o.err.Error(), text) {
			t.Errorf("the failure is %q, want it to say %q", o.err, text)
		}
	}
}

// wantKind ends the test where err is no failure of that kind.
func wantKind(t *testing.T, err error, want failure.Kind) {
	t.Helper()

	if got := failure.KindOf(err); got != want {
		t.Fatalf("got a failure of kind %q (%v), want %q", got, err, want)
	}
}

// The faults of tests: which call meets which fate.

func failing(effect exporttest.Effect) exporttest.Action { return exporttest.Action{Effect: effect} }

func answering(err error) exporttest.Action {
	return exporttest.Action{Effect: exporttest.FailBefore, Err: err}
}

// after does something before a call, which then proceeds.
func after(before func()) exporttest.Action { return exporttest.Action{Before: before} }

// lives lets every call take a moment, so that calls follow each other in one order in every run. The listing takes
// longer than what is done with a page meanwhile.
func (w *world) lives(fault exporttest.Fault) exporttest.Fault {
	if w.listing.Latency == 0 {
		w.listing.Latency = 10 * time.Millisecond
	}

	return func(op, name string) (action exporttest.Action) {
		if fault != nil {
			action = fault(op, name)
		}

		if op != exporttest.OpFetch {
			action.Delay += time.Millisecond
		}

		return action
	}
}

// at lets the call of that number, counted from 0 over every process, meet its fate.
func at(number int, action exporttest.Action) exporttest.Fault {
	return when("", "", func(call int) bool { return call == number }, action)
}

// from lets every call from that number on meet the fate.
func from(number int, action exporttest.Action) exporttest.Fault {
	return when("", "", func(call int) bool { return call >= number }, action)
}

// on lets the first call of op whose name ends so meet its fate.
func on(op, suffix string, action exporttest.Action) exporttest.Fault {
	return onNth(op, suffix, 1, action)
}

// onNth lets the call of op of that number, counted from 1, whose name ends so meet its fate.
func onNth(op, suffix string, number int, action exporttest.Action) exporttest.Fault {
	return when(op, suffix, func(call int) bool { return call == number-1 }, action)
}

// onEach lets every call of op whose name ends so meet its fate.
func onEach(op, suffix string, action exporttest.Action) exporttest.Fault {
	return when(op, suffix, func(int) bool { return true }, action)
}

// when lets those calls meet their fate that are of op ("": any), have a name that ends so, and, counted from 0 among them,
// are due.
func when(op, suffix string, due func(call int) bool, action exporttest.Action) exporttest.Fault {
	var calls atomic.Int64

	return func(called, name string) exporttest.Action {
		if (op == "" || called == op) && strings.HasSuffix(name, suffix) && due(int(calls.Add(1))-1) {
			return action
		}

		return exporttest.Action{}
	}
}

// both is the fate that one decides, and where it lets the call proceed that of other.
func both(one, other exporttest.Fault) exporttest.Fault {
	return func(op, name string) exporttest.Action {
		a, b := one(op, name), other(op, name)
		if a.Effect != exporttest.Proceed || a.Before != nil {
			return a
		}

		return b
	}
}
