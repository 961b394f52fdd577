package verify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// source is the source's own list, held against the export line by line.
type source struct {
	lines    *bufio.Scanner // nil: there is none
	lost     bool           // it differed, and what follows cannot be compared
	replaced int64          // its unpaired surrogate escapes
}

// compare holds the export's next record against the source's, white space and unpaired surrogates aside.
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
	case s.lines == nil || s.lost:
	case s.lines.Scan():
		c.problem("the source's own list goes on behind record %d, the export's last", c.report.Records)
	case s.replaced != c.manifest.Replaced:
		c.problem("the manifest says that %d surrogates were replaced, and there are %d", c.manifest.Replaced, s.replaced)
	}

	if s.lines != nil && s.lines.Err() != nil {
		return fmt.Errorf("read the source's own list: %w", s.lines.Err())
	}

	return nil
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
