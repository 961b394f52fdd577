package budget_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/budget"
)

func TestABudgetKeepsTheReserveBack(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		given, reserve time.Duration
		stop, latest   time.Duration // from now
	}{
		"a long invocation":                       {5 * time.Minute, 10 * time.Second, 290 * time.Second, 299 * time.Second},
		"a reserve of exactly a third":            {30 * time.Second, 10 * time.Second, 20 * time.Second, 29 * time.Second},
		"a reserve of more than a third":          {9 * time.Second, 10 * time.Second, 6 * time.Second, 8 * time.Second},
		"the longest reserve":                     {time.Minute, 15 * time.Minute, 40 * time.Second, 59 * time.Second},
		"no reserve: the first page is no better": {time.Minute, 0, time.Minute, time.Minute},
		"a negative reserve":                      {time.Minute, -time.Hour, time.Minute, time.Minute},
		"a reserve of less than the last resort":  {time.Minute, 500 * time.Millisecond, 59500 * time.Millisecond, 59500 * time.Millisecond},
		"less time than the last resort":          {600 * time.Millisecond, 10 * time.Second, 400 * time.Millisecond, 400 * time.Millisecond},
		"a deadline now":                          {0, 10 * time.Second, 0, 0},
		"a deadline that has passed":              {-time.Minute, 10 * time.Second, -time.Minute, -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				ctx, cancel := context.WithDeadline(t.Context(), now.Add(test.given))
				defer cancel()

				b := budget.Of(ctx, test.reserve)

				for what, times := range map[string][2]time.Duration{
					"Deadline": {b.Deadline().Sub(now), test.given},
					"Stop":     {b.Stop().Sub(now), test.stop},
					"Latest":   {b.Latest().Sub(now), test.latest},
					"Left":     {b.Left(), max(test.stop, 0)},
				} {
					if times[0] != times[1] {
						t.Errorf("%s: got %s from now, want %s", what, times[0], times[1])
					}
				}
			})
		})
	}
}

func TestTheTimeLeftShrinksToZeroAndStaysThere(t *testing.T) {
	t.Parallel()

	if got := (budget.Budget{}).Left(); got != 0 {
		t.Errorf("Left of the zero budget: got %s, want 0", got)
	}

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		b := budget.Of(ctx, 10*time.Second)

		for _, want := range []time.Duration{50 * time.Second, 20 * time.Second, 0, 0} {
			if got := b.Left(); got != want {
				t.Errorf("Left: got %s, want %s", got, want)
			}
			time.Sleep(30 * time.Second)
		}
	})
}

func TestAContextWithoutADeadlineHasLambdasLongestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget.Of(context.WithoutCancel(t.Context()), 10*time.Second)

		if got, want := time.Until(b.Deadline()), 15*time.Minute; got != want {
			t.Errorf("Deadline: got %s from now, want %s", got, want)
		}
		if got, want := b.Left(), 15*time.Minute-10*time.Second; got != want {
			t.Errorf("Left: got %s, want %s", got, want)
		}
	})
}
