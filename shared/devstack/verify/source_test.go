package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestEveryDifferenceFromTheSourceIsAProblem(t *testing.T) {
	t.Parallel()

	try(t, map[string]change{
		"a record is lacking":        {exported(func(e *export) { e.parts[1] = entities(3, 5) }), "record 5 is not that"},
		"the last record is lacking": {exported(func(e *export) { e.parts[2] = entities(6, 7) }), "goes on behind record 8"},
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

func TestAnExportIsGoodExactlyWhereItIsTheSourcesList(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(r *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6)
		source := numbers.Draw(r, "source")
		exported := slices.Clone(source)

		if rapid.Bool().Draw(r, "another export") {
			exported = numbers.Draw(r, "exported")
		}

		e := newExport()
		cut := rapid.IntRange(1, len(exported)).Draw(r, "where the first part ends")
		e.parts, e.truth = slices.DeleteFunc([][]string{entities(exported[:cut]...), entities(exported[cut:]...)}, func(part []string) bool {
			return len(part) == 0
		}), entities(source...)
		e.seal()

		if report, err := e.verify(t); err != nil || report.OK() != slices.Equal(source, exported) {
			r.Fatalf("got %q, %v for the source %v and the export %v", report.Problems, err, source, exported)
		}
	})
}

func TestReplacedSurrogatesAreTheSourcesUnpairedOnes(t *testing.T) {
	t.Parallel()

	const listed, exported = `{"a":"\ud83d","b":"\\ud83d \ud83d\ude42 \ufffd","c":"\uDE42\uD83D"}`, `{"a":"\ufffd","b":"\\ud83d \ud83d\ude42 \ufffd","c":"\ufffd\ufffd"}`

	for _, c := range []struct {
		truth, exported string
		replaced        int
		good            bool
	}{
		{listed, exported, 3, true},
		{listed, exported, 2, false},
		{listed, exported, 4, false},
		{listed, strings.Replace(exported, `\ufffd`, "?", 1), 3, false},
		{exported, exported, 3, false},
	} {
		e := newExport()
		e.parts[0][0], e.truth[0] = c.exported, c.truth
		e.seal()
		e.everywhere("replaced_surrogates", c.replaced)

		if report, err := e.verify(t); err != nil || report.OK() != c.good {
			t.Errorf("%s, %d replaced: got %q, %v, want good %t", c.truth, c.replaced, report.Problems, err, c.good)
		}
	}
}

func FuzzPairingSurrogatesChangesNothingThatCanBeRead(f *testing.F) {
	for _, seed := range []string{`\ud83d`, `\ud83d\ude42`, `\\ud83d`, `\ude42\ud83d`, `\ud83d\ud83d\ude42`, `\ud83d\n\ude42`, `\uD83Dx`, `\u00e9`} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, inside string) {
		text := []byte(`"` + inside + `"`)

		var before, after any
		if json.Unmarshal(text, &before) != nil {
			return
		}

		exported, _ := verify.Paired(text)
		if err := json.Unmarshal(exported, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%s is exported as %s: %v", text, exported, err)
		}

		if _, left := verify.Paired(exported); left > 0 {
			t.Errorf("%s is exported as %s, with %d unpaired", text, exported, left)
		}
	})
}

// list is a source's list that remembers whether it was closed.
type list struct {
	io.Reader

	closed bool
}

func (l *list) Close() error {
	l.closed = true
	return nil
}

func TestASourceThatCannotBeReadIsAnErrorAndIsClosed(t *testing.T) {
	t.Parallel()

	broken := errors.New("broken")

	for what, read := range map[string]string{
		"at once": "", "behind the first record": join(entities(0)), "behind the last": join(newExport().truth), "in a record": join(entities(0)) + entity(1),
	} {
		source := &list{Reader: io.MultiReader(strings.NewReader(read), iotest.ErrReader(broken))}
		e := newExport()
		e.put()

		c := e.config()
		c.Truth = func(context.Context) (io.ReadCloser, error) { return source, nil }

		if _, err := verify.Export(t.Context(), c); !errors.Is(err, broken) || !source.closed {
			t.Errorf("it breaks off %s: got %v, closed %t", what, err, source.closed)
		}

		c.Truth = func(context.Context) (io.ReadCloser, error) { return nil, broken }
		if _, err := verify.Export(t.Context(), c); !errors.Is(err, broken) {
			t.Errorf("it cannot be opened: got %v", err)
		}
	}
}
