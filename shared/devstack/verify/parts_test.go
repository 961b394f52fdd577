package verify_test

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestWhateverIsWrongWithAPartIsAProblem(t *testing.T) {
	t.Parallel()

	// The second part has the records 3 to 5. The manifest describes what comes of it.
	try(t, map[string]change{
		"it is missing":                {func(e *export) { delete(e.objects, e.names[1]) }, "is missing"},
		"it has a Content-Encoding":    {func(e *export) { e.encoding[e.names[1]] = "gzip" }, "Content-Encoding"},
		"its end is cut":               {func(e *export) { e.store(1, e.second()[:len(e.second())-1]) }, "damaged"},
		"it is cut in the middle":      {func(e *export) { e.store(1, e.second()[:len(e.second())/2]) }, "damaged"},
		"it is cut in a second member": {func(e *export) { e.store(1, append(e.second(), 0x1f, 0x8b, 8)) }, "damaged"},
		"a byte follows it":            {func(e *export) { e.store(1, append(e.second(), 'x')) }, "damaged"},
		"zeros follow it":              {func(e *export) { e.store(1, append(e.second(), make([]byte, 512)...)) }, "damaged"},
		"it is not compressed":         {func(e *export) { e.store(1, []byte(join(e.parts[1]))) }, "no gzip"},
		"it is of no bytes":            {func(e *export) { e.store(1, nil) }, "no gzip"},
		"its last line has no end":     {func(e *export) { e.store(1, pack(strings.Join(e.parts[1], "\n"))) }, "line end"},
		"it is without records": {func(e *export) {
			e.parts[1] = nil
			e.seal()
		}, "0 records"},
		"it lacks a record":                 {func(e *export) { e.store(1, pack(join(e.parts[1][:2]))) }, "2 records"},
		"it has an empty line":              {func(e *export) { e.store(1, pack(join(e.parts[1])+"\n")) }, "record 7 is not one"},
		"a line feed is in an entity":       {func(e *export) { e.spell(1, strings.Replace(entity(3), ",", ",\n", 1)) }, "record 4 is not one"},
		"an array is in it":                 {func(e *export) { e.spell(1, `[{}]`) }, "record 4 is not one"},
		"two objects are in a line":         {func(e *export) { e.spell(1, `{}{}`) }, "record 4 is not one"},
		"half an object is in it":           {func(e *export) { e.spell(1, `{"a":1`) }, "record 4 is not one"},
		"a byte of it is not UTF-8":         {func(e *export) { e.spell(1, "{\"a\":\"\xff\"}") }, "record 4 is not one"},
		"half a pair of surrogates is left": {func(e *export) { e.spell(1, `{"a":"\uD83D"}`) }, "unpaired surrogate"},
		"a line is longer than any entity": {func(e *export) {
			e.store(1, slices.Concat(pack(`{"a":"`), bytes.Repeat(pack(strings.Repeat(" ", 1<<20)), 32), pack("\"}\n")))
		}, "damaged"},
		"it is not in the manifest":         {func(e *export) { e.manifest["parts"] = slices.Delete(e.manifest["parts"].([]any), 1, 2) }, "does not name it"},
		"another lies beside it":            {func(e *export) { e.objects[folder+"part-000002-late.jsonl.gz"] = nil }, "does not name it"},
		"something else lies in its folder": {func(e *export) { e.objects[folder+"zz/README"] = nil }, "does not name it"},
	})
}

// second is the second part, that may be changed.
func (e *export) second() []byte { return bytes.Clone(e.objects[e.names[1]]) }

// spell makes line the first of a part, and of the source's list as well.
func (e *export) spell(part int, line string) {
	e.truth[slices.Index(e.truth, e.parts[part][0])], e.parts[part][0] = line, line
	e.seal()
}

func TestEveryByteOfAPartCounts(t *testing.T) {
	t.Parallel()

	good := newExport()
	for n := range good.objects[good.names[1]] {
		e := newExport()
		e.objects[e.names[1]][n] ^= 0x20
		e.want(t, e.names[1])
	}
}

