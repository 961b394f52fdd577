package verify_test

import (
	"strings"
	"testing"
)

func TestEveryDifferenceFromTheSourceIsFound(t *testing.T) {
	t.Parallel()
	try(t, map[string]change{
		"a record is lacking":        {exported(func(e *export) { e.parts[1] = entities(3, 5) }), "record 5 is not that"},
		"the last record is lacking": {exported(func(e *export) { e.parts[2] = entities(6, 7) }), "goes on behind record 8"},
		"a record comes twice":       {exported(func(e *export) { e.parts[1] = entities(3, 3, 4, 5) }), "record 5 is not that"},
		"the first comes at the end": {exported(func(e *export) { e.parts[2] = entities(6, 7, 8, 0) }), "ends before record 10"},
		"neighbours are swapped":     {exported(func(e *export) { e.parts[0] = entities(1, 0, 2) }), "record 1 is not that"},
		"the source has nothing":     {func(e *export) { e.truth = []string{} }, "ends before record 1"},
		"white space in a string":    {alter(canary, "Zoë  Canary"), "record 4 is not that"},
		"an escape spelt otherwise":  {alter(`\u00e9`, "é"), "record 4 is not that"},
		"an escape of the API's own": {alter(`\u00e9`, `\ufffd`), "record 4 is not that"},
		"a number spelt otherwise":   {alter(`"version":3`, `"version":3.0`), "record 4 is not that"},
		"fields in another order":    {alter(`"version":3`, `"version":3,"version":3`), "record 4 is not that"},
	})
}

// exported changes what is exported, and leaves the source as it is.
func exported(change func(e *export)) func(e *export) {
	return func(e *export) {
		change(e)
		e.seal()
	}
}

// alter changes the record 3 of the export.
func alter(from, to string) func(e *export) {
	return exported(func(e *export) { e.parts[1][0] = strings.Replace(entity(3), from, to, 1) })
}

func TestReplacedSurrogatesAreTheSourcesUnpairedOnes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		truth, exported string
		replaced        int
	}{
		{`"\ud83d"`, `"\ufffd"`, 1},
		{`"\uD83Dx\uDE42"`, `"\ufffdx\ufffd"`, 2},
		{`"\ude42\ud83d"`, `"\ufffd\ufffd"`, 2},
		{`"\ud83d\ud83d\ude42"`, `"\ufffd\ud83d\ude42"`, 1},
		{`"\ud83d\n\ude42"`, `"\ufffd\n\ufffd"`, 2},
		{`"\\ud83d \ud83d\ude42 \ufffd \u00e9"`, `"\\ud83d \ud83d\ude42 \ufffd \u00e9"`, 0},
	} {
		for what, wrong := range map[string]struct {
			exported string
			replaced int
			good     bool
		}{
			"as it is":            {c.exported, c.replaced, true},
			"one more counted":    {c.exported, c.replaced + 1, false},
			"another replacement": {strings.Replace(c.exported, `\ufffd`, "?", 1), c.replaced, false},
			"not replaced":        {c.truth, c.replaced, c.truth == c.exported},
		} {
			e := newExport()
			e.parts[0][0], e.truth[0] = `{"a":`+wrong.exported+`}`, `{"a":`+c.truth+`}`
			e.seal()

			if wrong.replaced > 0 {
				e.everywhere("replaced_surrogates", wrong.replaced)
			}

			if _, err := e.verify(t); (err == nil) != wrong.good {
				t.Errorf("%s, %s: got %v, want good %t", c.truth, what, err, wrong.good)
			}
		}
	}
}
