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
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line that is read: several times what an entity takes.
const maxLine = 32 << 20

// readParts reads all parts, beside the source's list where there is one.
func (c *check) readParts(ctx context.Context) error {
	// The API itself may give a record twice in a listing that drifted, and in an interval, which is read window by window.
	_, windows := c.manifest.Query["interval"]

	switch {
	case c.Truth != nil:
		list, written := io.Pipe()
		defer func() { _ = list.Close() }() // never fails

		go func() { written.CloseWithError(c.Truth(written)) }()

		c.list = linesOf(list)
	case !windows && c.manifest.Drift == nil:
		c.seen = make(map[[16]byte]bool)
	}

	for n, p := range c.manifest.Parts {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}

		name, inFolder := strings.CutPrefix(p.Key, c.partsFolder()+"/")
		if named, _ := path.Match(fmt.Sprintf("part-%06d-?*.jsonl.gz", n+1), name); !named || !inFolder {
			return failed("%q is not named as part %d of this export is", p.Key, n+1)
		}

		if err := c.readPart(p); err != nil {
			return err
		}
	}

	return c.compare(nil)
}

// readPart compares a part with the manifest, and reads its records.
func (c *check) readPart(p part) error {
	raw, err := c.load(p.Key)
	if err != nil {
		return err
	}

	if sum := sha256.Sum256(raw); int64(len(raw)) != p.Bytes || hex.EncodeToString(sum[:]) != p.SHA256 {
		return failed("%q is of %d bytes with the SHA-256 %x, and the manifest says %d and %q", p.Key, len(raw), sum, p.Bytes, p.SHA256)
	}

	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return failed("%q is no gzip: %v", p.Key, err)
	}

	lines, before := linesOf(unpacked), c.report.Records
	for lines.Scan() {
		if err := c.readRecord(lines.Bytes()); err != nil {
			return err
		}
	}

	records := c.report.Records - before

	switch err := lines.Err(); {
	case err != nil:
		return failed("%q is damaged behind its record %d: %v", p.Key, records, err)
	case records != p.Records || records == 0:
		return failed("%q has %d records, and the manifest says %d", p.Key, records, p.Records)
	}

	c.report.Bytes += p.Bytes

	return nil
}

// readRecord takes the export's next line.
func (c *check) readRecord(line []byte) error {
	c.report.Records++

	var compact bytes.Buffer
	if json.Compact(&compact, line) != nil || compact.Bytes()[0] != '{' || !utf8.Valid(line) {
		return failed("record %d is not one JSON object in UTF-8", c.report.Records)
	}

	record := compact.Bytes()
	if _, unpaired := paired(record); unpaired > 0 {
		return failed("record %d has an unpaired surrogate escape", c.report.Records)
	}

	if sum := sha256.Sum256(record); c.seen != nil {
		if c.seen[[16]byte(sum[:])] {
			return failed("record %d was in the export before", c.report.Records)
		}

		c.seen[[16]byte(sum[:])] = true
	}

	return c.compare(record)
}

// compare compares a record, nil behind the last one, with the next one of the source's list, if there is one, white space and
// unpaired surrogates aside.
func (c *check) compare(record []byte) error {
	if c.list == nil {
		return nil
	}

	more := c.list.Scan()

	switch err := c.list.Err(); {
	case err != nil:
		return fmt.Errorf("read the source's list: %w", err)
	case more && record == nil:
		return failed("the source's list goes on behind record %d, the export's last", c.report.Records)
	case !more && record != nil:
		return failed("the source's list ends before record %d", c.report.Records)
	case !more && c.replaced != c.manifest.Replaced:
		return failed("the manifest says that %d surrogates were replaced, and there are %d", c.manifest.Replaced, c.replaced)
	case !more:
		return nil
	}

	listed, unpaired := paired(c.list.Bytes())
	c.replaced += unpaired

	var compact bytes.Buffer
	if json.Compact(&compact, listed) != nil || !bytes.Equal(record, compact.Bytes()) {
		return failed("record %d is not that of the source's list", c.report.Records)
	}

	return nil
}

// linesOf splits at line feeds alone; a last line without one is an error.
func linesOf(from io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	lines.Split(func(data []byte, atEnd bool) (int, []byte, error) {
		if end := bytes.IndexByte(data, '\n'); end >= 0 {
			return end + 1, data[:end], nil
		}

		if atEnd && len(data) > 0 {
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
