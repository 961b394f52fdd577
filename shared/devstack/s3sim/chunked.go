package s3sim

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// decodedLength returns the length of a body in aws-chunked encoding without the encoding.
func decodedLength(header http.Header) (int64, error) {
	length, err := strconv.ParseInt(header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return 0, &refusal{
			http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.",
		}
	}

	return length, nil
}

// contentEncoding returns the encoding of the object itself, without the transport's "aws-chunked".
func contentEncoding(header http.Header) string {
	var kept []string
	for encoding := range strings.SplitSeq(header.Get("Content-Encoding"), ",") {
		if encoding = strings.TrimSpace(encoding); encoding != "" && encoding != "aws-chunked" {
			kept = append(kept, encoding)
		}
	}

	return strings.Join(kept, ",")
}

// chunked reads a body in aws-chunked encoding: chunks of "size[;extension]\r\n", data and "\r\n", the last of size 0,
// then trailing headers up to an empty line. Signatures, which are extensions, are not checked. Source: "Signature
// calculations: transferring a payload in multiple chunks" in the S3 API reference.
type chunked struct {
	body    *bufio.Reader
	trailer http.Header
	left    int64
	started bool
	err     error
}

// newChunked returns a reader of the data; at its end the trailing headers stand in trailer.
func newChunked(body io.Reader, trailer http.Header) *chunked {
	return &chunked{body: bufio.NewReader(body), trailer: trailer}
}

// Read reads decoded data. A body that ends before its last chunk is an error.
func (c *chunked) Read(p []byte) (int, error) {
	if c.left == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}

	n, err := c.body.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err != nil {
		c.err = errors.New("the body is cut inside a chunk")
	}

	return n, c.err
}

// next reads up to the data of the next chunk; io.EOF after the last.
func (c *chunked) next() error {
	if c.started {
		if line, err := c.line(); err != nil || line != "" {
			return errors.New("a chunk does not end where it says")
		}
	}
	c.started = true

	line, err := c.line()
	if err != nil {
		return err
	}
	digits, _, _ := strings.Cut(line, ";")
	c.left, err = strconv.ParseInt(digits, 16, 64)
	if err != nil || c.left < 0 {
		return errors.New("the size of a chunk is no number")
	}
	if c.left > 0 {
		return nil
	}

	return c.readTrailer()
}

func (c *chunked) readTrailer() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "" {
			return io.EOF
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			return errors.New("a trailing header has no colon")
		}
		c.trailer.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
}

// line reads one short line without its end. The end of the body is an error: a last line tells that all is there.
func (c *chunked) line() (string, error) {
	line, err := c.body.ReadSlice('\n')
	if err != nil {
		return "", errors.New("the body is cut inside a line")
	}

	return strings.TrimRight(string(line), "\r\n"), nil
}
