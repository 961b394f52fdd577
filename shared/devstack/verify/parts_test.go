package verify_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWhateverIsWrongWithAPartIsFound(t *testing.T) {
	t.Parallel()
	stored := func(body func(e *export) []byte, says string) change {
		return change{func(e *export) { e.store(1, body(e)) }, says}
	}
	ends := func(more ...byte) func(e *export) []byte {
		return func(e *export) []byte { return slices.Concat(e.objects[e.names[1]], more) }
	}
	cut := func(end func(length int) int) func(e *export) []byte {
		return func(e *export) []byte { return e.objects[e.names[1]][:end(len(e.objects[e.names[1]]))] }
	}
	packed := func(content func(lines []string) string) func(e *export) []byte {
		return func(e *export) []byte { return pack(content(e.parts[1])) }
	}
	spelt := func(line string) change { return change{func(e *export) { e.spell(line) }, "record 4 is not one"} }
	beside := func(name string) change {
		return change{func(e *export) { e.objects[folder+name] = nil }, "does not name it"}
	}

	// The second part has the records 4 to 6. The manifest describes what comes of it.
	try(t, map[string]change{
		"it is missing":                {func(e *export) { delete(e.objects, e.names[1]) }, "is missing"},
		"its end is cut":               stored(cut(func(length int) int { return length - 1 }), "damaged"),
		"it is cut in the middle":      stored(cut(func(length int) int { return length / 2 }), "damaged"),
		"it is cut in a second member": stored(ends(0x1f, 0x8b, 8), "damaged"),
		"a byte follows it":            stored(ends('x'), "damaged"),
		"zeros follow it":              stored(ends(make([]byte, 512)...), "damaged"),
		"it is not compressed":         stored(func(e *export) []byte { return []byte(join(e.parts[1])) }, "no gzip"),
		"it is of no bytes":            stored(func(*export) []byte { return nil }, "no gzip"),
		"its last line has no end":     stored(packed(func(lines []string) string { return strings.Join(lines, "\n") }), "line end"),
		"it lacks a record":            stored(packed(func(lines []string) string { return join(lines[:2]) }), "2 records"),
		"it has an empty line":         stored(packed(func(lines []string) string { return join(lines) + "\n" }), "record 7 is not one"),
		"a line is longer than any entity": stored(func(*export) []byte {
			return slices.Concat(pack(`{"a":"`), bytes.Repeat(pack(strings.Repeat(" ", 1<<20)), 32), pack("\"}\n"))
		}, "damaged"),
		"it is without records": {func(e *export) {
			e.parts[1] = nil
			e.seal()
		}, "0 records"},
		"a line feed is in an entity":       spelt(strings.Replace(entity(3), ",", ",\n", 1)),
		"an array is in it":                 spelt(`[{}]`),
		"two objects are in a line":         spelt(`{}{}`),
		"half an object is in it":           spelt(`{"a":1`),
		"a byte of it is not UTF-8":         spelt("{\"a\":\"\xff\"}"),
		"half a pair of surrogates is left": {func(e *export) { e.spell(`{"a":"\uD83D"}`) }, "unpaired surrogate"},
		"it is not in the manifest": {func(e *export) {
			e.manifest["parts"] = slices.Delete(e.manifest["parts"].([]any), 2, 3)
			e.everywhere("records", 6)
			e.truth = e.truth[:6]
		}, "does not name it"},
		"another lies beside it":            beside("part-000002-late.jsonl.gz"),
		"something else lies in its folder": beside("zz/README"),
	})
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
		e.manifest["parts"].([]any)[1].(object)["key"] = key
		e.want(t, fmt.Sprintf("%q is not named as part 2", key))
	}
}

func TestWithoutASourceARecordThatComesAgainIsFoundUnlessTheAPIItselfMayGiveItTwice(t *testing.T) {
	t.Parallel()
	again := func(says string, then func(e *export)) change {
		return change{func(e *export) {
			e.truth = nil
			e.parts[2] = append(e.parts[2], entity(0))
			e.seal()
			then(e)
		}, says}
	}

	try(t, map[string]change{
		"in any listing": again("record 10 was in the export before", func(*export) {}),
		"in a listing that drifted": again("", func(e *export) {
			e.manifest["drift"] = object{"total_first": 9, "total_last": 9, "records": 10}
		}),
		"in the windows of an interval": again("", func(e *export) {
			e.everywhere("query", object{"interval": "2026-03-01T00:00:00Z/2026-03-03T00:00:00Z"})
		}),
		"in the source's list": again("", func(e *export) { e.truth = append(entities(0, 1, 2, 3, 4, 5, 6, 7, 8), entity(0)) }),
	})
}
