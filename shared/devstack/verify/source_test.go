package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"genesys-cloud-export/shared/devstack/verify"
)

// finding is a problem without its words.
type finding struct {
	Kind      verify.Kind
	Got       int64
	Positions []int64
}

func findings(r verify.Report) []finding {
	var list []finding
	for _, p := range r.Problems {
		list = append(list, finding{p.Kind, p.Got, p.Positions})
	}

	return list
}

func TestADifferenceFromTheSourceIsFoundByNameAndPlace(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(d *draft)
		want  []finding
	}{
		"a record removed and the manifest sealed again": {
			func(d *draft) { d.parts[1].lines = slices.Delete(d.parts[1].lines, 1, 2) },
			[]finding{{verify.SourceMissing, 1, []int64{5}}},
		},
		"the last part removed and the manifest sealed again": {
			func(d *draft) { d.parts = d.parts[:2] },
			[]finding{{verify.SourceMissing, 3, []int64{7, 8, 9}}},
		},
		"a record doubled at once": {
			func(d *draft) { d.parts[1].lines = append(d.parts[1].lines, entity(5)) },
			[]finding{{verify.EntityTwice, 1, []int64{7}}, {verify.SourceExtra, 1, []int64{7}}},
		},
		"the first record doubled at the end": {
			func(d *draft) { d.parts[2].lines = append(d.parts[2].lines, entity(0)) },
			[]finding{{verify.EntityTwice, 1, []int64{10}}, {verify.SourceExtra, 1, []int64{10}}},
		},
		"a page doubled, many records": {
			func(d *draft) { d.parts[2].lines = append(d.parts[2].lines, d.truth[:6]...) },
			[]finding{
				{verify.EntityTwice, 6, []int64{10, 11, 12, 13, 14}},
				{verify.SourceExtra, 6, []int64{10, 11, 12, 13, 14}},
			},
		},
		"one id twice, the second time with other contents": {
			func(d *draft) {
				d.parts[2].lines = append(d.parts[2].lines, strings.Replace(entity(2), "R&D", "HR", 1))
			},
			[]finding{{verify.IDTwice, 1, []int64{10}}, {verify.SourceExtra, 1, []int64{10}}},
		},
		"white space inside a string": {
			func(d *draft) { d.parts[1].lines[0] = strings.Replace(entity(3), canary, "Zoë  Canary", 1) },
			[]finding{{verify.SourceDifferent, 1, []int64{4}}},
		},
		"an escape spelt otherwise": {
			func(d *draft) { d.parts[1].lines[0] = strings.Replace(entity(3), `\u00e9`, "é", 1) },
			[]finding{{verify.SourceDifferent, 1, []int64{4}}},
		},
		"a number spelt otherwise": {
			func(d *draft) { d.parts[0].lines[1] = strings.Replace(entity(1), `"version":1`, `"version":1.0`, 1) },
			[]finding{{verify.SourceDifferent, 1, []int64{2}}},
		},
		"a stranger": {
			func(d *draft) { d.parts[0].lines = slices.Insert(d.parts[0].lines, 1, entity(99)) },
			[]finding{{verify.SourceExtra, 1, []int64{2}}},
		},
		"neighbours swapped": {
			func(d *draft) { l := d.parts[0].lines; l[0], l[1] = l[1], l[0] },
			[]finding{{verify.SourceOrder, 1, []int64{2}}},
		},
		"a source that is longer": {
			func(d *draft) { d.truth = append(d.truth, entity(50), entity(51)) },
			[]finding{{verify.SourceMissing, 2, []int64{10, 11}}},
		},
		"a source that is empty": {
			func(d *draft) { d.truth = nil },
			[]finding{{verify.SourceExtra, 9, []int64{1, 2, 3, 4, 5}}},
		},
		"an entity without an id that differs": {
			func(d *draft) {
				d.parts[2].lines = append(d.parts[2].lines, `{"name":"a"}`)
				d.truth = append(d.truth, `{"name":"b"}`)
			},
			[]finding{{verify.SourceMissing, 1, []int64{10}}, {verify.SourceExtra, 1, []int64{10}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			c.spoil(d)
			d.seal()

			got := check(t, d)
			if diff := cmp.Diff(c.want, findings(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%s", diff, text(t, got))
			}
		})
	}
}

func TestDoublesAreToldByTheTopLevelID(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		first, second string
		want          []verify.Kind
	}{
		"the same bytes but for white space": {`{"a": 1}`, `{"a":1}`, []verify.Kind{verify.EntityTwice}},
		"an id behind other fields":          {`{"a":{"id":1},"id":"x"}`, `{"id":"x"}`, []verify.Kind{verify.IDTwice}},
		"an id spelt with escapes":           {`{"\u0069d":"\u0078"}`, `{"id":"x"}`, []verify.Kind{verify.IDTwice}},
		"an id that is a number":             {`{"id":7,"a":1}`, `{"id":7}`, []verify.Kind{verify.IDTwice}},
		"ids inside":                         {`{"a":{"id":"x"}}`, `{"b":{"id":"x"}}`, nil},
		"ids in capitals":                    {`{"ID":"x"}`, `{"ID":"x","a":1}`, nil},
		"ids that are null":                  {`{"id":null}`, `{"id":null,"a":1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			d.parts[2].lines = append(d.parts[2].lines, c.first, c.second)
			d.seal()

			client := server(t, nil)
			d.put(t, client)

			got, err := verify.Export(t.Context(), config(client))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(c.want, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

// listing is a source's list that remembers whether it was closed.
type listing struct {
	io.Reader
	closed bool
}

func (l *listing) Close() error {
	l.closed = true

	return nil
}

func TestASourceThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()

	broken := errors.New("broken")
	good := strings.NewReader(lines(entity(0)))

	for name, source := range map[string]*listing{
		"it breaks off":                   {Reader: io.MultiReader(good, iotest.ErrReader(broken))},
		"a line is no JSON":               {Reader: strings.NewReader(lines(entity(0), "<html>"+canary))},
		"a line is an array":              {Reader: strings.NewReader(lines("[]"))},
		"it repeats itself":               {Reader: strings.NewReader(lines(entity(1), entity(2), entity(1)))},
		"it breaks off behind the export": {Reader: io.MultiReader(strings.NewReader(lines(newDraft().truth...)), iotest.ErrReader(broken))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := server(t, nil)
			newDraft().put(t, client)

			c := config(client)
			c.Truth = func(context.Context) (io.ReadCloser, error) { return source, nil }

			_, err := verify.Export(t.Context(), c)
			if err == nil {
				t.Fatal("no error")
			}

			if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "-aaaa-") {
				t.Errorf("the error shows an entity's content: %v", err)
			}

			if strings.HasPrefix(name, "it breaks off") != errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}

			if !source.closed {
				t.Error("the source's list was left open")
			}
		})
	}
}

func TestASourceThatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()

	client := server(t, nil)
	newDraft().put(t, client)

	refused := errors.New("refused")
	c := config(client)
	c.Truth = func(context.Context) (io.ReadCloser, error) { return nil, refused }

	if _, err := verify.Export(t.Context(), c); !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
}

// However an export was made of its source's entities, the counts are those of a comparison that holds all in memory.
func TestAnyDifferenceFromTheSourceIsCounted(t *testing.T) {
	t.Parallel()

	client := server(t, nil)

	rapid.Check(t, func(r *rapid.T) {
		source := rapid.SliceOfNDistinct(rapid.IntRange(0, 30), 1, 12, rapid.ID).Draw(r, "source")
		exported := slices.Clone(source)

		for range rapid.IntRange(0, 4).Draw(r, "edits") {
			at := rapid.IntRange(0, len(exported)-1).Draw(r, "at")

			switch rapid.IntRange(0, 2).Draw(r, "edit") {
			case 0:
				exported = slices.Insert(exported, at, rapid.IntRange(0, 40).Draw(r, "stranger"))
			case 1:
				if len(exported) > 1 {
					exported = slices.Delete(exported, at, at+1)
				}
			default:
				to := rapid.IntRange(0, len(exported)-1).Draw(r, "to")
				exported[at], exported[to] = exported[to], exported[at]
			}
		}

		d := newDraft()
		d.parts, d.truth = d.parts[:1], entities(source)
		d.parts[0].lines = entities(exported)
		d.seal()
		d.put(t, client)

		c := config(client)
		c.Truth = d.source

		got, err := verify.Export(t.Context(), c)
		if err != nil {
			r.Fatal(err)
		}

		if got.OK() != slices.Equal(source, exported) {
			r.Fatalf("OK is %t for source %v and export %v", got.OK(), source, exported)
		}

		want := expected(source, exported)
		for _, p := range got.Problems {
			if p.Got != want[p.Kind] {
				r.Fatalf("%s: got %d, want %d", p.Kind, p.Got, want[p.Kind])
			}

			delete(want, p.Kind)
		}

		for kind, count := range want {
			if count > 0 {
				r.Fatalf("%s: not found, want %d", kind, count)
			}
		}
	})
}

func entities(numbers []int) []string {
	list := make([]string, len(numbers))
	for n, number := range numbers {
		list[n] = entity(number)
	}

	return list
}

// expected counts by looking everything up everywhere.
func expected(source, exported []int) map[verify.Kind]int64 {
	want := map[verify.Kind]int64{}
	furthest := -1

	for n, number := range exported {
		place, repeated := slices.Index(source, number), slices.Contains(exported[:n], number)
		if repeated {
			want[verify.EntityTwice]++
		}

		switch {
		case repeated, place < 0:
			want[verify.SourceExtra]++
		case place < furthest:
			want[verify.SourceOrder]++
		default:
			furthest = place
		}
	}

	for _, number := range source {
		if !slices.Contains(exported, number) {
			want[verify.SourceMissing]++
		}
	}

	return want
}

func BenchmarkBooks(b *testing.B) {
	const records = 50_000

	var export strings.Builder
	for n := range records {
		export.WriteString(strings.Replace(entity(n), `"version"`, fmt.Sprintf(`"title":%q,"version"`, strings.Repeat("x", 800)), 1) + "\n")
	}

	b.SetBytes(int64(export.Len()))

	for b.Loop() {
		if got := verify.CountDoubles(strings.NewReader(export.String()), strings.NewReader(export.String())); got != 0 {
			b.Fatalf("%d doubles", got)
		}
	}
}
