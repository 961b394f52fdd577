package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// comparison holds an export's records against the source's own list.
//
// As long as both agree, line is held against line and nothing is remembered. At the first difference the rest of the
// source's list is indexed by fingerprints, since from there on only they can tell what is missing from what has moved.
// All methods work on nil, which compares nothing.
type comparison struct {
	source  *lineReader
	lines   int64 // read off the source
	compact bytes.Buffer
	index   map[entityKey]listed // nil as long as all lines agree

	furthest                           int64 // the last line of the source met so far
	missing, extra, different, unorder tally
}

// listed is one line of the source's list.
type listed struct {
	line   int64
	digest digest
	met    bool
}

func newComparison(source io.Reader) *comparison {
	return &comparison{source: newLineReader(source)}
}

// enter takes the export's next record. The error is that of the source's list.
func (c *comparison) enter(record int64, entity []byte, mark fingerprint) error {
	if c == nil {
		return nil
	}

	if c.index == nil {
		more, err := c.next()
		if err != nil {
			return err
		}

		if more && bytes.Equal(entity, c.compact.Bytes()) {
			return nil
		}

		if err := c.indexRest(more); err != nil {
			return err
		}
	}

	c.place(record, mark)

	return nil
}

func (c *comparison) place(record int64, mark fingerprint) {
	entry, known := c.index[mark.key]
	if !known || entry.met {
		c.extra.add(record)

		return
	}

	entry.met = true
	c.index[mark.key] = entry

	if entry.digest != mark.digest {
		c.different.add(record)
	}

	if entry.line < c.furthest {
		c.unorder.add(record)
	}

	c.furthest = max(c.furthest, entry.line)
}

// indexRest takes in the line that was just read, if there was one, and all that follow.
func (c *comparison) indexRest(more bool) error {
	c.index = make(map[entityKey]listed)

	for more {
		mark := fingerprintOf(c.compact.Bytes())
		if earlier, twice := c.index[mark.key]; twice {
			return fmt.Errorf("the source's own list has the entity of line %d again in line %d: it is no list to check against",
				earlier.line, c.lines)
		}

		c.index[mark.key] = listed{line: c.lines, digest: mark.digest}

		var err error
		if more, err = c.next(); err != nil {
			return err
		}
	}

	return nil
}

// next reads one line of the source's list into compact; false at its end.
func (c *comparison) next() (bool, error) {
	l, err := c.source.next()

	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the source's own list after line %d: %w", c.lines, err)
	}

	c.lines++

	if l.tooLong || !compactObject(&c.compact, l.text) {
		return false, fmt.Errorf("line %d of the source's own list is no JSON object of at most %d bytes", c.lines, maxLine)
	}

	return true, nil
}

// settle reads what is left of the source's list and reports. The error is that of the source's list.
func (c *comparison) settle(report *Report) error {
	if c == nil {
		return nil
	}

	if c.index == nil {
		more, err := c.next()
		if err != nil {
			return err
		}

		if err := c.indexRest(more); err != nil {
			return err
		}
	}

	c.countMissing()

	report.Compared, report.SourceRecords = true, c.lines
	report.addTally(SourceMissing, "source", "entities that the source lists and the export lacks", c.missing)
	report.addTally(SourceExtra, "export", "records that the source does not list, or not as often", c.extra)
	report.addTally(SourceDifferent, "export", "records that differ from the source's entity of that id", c.different)
	report.addTally(SourceOrder, "export", "records that stand after one that the source lists later", c.unorder)

	return nil
}

func (c *comparison) countMissing() {
	var lines []int64

	for _, entry := range c.index {
		if !entry.met {
			lines = append(lines, entry.line)
		}
	}

	slices.Sort(lines)

	for _, l := range lines {
		c.missing.add(l)
	}
}
