package verify

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	// maxLine bounds the memory that one line may take, in bytes: several times the largest entity that a listing's page
	// could carry.
	maxLine = 64 << 20
	// lineBuffer holds usual entities without a copy.
	lineBuffer = 64 << 10
)

// line is one line without its end. text is valid until the next one is read, and empty where tooLong.
type line struct {
	text       []byte
	size       int64 // with the line end
	terminated bool
	tooLong    bool
}

// lineReader splits a stream at line feeds.
type lineReader struct {
	from *bufio.Reader
	long []byte // a line that outgrew the buffer
}

func newLineReader(from io.Reader) *lineReader {
	return &lineReader{from: bufio.NewReaderSize(from, lineBuffer)}
}

// next returns a line, or the stream's error; io.EOF at its end. A last line without a line end is a line where the
// stream ends regularly, and the error's where it does not: then only its size is told.
func (r *lineReader) next() (line, error) {
	var l line

	r.long = r.long[:0]

	for {
		chunk, err := r.from.ReadSlice('\n')
		l.size += int64(len(chunk))

		if l.tooLong = l.tooLong || l.size > maxLine; !l.tooLong && (errors.Is(err, bufio.ErrBufferFull) || len(r.long) > 0) {
			r.long = append(r.long, chunk...)
			chunk = r.long
		}

		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || l.size == 0):
			return line{size: l.size}, err
		}

		if !l.tooLong {
			l.text, l.terminated = bytes.CutSuffix(chunk, []byte{'\n'})
		} else {
			l.terminated = err == nil
		}

		return l, nil
	}
}
