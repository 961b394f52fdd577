package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
)

// maxDigests is about how many digests of records are kept at a time: some 50 MB.
const maxDigests = 2 << 20

// findRepeat looks for the next record among those before it. It keeps one share of all digests: those of the other shares are
// looked at when the parts are read again.
func (c *check) findRepeat(record []byte) {
	c.line++

	sum := sha256.Sum256(record)
	digest := [16]byte(sum[:])

	switch {
	case int64(binary.BigEndian.Uint32(digest[:]))%c.shares != c.share:
	case c.seen[digest]:
		c.problem("record %d stands in the export before", c.line)
	default:
		c.seen[digest] = true
	}
}

// findRepeats reads the parts again for each further share of the digests, where nothing is wrong so far.
func (c *check) findRepeats(ctx context.Context) error {
	for c.share = 1; c.share < c.shares && c.report.OK(); c.share++ {
		c.line = 0
		clear(c.seen)

		for _, p := range c.manifest.Parts {
			raw, err := c.load(ctx, p.Key)
			if err != nil {
				return err
			}

			if eachLine(raw, c.findRepeat) != nil {
				c.problem("%q was changed while it was checked", p.Key)
			}
		}
	}

	return nil
}
