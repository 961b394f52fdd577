package verify_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestWhatIsWrongWithAPartIsFoundByName(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(d *draft)
		want  []verify.Kind
	}{
		"a part is missing": {
			func(d *draft) { d.parts[1].absent = true },
			[]verify.Kind{verify.PartMissing, verify.RecordsTotal, verify.SourceMissing},
		},
		"a part is cut": {
			func(d *draft) { p := d.parts[2]; p.body = p.body[:len(p.body)-4] },
			[]verify.Kind{verify.PartBytes, verify.PartSHA256, verify.GzipIncomplete},
		},
		"a part is cut, and the manifest says so": {
			func(d *draft) { d.restore(2, d.parts[2].body[:len(d.parts[2].body)-4]) },
			[]verify.Kind{verify.GzipIncomplete},
		},
		"a part is cut within a line": {
			func(d *draft) {
				d.restore(2, pack(lines(d.parts[2].lines...) + `{"id":"` + noise(200_000))[:100_000])
			},
			[]verify.Kind{verify.GzipIncomplete},
		},
		"a part is cut within the head of its second member": {
			func(d *draft) { d.restore(0, append(d.parts[0].body, 0x1f, 0x8b, 8)) },
			[]verify.Kind{verify.GzipIncomplete},
		},
		"a byte of the data is flipped": {
			func(d *draft) { flip(d.parts[0], len(d.parts[0].body)-6) },
			[]verify.Kind{verify.PartSHA256, verify.GzipCorrupt},
		},
		"a byte is flipped where gzip does not see it": {
			func(d *draft) { flip(d.parts[0], 4) },
			[]verify.Kind{verify.PartSHA256},
		},
		"garbage after the end, one byte of it": {
			func(d *draft) { d.restore(0, append(d.parts[0].body, 'x')) },
			[]verify.Kind{verify.GzipTrailing},
		},
		"garbage after the end, and the manifest does not know": {
			func(d *draft) { d.parts[0].body = append(d.parts[0].body, "raw trailing garbage"...) },
			[]verify.Kind{verify.PartBytes, verify.PartSHA256, verify.GzipTrailing},
		},
		"zeros after the end": {
			func(d *draft) { d.restore(0, append(d.parts[0].body, make([]byte, 512)...)) },
			[]verify.Kind{verify.GzipTrailing},
		},
		"a part is not compressed": {
			func(d *draft) { d.restore(2, []byte(lines(d.parts[2].lines...))) },
			[]verify.Kind{verify.GzipCorrupt, verify.PartEmpty, verify.PartRecords, verify.RecordsTotal, verify.SourceMissing},
		},
		"a part is of no bytes": {
			func(d *draft) { d.parts[2].body = nil },
			[]verify.Kind{
				verify.PartBytes, verify.PartSHA256, verify.GzipIncomplete, verify.PartEmpty, verify.PartRecords,
				verify.RecordsTotal, verify.SourceMissing,
			},
		},
		"a part is without records": {
			func(d *draft) {
				d.parts = append(d.parts, &draftPart{key: folder + "part-000004-a.jsonl.gz", lines: []string{}})
				d.seal()
			},
			[]verify.Kind{verify.ManifestField, verify.PartEmpty},
		},
		"a part has a Content-Encoding": {
			func(d *draft) { d.parts[1].encoding = "gzip" },
			[]verify.Kind{verify.PartEncoding},
		},
		"the last line is not terminated": {
			func(d *draft) { d.restore(1, pack(strings.TrimSuffix(lines(d.parts[1].lines...), "\n"))) },
			[]verify.Kind{verify.LineUnterminated},
		},
		"a blank line": {
			func(d *draft) { d.restore(2, pack(lines(append(d.parts[2].lines, "")...))) },
			[]verify.Kind{verify.LineJSON, verify.PartRecords, verify.RecordsTotal},
		},
		"an array, a string, and two objects in a line": {
			func(d *draft) {
				d.parts[2].lines = append(d.parts[2].lines, `[{}]`, `"{}"`, `{}{}`, `{"a":1`)
				d.seal()
			},
			[]verify.Kind{verify.LineJSON},
		},
		"the same part twice in the manifest": {
			func(d *draft) { d.parts[2] = d.parts[1]; d.seal() },
			[]verify.Kind{verify.PartOrder, verify.EntityTwice, verify.SourceMissing, verify.SourceExtra},
		},
		"parts swapped in the manifest": {
			func(d *draft) { d.parts[0], d.parts[1] = d.parts[1], d.parts[0]; d.seal() },
			[]verify.Kind{verify.PartOrder, verify.PartOrder, verify.SourceOrder},
		},
		"contents of parts swapped": {
			func(d *draft) {
				d.parts[0].lines, d.parts[1].lines = d.parts[1].lines, d.parts[0].lines
				d.seal()
			},
			[]verify.Kind{verify.SourceOrder},
		},
		"a gap in the numbers": {
			func(d *draft) { d.parts[2].key = folder + "part-000004-a.jsonl.gz"; d.seal() },
			[]verify.Kind{verify.PartOrder},
		},
		"a stray beside the parts": {
			func(d *draft) { d.others[folder+"part-000003-loser.jsonl.gz"] = "x" },
			[]verify.Kind{verify.Stray},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			c.spoil(d)

			got := check(t, d)
			if diff := cmp.Diff(c.want, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s\n%s", diff, text(t, got))
			}
		})
	}
}

func TestAPartsProblemTellsWhereAndHowMuch(t *testing.T) {
	t.Parallel()

	d := newDraft()
	d.restore(1, pack(lines(entity(3), "", entity(4), "{", entity(5))))

	key := d.parts[1].key
	want := []verify.Problem{
		{Kind: verify.LineJSON, Where: key, What: "lines that are not one JSON object", Got: 2, Positions: []int64{2, 4}},
		{Kind: verify.PartRecords, Where: key, What: "the part holds another number of records than the manifest says", Want: 3, Got: 5},
		{Kind: verify.RecordsTotal, Where: manifest, What: "the parts hold another number of records than the manifest says", Want: 9, Got: 11},
	}

	if diff := cmp.Diff(want, check(t, d).Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestALineBeyondTheLimitIsCountedAndNotLookedInto(t *testing.T) {
	t.Parallel()

	d := newDraft()

	// Of gzip members, since compressing it in one piece takes longer than the whole check.
	d.restore(1, slices.Concat(d.parts[1].body,
		pack(`{"a":"`), bytes.Repeat(pack(strings.Repeat(" ", 1<<20)), 64), pack("\"}\n")))

	want := []verify.Kind{verify.LineTooLong, verify.PartRecords, verify.RecordsTotal}

	got := check(t, d)
	if diff := cmp.Diff(want, kinds(got)); diff != "" || got.Records != 10 {
		t.Errorf("%d records, kinds (-want +got):\n%s", got.Records, diff)
	}

	if at := got.Problems[0].Positions; !slices.Equal(at, []int64{4}) {
		t.Errorf("the line is said to be at %v", at)
	}
}

func flip(p *draftPart, n int) { p.body[n] ^= 0x20 }

// noise is text that hardly compresses.
func noise(n int) string {
	random := rand.New(rand.NewPCG(1, 2))

	text := make([]byte, n)
	for i := range text {
		text[i] = byte('#' + random.IntN(50))
	}

	return string(text)
}
