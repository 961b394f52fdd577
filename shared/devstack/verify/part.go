package verify

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxKey is the longest key that S3 takes, in bytes.
const maxKey = 1024

// readPart streams one part: object → size and SHA-256 → gzip → lines → books. place is its index in the manifest.
func (i *inspection) readPart(ctx context.Context, place int, p part, books *ledger) error {
	if p.key == "" || len(p.key) > maxKey {
		return nil // reported with the manifest; asking for it would look like a failure to look
	}

	object, found, err := i.store.open(ctx, p.key)
	if err != nil {
		return err
	}

	if !found {
		i.report.add(Problem{Kind: PartMissing, Where: p.key, What: fmt.Sprintf("part %d of the manifest is not in the bucket", place+1)})

		return nil
	}
	defer object.Body.Close()

	if encoding := aws.ToString(object.ContentEncoding); encoding != "" {
		i.report.add(Problem{Kind: PartEncoding, Where: p.key, What: fmt.Sprintf("has the Content-Encoding %q, and must have none", encoding)})
	}

	stored := &stored{from: object.Body, sum: sha256.New()}
	unpacked := &gunzip{from: bufio.NewReader(stored)}

	contents, err := readLines(unpacked, books)
	if err != nil {
		return fmt.Errorf("part %d of the manifest: %w", place+1, err)
	}

	// What a damaged stream left unread belongs to the object all the same. The error is in stored.
	_, _ = io.Copy(io.Discard, stored)

	if stored.err != nil {
		return fmt.Errorf("read s3://%s/%s, try again: %w", i.config.Bucket, p.key, stored.err)
	}

	i.judgeStored(p, stored)
	i.judgeContents(p, contents, unpacked.damage)

	return nil
}

func (i *inspection) judgeStored(p part, s *stored) {
	i.report.Bytes += s.size

	if s.size != p.bytes {
		i.report.add(Problem{
			Kind: PartBytes, Where: p.key, What: "the object has another size than the manifest says",
			Want: p.bytes, Got: s.size,
		})
	}

	if got := hex.EncodeToString(s.sum.Sum(nil)); got != p.sha256 {
		i.report.add(Problem{
			Kind: PartSHA256, Where: p.key,
			What: fmt.Sprintf("the object's sha256 begins %.12s, the manifest says %.12s", got, p.sha256),
		})
	}
}

func (i *inspection) judgeContents(p part, c contents, damage Kind) {
	i.report.UncompressedBytes += c.bytes

	if damage != "" {
		i.report.add(Problem{Kind: damage, Where: p.key, What: inWords(damage)})
	}

	i.report.addTally(LineJSON, p.key, "lines that are not one JSON object", c.notJSON)
	i.report.addTally(LineTooLong, p.key, fmt.Sprintf("lines of more than %d bytes", maxLine), c.tooLong)

	if c.unterminated {
		i.report.add(Problem{Kind: LineUnterminated, Where: p.key, What: "the last line has no line end", Positions: []int64{c.lines}})
	}

	if c.lines == 0 {
		i.report.add(Problem{Kind: PartEmpty, Where: p.key, What: "there is no record in it"})
	}

	if c.lines != p.records {
		i.report.add(Problem{
			Kind: PartRecords, Where: p.key, What: "the part holds another number of records than the manifest says",
			Want: p.records, Got: c.lines,
		})
	}
}

// inWords says what a gzip stream's damage is.
func inWords(damage Kind) string {
	switch damage {
	case GzipIncomplete:
		return "the gzip stream is cut off"
	case GzipTrailing:
		return "something that is no gzip follows the gzip stream"
	default:
		return "is no gzip, or damaged"
	}
}

// contents is what was counted in one part's lines.
type contents struct {
	lines, bytes     int64
	notJSON, tooLong tally
	unterminated     bool
}

// readLines takes lines until the stream ends or turns out damaged; a line that the damage cut is none. The error is
// that of the source's own list.
func readLines(from io.Reader, books *ledger) (contents, error) {
	var c contents

	for lines := newLineReader(from); ; {
		l, err := lines.next()
		c.bytes += l.size

		if err != nil {
			return c, nil //nolint:nilerr // the end, or damage that gunzip and stored have taken down
		}

		c.lines++
		c.unterminated = !l.terminated

		if l.tooLong {
			c.tooLong.add(c.lines)
			books.skip()

			continue
		}

		entity, err := books.enter(l.text)
		if err != nil {
			return c, err
		}

		if !entity {
			c.notJSON.add(c.lines)
		}
	}
}

// stored counts and hashes an object as it lies in the bucket, and remembers an error that is the network's.
type stored struct {
	from io.Reader
	sum  hash.Hash
	size int64
	err  error
}

func (s *stored) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.size += int64(n)
	s.sum.Write(p[:n]) // a hash never fails

	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}

	return n, err
}
