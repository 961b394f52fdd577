// Command floor is the least that an exporter does: it reads a listing page by page, inflates each page by the standard
// library, and throws it away.
package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct{ URL, Token string }

type result struct{ Pages, Bytes int64 }

func main() { lambda.Start(read) }

// nextLink stands behind a page's entities.
var nextLink = regexp.MustCompile(`"nextUri":"([^"]+)"`)

func read(ctx context.Context, e event) (total result, err error) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // costs less than HTTP/2
	client := &http.Client{Transport: &http.Transport{Protocols: protocols, DisableCompression: true}}
	page, err := url.Parse(e.URL)

	var (
		inflate gzip.Reader
		end     tail
	)

	for err == nil && page != nil {
		end.kept = end.kept[:0]
		if err = readPage(ctx, client, page.String(), e.Token, &inflate, &end); err != nil {
			break
		}

		total.Pages++
		total.Bytes += end.written
		end.written = 0

		found := nextLink.FindSubmatch(end.kept)
		if found == nil {
			return total, nil
		}

		page, err = page.Parse(string(found[1]))
	}

	return total, err
}

func readPage(ctx context.Context, client *http.Client, address, token string, inflate *gzip.Reader, into io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}

	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept-Encoding", "gzip")

	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()

	if reply.StatusCode != http.StatusOK || reply.Header.Get("Content-Encoding") != "gzip" {
		return fmt.Errorf("the page has status %d and encoding %q", reply.StatusCode, reply.Header.Get("Content-Encoding"))
	}

	if err := inflate.Reset(reply.Body); err != nil {
		return err
	}

	_, err = io.Copy(into, inflate)

	return err
}

// tail keeps the end of what is written to it.
type tail struct {
	kept    []byte
	written int64
}

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.written += int64(len(p))
	t.kept = append(t.kept, p[max(0, len(p)-tailSize):]...)
	t.kept = t.kept[:copy(t.kept, t.kept[max(0, len(t.kept)-tailSize):])]

	return len(p), nil
}
