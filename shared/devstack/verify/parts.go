package verify

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// source is the source's own list, compared with the export line by line.
type source struct {
	lines    *bufio.Scanner // nil: there is none
	lost     bool           // it differed, and what follows cannot be compared
	replaced int64          // its unpaired surrogate escapes
}

// readParts reads all parts, beside the source's own list where there is one.
func (c *check) readParts(ctx context.Context) error {
	if c.Truth != nil {
		list, err := c.Truth(ctx)
		if err != nil {
			return fmt.Errorf("open the source's own list: %w", err)
		}
		defer list.Close()

		c.source.lines, c.report.Compared = linesOf(list), true
	}

	// The API itself may give a record twice in a listing that drifted, and in an interval, which is read window by window.
	if _, windows := c.manifest.Query["interval"]; !windows && c.manifest.Drift == nil && c.Truth == nil {
		c.seen, c.shares = make(map[[16]byte]bool), max(0, c.manifest.Records)/c.digests+1
	}

	for n, p := range c.manifest.Parts {
		if !c.named(n+1, p.Key) {
			c.problem("%q is not named as part %d of this export is", p.Key, n+1)

			continue
		}

		raw, err := c.load(ctx, p.Key)
		if err != nil {
			return err
		}

		if raw != nil {
			c.judgePart(p, raw)
		}

		if !c.report.OK() {
			c.seen = nil // there may be more records than the manifest says, and more digests than fit
		}
	}

	return c.settle()
}

// named reports whether key is a part's of this export: part-NNNNNN-….jsonl.gz in its folder, with that number.
func (c *check) named(number int, key string) bool {
	rest, numbered := strings.CutPrefix(key, fmt.Sprintf("%spart-%06d-", c.partsFolder(), number))
	owner, typed := strings.CutSuffix(rest, ".jsonl.gz")

	return numbered && typed && owner != "" && !strings.Contains(owner, "/")
}

// judgePart compares a part with the manifest.
func (c *check) judgePart(p part, raw []byte) {
	before := c.report.Records
	damage := eachLine(raw, c.judgeLine)
	records, sum := c.report.Records-before, sha256.Sum256(raw)
	c.report.Bytes += int64(len(raw))

	if damage != nil {
		c.problem("%q is damaged behind its record %d: %v", p.Key, records, damage)
	}

	if records != p.Records || records == 0 {
		c.problem("%q has %d records, and the manifest says %d", p.Key, records, p.Records)
	}

	if int64(len(raw)) != p.Bytes || hex.EncodeToString(sum[:]) != p.SHA256 {
		c.problem("%q is of %d bytes with the SHA-256 %x, and the manifest says %d and %q", p.Key, len(raw), sum, p.Bytes, p.SHA256)
	}
}

// judgeLine takes the export's next line.
func (c *check) judgeLine(text []byte) {
	c.report.Records++

	if c.seen != nil {
		c.findRepeat(text)
	}

	if text = bytes.TrimLeft(text, " \t\r"); len(text) == 0 || text[0] != '{' || !json.Valid(text) || !utf8.Valid(text) {
		c.problem("record %d is not one JSON object in UTF-8", c.report.Records)
	}

	if _, unpaired := paired(text); unpaired > 0 {
		c.problem("record %d has an unpaired surrogate escape", c.report.Records)
	}

	c.compare(text)
}

// compare compares the export's next record with the source's, white space and unpaired surrogates aside.
func (c *check) compare(text []byte) {
	s := &c.source

	switch {
	case s.lines == nil || s.lost:
	case !s.lines.Scan():
		s.lost = true
		c.problem("the source's own list ends before record %d", c.report.Records)
	case !bytes.Equal(text, s.lines.Bytes()):
		listed, unpaired := paired(s.lines.Bytes())
		s.replaced += unpaired

		var a, b bytes.Buffer
		if json.Compact(&a, text) != nil || json.Compact(&b, listed) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			s.lost = true
			c.problem("record %d is not that of the source's own list; what follows was not compared", c.report.Records)
		}
	}
}

// settle ends the comparison. The error is that of the source's list.
func (c *check) settle() error {
	s := &c.source

	switch {
	case s.lines == nil:
		return nil
	case s.lost:
	case s.lines.Scan():
		c.problem("the source's own list goes on behind record %d, the export's last", c.report.Records)
	case s.replaced != c.manifest.Replaced:
		c.problem("the manifest says that %d surrogates were replaced, and there are %d", c.manifest.Replaced, s.replaced)
	}

	if err := s.lines.Err(); err != nil {
		return fmt.Errorf("read the source's own list: %w", err)
	}

	return nil
}

// eachLine unpacks a part and visits its lines. The error says why it is not gzip, of whole lines, to its very end.
func eachLine(raw []byte, visit func(text []byte)) error {
	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("no gzip: %w", err)
	}

	lines := linesOf(unpacked)
	for lines.Scan() {
		visit(lines.Bytes())
	}

	return lines.Err()
}

// linesOf splits at line feeds alone; a last line without one is an error.
func linesOf(from io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxObject)

	searched := 0 // of the line, which the scanner shows again with every chunk that it reads

	lines.Split(func(data []byte, atEnd bool) (int, []byte, error) {
		if end := bytes.IndexByte(data[searched:], '\n'); end >= 0 {
			end, searched = end+searched, 0
			return end + 1, data[:end], nil
		}

		if searched = len(data); atEnd && searched > 0 {
			return 0, nil, errors.New("the last line has no line end")
		}

		return 0, nil, nil
	})

	return lines
}

// escape is an escape of a JSON text, with both halves of a pair of surrogates taken as one. Of six bytes is one without
// its other half.
var escape = regexp.MustCompile(`\\u[dD][89abAB][[:xdigit:]]{2}\\u[dD][c-fC-F][[:xdigit:]]{2}|\\u[dD][89a-fA-F][[:xdigit:]]{2}|\\.`)

// paired is text as it is exported, with \ufffd for each unpaired surrogate escape, and how many there are.
func paired(text []byte) (exported []byte, unpaired int64) {
	if !bytes.Contains(text, []byte(`\ud`)) && !bytes.Contains(text, []byte(`\uD`)) {
		return text, 0
	}

	exported = escape.ReplaceAllFunc(text, func(match []byte) []byte {
		if len(match) != len(`\ufffd`) {
			return match
		}

		unpaired++

		return []byte(`\ufffd`)
	})

	return exported, unpaired
}
