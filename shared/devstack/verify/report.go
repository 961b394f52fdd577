package verify

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// evidence is how many positions, or strays, are named before the rest is only counted.
const evidence = 5

// Report is what was counted in an export, and what is wrong with it.
type Report struct {
	// ExportID and Listing are the ones asked for.
	ExportID, Listing string
	// Pages is how many pages the manifest says were fetched; it cannot be counted from the outside.
	Pages int64
	// Parts is how many parts the manifest names.
	Parts int
	// Records is how many lines all parts hold, as counted.
	Records int64
	// Bytes is the parts' size as stored (compressed), UncompressedBytes their lines' with the line ends, as counted.
	Bytes, UncompressedBytes int64
	// Compared says whether the export was held against the source's own list, and SourceRecords how long that is.
	Compared      bool
	SourceRecords int64
	// Strays is how many objects lie among the parts unnamed. The first five are also problems.
	Strays int64
	// Problems is everything that is wrong, in the order in which it was found.
	Problems []Problem
}

// Problem is one thing that is wrong with an export. It holds no entity's content.
type Problem struct {
	// Kind names the check that failed.
	Kind Kind
	// Where is the key of the object it was seen in, or "export" for what concerns all parts together, or "source" for
	// what concerns the source's own list.
	Where string
	// What says it in words.
	What string
	// Want and Got are the numbers that should agree. Where occurrences are counted Got counts them and Want is 0; both
	// are 0 where there is nothing to count.
	Want, Got int64
	// Positions are the first five occurrences, from 1: lines where Where is a part's key or "source", else numbers of
	// records in the whole export.
	Positions []int64
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Write prints the report as a short text for people: a verdict, the counts, one line a problem. Whatever comes out of
// the bucket is printed escaped. The error is the writer's.
func (r Report) Write(w io.Writer) error {
	var text strings.Builder

	verdict := "good"
	if !r.OK() {
		verdict = "bad, problems: " + strconv.Itoa(len(r.Problems))
	}

	fmt.Fprintf(&text, "export %s of %s: %s\n", printable(r.ExportID), printable(r.Listing), verdict)
	fmt.Fprintf(&text, "  %d records, %d pages, %d parts, %d bytes stored, %d bytes of lines\n",
		r.Records, r.Pages, r.Parts, r.Bytes, r.UncompressedBytes)

	if r.Compared {
		fmt.Fprintf(&text, "  compared line by line with the source's own list of %d\n", r.SourceRecords)
	}

	if r.Strays > 0 {
		fmt.Fprintf(&text, "  %d objects among the parts that the manifest does not name\n", r.Strays)
	}

	for _, p := range r.Problems {
		p.write(&text)
	}

	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}

	return nil
}

func (p Problem) write(text *strings.Builder) {
	fmt.Fprintf(text, "  - %s: %s: %s", p.Kind, printable(p.Where), printable(p.What))

	switch {
	case len(p.Positions) > 0 && p.Got > 0:
		fmt.Fprintf(text, " (%d)", p.Got)
	case p.Want != p.Got:
		fmt.Fprintf(text, " (want %d, got %d)", p.Want, p.Got)
	}

	if len(p.Positions) > 0 {
		text.WriteString(", at " + strings.Trim(fmt.Sprint(p.Positions), "[]"))
	}

	if p.Got > int64(len(p.Positions)) && len(p.Positions) == evidence {
		text.WriteString(" …")
	}

	text.WriteByte('\n')
}

// printable keeps control characters off a terminal.
func printable(s string) string {
	quoted := strconv.QuoteToGraphic(s)

	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func (r *Report) add(p Problem) { r.Problems = append(r.Problems, p) }

// addTally reports occurrences where there are any.
func (r *Report) addTally(kind Kind, where, what string, t tally) {
	if t.count > 0 {
		r.add(Problem{Kind: kind, Where: where, What: what, Got: t.count, Positions: t.positions})
	}
}

// tally counts occurrences and remembers the first few.
type tally struct {
	count     int64
	positions []int64
}

func (t *tally) add(position int64) {
	t.count++

	if len(t.positions) < evidence {
		t.positions = append(t.positions, position)
	}
}
