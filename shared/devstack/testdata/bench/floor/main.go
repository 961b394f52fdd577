// Command floor is the least that an exporter does: it reads a listing page by page, inflates each page by the standard
// library, and throws it away.
package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct{ Origin, Path, Token string }

func main() { lambda.Start(read) }

// nextLink stands behind a page's entities.
var nextLink = regexp.MustCompile(`"nextUri":"([^"]+)"`)

func read(ctx context.Context, e event) (pages int, err error) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // costs less than HTTP/2
	client := &http.Client{Transport: &http.Transport{Protocols: protocols, DisableCompression: true}}
	inflate := new(gzip.Reader)

	for path := e.Path; path != ""; pages++ {
		end, err := readPage(ctx, client, e.Origin+path, e.Token, inflate)
		if err != nil {
			return pages, err
		}

		if path = ""; nextLink.Match(end) {
			path = string(nextLink.FindSubmatch(end)[1])
		}
	}

	return pages, nil
}

// readPage returns the page's end.
func readPage(ctx context.Context, client *http.Client, url, token string, inflate *gzip.Reader) (end tail, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}

	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept-Encoding", "gzip")

	reply, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()

	if reply.StatusCode != http.StatusOK || reply.Header.Get("Content-Encoding") != "gzip" {
		return nil, fmt.Errorf("the page has status %d and encoding %q", reply.StatusCode, reply.Header.Get("Content-Encoding"))
	}

	if err := inflate.Reset(reply.Body); err != nil {
		return nil, err
	}

	_, err = io.Copy(&end, inflate)

	return end, err
}

// tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	const size = 4096
	if *t = append(*t, p[max(0, len(p)-size):]...); len(*t) > size {
		*t = append((*t)[:0], (*t)[len(*t)-size:]...)
	}

	return len(p), nil
}
