package verify

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

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
	}

	return c.settle()
}

// named reports whether key is a part's of this export: part-NNNNNN-….jsonl.gz in its folder, with that number.
func (c *check) named(number int, key string) bool {
	rest, numbered := strings.CutPrefix(key, fmt.Sprintf("%spart-%06d-", c.partsFolder(), number))
	owner, typed := strings.CutSuffix(rest, ".jsonl.gz")

	return numbered && typed && owner != "" && !strings.Contains(owner, "/")
}

// judgePart holds a part against the manifest.
func (c *check) judgePart(p part, raw []byte) {
	before := c.report.Records
	damage := eachLine(raw, c.judgeLine)
	records, sum := c.report.Records-before, sha256.Sum256(raw)
	c.report.Bytes += int64(len(raw))

	if damage != nil {
		c.problem("%q is damaged behind its record %d: %v", p.Key, records, damage)
	}

	if records != p.Records || records == 0 {
		c.problem("%q holds %d records, and the manifest says %d", p.Key, records, p.Records)
	}

	if int64(len(raw)) != p.Bytes || hex.EncodeToString(sum[:]) != p.SHA256 {
		c.problem("%q is of %d bytes with the SHA-256 %x, and the manifest says %d and %q", p.Key, len(raw), sum, p.Bytes, p.SHA256)
	}
}

// judgeLine takes the export's next line.
func (c *check) judgeLine(text []byte) {
	c.report.Records++

	if text = bytes.TrimLeft(text, " \t\r"); len(text) == 0 || text[0] != '{' || !json.Valid(text) || !utf8.Valid(text) {
		c.problem("record %d is not one JSON object in UTF-8", c.report.Records)
	}

	if _, unpaired := paired(text); unpaired > 0 {
		c.problem("record %d has an unpaired surrogate escape", c.report.Records)
	}

	c.compare(text)
}

// findRepeats looks for records that stand in the export twice, byte for byte, where no source has shown that there are none:
// a share of the records at a time, so that memory is bounded. It is no problem where the API gives them twice by itself: in
// a listing that drifted, and in one of an interval, which is read window by window.
func (c *check) findRepeats(ctx context.Context) error {
	if _, windows := c.manifest.Query["interval"]; windows || c.manifest.Drift != nil || c.report.Compared || !c.report.OK() {
		return nil
	}

	shares := uint64(c.report.Records/c.digests) + 1 //nolint:gosec // a count is not negative
	for share := range shares {
		seen, record := make(map[[16]byte]bool), 0

		for _, p := range c.manifest.Parts {
			raw, err := c.load(ctx, p.Key)
			if err != nil {
				return err
			}

			damage := eachLine(raw, func(text []byte) {
				record++

				sum := sha256.Sum256(text)
				if digest := [16]byte(sum[:]); binary.BigEndian.Uint64(sum[16:])%shares == share {
					if seen[digest] {
						c.problem("record %d stands in the export before", record)
					}

					seen[digest] = true
				}
			})
			if damage != nil {
				c.problem("%q changed while it was read: %v", p.Key, damage)
			}
		}
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
