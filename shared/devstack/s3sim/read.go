package s3sim

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// readObject answers GET and HEAD. Everything it says is of the one object that it opened.
func (e *Endpoint) readObject(w http.ResponseWriter, r *http.Request) error {
	bucket, key := Location(r)
	if err := e.bucketMissing(bucket); err != nil {
		return err
	}
	found, content, err := e.store.open(bucket, key)
	if err != nil {
		return e.hideMissing(err)
	}
	defer content.Close()

	w.Header().Set("ETag", found.etag())
	w.Header().Set("Last-Modified", found.modified.UTC().Format(http.TimeFormat))
	if err := readPrecondition(r.Header, found); err != nil {
		return err
	}
	part, err := requestedRange(r.Header.Get("Range"), found.size)
	if err != nil {
		return err
	}

	status, start, length := http.StatusOK, int64(0), found.size
	if part != nil {
		status, start, length = http.StatusPartialContent, part.Start, part.Length
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, found.size))
	}
	if _, err := content.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("read %s in bucket %s: %w", key, bucket, err)
	}
	writeObjectHeaders(w.Header(), r, found, part != nil)
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		// Too late for an error: the client sees that the body is shorter than its length.
		_, _ = io.CopyN(w, content, length)
	}

	return nil
}

// writeObjectHeaders writes what is stored with an object. Checksums are of the whole object and shown to who asks.
func writeObjectHeaders(header http.Header, r *http.Request, found *object, partial bool) {
	header.Set("Accept-Ranges", "bytes")
	wanted := r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && !partial
	for name, value := range found.headers {
		switch {
		case strings.HasPrefix(name, metaPrefix):
			// Not by Set, which writes capitals: S3 writes small letters, and clients take the name as it is written.
			header[strings.ToLower(name)] = []string{value}
		case !strings.HasPrefix(name, checksumPrefix):
			header.Set(name, value)
		case wanted:
			header.Set(name, value)
			header.Set("X-Amz-Checksum-Type", "FULL_OBJECT")
		}
	}
	for _, name := range []string{
		"Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition", "Content-Encoding",
	} {
		if override := r.URL.Query().Get("response-" + strings.ToLower(name)); override != "" {
			header.Set(name, override)
		}
	}
}

// readPrecondition follows RFC 9110, section 13.2.2, as S3 does: the entity tag's conditions come before the times'.
func readPrecondition(header http.Header, found *object) error {
	modified := found.modified.Truncate(time.Second)

	if match := header.Get("If-Match"); match != "" {
		if !tagMatches(match, found) {
			return gofakes3.ErrPreconditionFailed
		}
	} else if since, err := http.ParseTime(header.Get("If-Unmodified-Since")); err == nil && modified.After(since) {
		return gofakes3.ErrPreconditionFailed
	}

	if none := header.Get("If-None-Match"); none != "" {
		if tagMatches(none, found) {
			return gofakes3.ErrNotModified
		}
	} else if since, err := http.ParseTime(header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		return gofakes3.ErrNotModified
	}

	return nil
}

// tagMatches holds a list of entity tags, or "*", against an object. S3 takes tags without quotes too.
func tagMatches(list string, found *object) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || strings.Trim(tag, `"`) == strings.Trim(found.etag(), `"`) {
			return true
		}
	}

	return false
}

// requestedRange returns the part that a Range header asks for, nil for all of it. A header that is malformed, or names
// several ranges, is as none; a range beyond the end is an error.
func requestedRange(header string, size int64) (*gofakes3.ObjectRange, error) {
	spec, found := strings.CutPrefix(header, "bytes=")
	first, last, split := strings.Cut(spec, "-")
	if !found || !split {
		return nil, nil //nolint:nilnil // no range is a legal range
	}

	request := gofakes3.ObjectRangeRequest{End: gofakes3.RangeNoEnd, FromEnd: first == ""}
	var err error
	if first != "" {
		if request.Start, err = strconv.ParseInt(first, 10, 64); err != nil {
			return nil, nil //nolint:nilnil,nilerr // malformed, so as none
		}
	}
	if last != "" {
		request.End, err = strconv.ParseInt(last, 10, 64)
		if err != nil || request.End < request.Start {
			return nil, nil //nolint:nilnil,nilerr // malformed, so as none
		}
	}
	if request.FromEnd {
		if last == "" {
			return nil, nil //nolint:nilnil // malformed, so as none
		}
		request.End = min(request.End, size)
	}

	part, err := request.Range(size)
	if err != nil {
		return nil, &refusal{
			http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable",
		}
	}

	return part, nil
}