func TestAPartsKeyIsAsTheContractSays(t *testing.T) {
	t.Parallel()

	for _, key := range []string{
		folder + "part-2-a.jsonl.gz", folder + "part-0000002-a.jsonl.gz", folder + "part-+00002-a.jsonl.gz",
		folder + "part-000002.jsonl.gz", folder + "part-000002-.jsonl.gz", folder + "part-000002-a.json.gz",
		folder + "part-000002-a.jsonl", folder + "part-000002-a/b.jsonl.gz", folder + "Part-000002-a.jsonl.gz",
		folder + "part-000001-a.jsonl.gz", folder + "part-000003-a.jsonl.gz", "",
		"exports/users/export_id=night-2/part-000002-a.jsonl.gz", "users/export_id=night-1/part-000002-a.jsonl.gz",
	} {
		e := newExport()
		e.names[1] = key
		e.seal()
		e.want(t, fmt.Sprintf("%q is not named as part 2", key))
	}
}

func TestWithoutASourceARecordThatComesAgainIsFoundHoweverFewDigestsAreKept(t *testing.T) {
	t.Parallel()

	for _, digests := range []int64{1, 3, 9, 20} {
		for first := range 9 {
			e := newExport()
			e.truth = nil
			e.parts[2] = append(e.parts[2], entity(first))
			e.seal()
			e.put()

			report, err := verify.ExportKeeping(t.Context(), digests, e.config())
			if diff := cmp.Diff([]string{"record 10 stands in the export before"}, report.Problems); diff != "" || err != nil {
				t.Errorf("record %d again, %d digests: error %v, problems (-want +got):\n%s", first, digests, err, diff)
			}
		}
	}
}

func TestAPartThatIsReadAgainHasToBeThereStill(t *testing.T) {
	t.Parallel()

	for what, c := range map[string]struct {
		status int
		says   string // "" where it is an error
	}{"changed": {http.StatusOK, "was changed while it was checked"}, "forbidden": {http.StatusForbidden, ""}} {
		e := newExport()
		e.truth = nil
		e.put()

		times := 0
		e.fails = func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, e.names[1]) {
				times++
			}

			if times < 2 {
				return nil
			}

			times = 0

			return reply(c.status, http.NoBody)
		}

		report, err := verify.ExportKeeping(t.Context(), 8, e.config())
		if (err == nil) != (c.says != "") || !strings.Contains(strings.Join(report.Problems, ""), c.says) {
			t.Errorf("%s: got the problems %q and the error %v", what, report.Problems, err)
		}
	}
}

func TestWhereTheAPIItselfMayGiveARecordTwiceItIsNoProblem(t *testing.T) {
	t.Parallel()

	again := func(then func(e *export)) change {
		return change{make: func(e *export) {
			e.truth = nil
			e.parts[2] = append(e.parts[2], entity(0))
			e.seal()
			then(e)
		}}
	}

	try(t, map[string]change{
		"in a listing that drifted": again(func(e *export) {
			e.manifest["drift"] = object{"total_first": 9, "total_last": 9, "records": 10}
		}),
		"in the windows of an interval": again(func(e *export) {
			e.everywhere("query", object{"interval": "2026-03-01T00:00:00Z/2026-03-03T00:00:00Z"})
		}),
		"in the source's own list": again(func(e *export) { e.truth = append(entities(0, 1, 2, 3, 4, 5, 6, 7, 8), entity(0)) }),
	})
}

// Every entity is another one, and all of them together are far more than the heap may grow.
//
//nolint:paralleltest // it measures the heap of the whole process; no other test may run meanwhile
func TestMemoryDoesNotGrowWithTheExport(t *testing.T) {
	const parts, lines = 8, 20_000

	peak := func(parts int) uint64 {
		e := newExport()
		e.truth, e.parts, e.names = nil, nil, nil

		for n := range parts {
			e.parts = append(e.parts, nil)
			e.names = append(e.names, fmt.Sprintf("%spart-%06d-a.jsonl.gz", folder, n+1))

			for line := range lines {
				e.parts[n] = append(e.parts[n], fmt.Sprintf(`{"id":"%d-%d"}%s`, n, line, strings.Repeat(" ", 40)))
			}
		}

		e.seal()
		e.everywhere("pages", parts)
		e.parts = nil // what is left is packed, to a hundredth

		var most uint64

		e.put()
		e.fails = func(*http.Request) *http.Response {
			var stats runtime.MemStats

			runtime.GC()
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc)

			return nil
		}

		if report, err := verify.ExportKeeping(t.Context(), 2*lines, e.config()); err != nil || !report.OK() {
			t.Errorf("got the problems %q and the error %v, want none", report.Problems, err)
		}

		return most
	}

	if few, many := peak(2), peak(parts); many > few+2<<20 {
		t.Errorf("the heap has up to %d bytes in a check of two parts and up to %d in one of %d", few, many, parts)
	}
}
