package verify_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestAReportReadsAsAShortText(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		report verify.Report
		want   string
	}{
		"good": {
			verify.Report{ExportID: "a", Listing: "users", Pages: 2, Parts: 1, Records: 3, Bytes: 40, UncompressedBytes: 90},
			"export a of users: good\n  3 records, 2 pages, 1 parts, 40 bytes stored, 90 bytes of lines\n",
		},
		"bad": {
			verify.Report{
				ExportID: "a", Listing: "users", Compared: true, SourceRecords: 9, Strays: 1,
				Problems: []verify.Problem{
					{Kind: verify.PartBytes, Where: "k", What: "size", Want: 7},
					{Kind: verify.SourceMissing, Where: "source", What: "missing", Got: 6, Positions: []int64{1, 2, 3, 4, 5}},
					{Kind: verify.LineUnterminated, Where: "k", What: "open", Positions: []int64{8}},
					{Kind: verify.Stray, Where: "\x1b[2J\n\"ü\"", What: "there"},
				},
			},
			"export a of users: bad, problems: 4\n" +
				"  0 records, 0 pages, 0 parts, 0 bytes stored, 0 bytes of lines\n" +
				"  compared line by line with the source's own list of 9\n" +
				"  1 objects among the parts that the manifest does not name\n" +
				"  - part_bytes: k: size (want 7, got 0)\n" +
				"  - source_missing: source: missing (6), at 1 2 3 4 5 …\n" +
				"  - line_unterminated: k: open, at 8\n" +
				"  - stray: \\x1b[2J\\n\"ü\": there\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(text(t, c.report), "\n")); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// full is a disk that takes nothing.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestAReportThatCannotBePrintedIsAnError(t *testing.T) {
	t.Parallel()

	want := errors.New("no space")
	if got := (verify.Report{}).Write(full{want}); !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
