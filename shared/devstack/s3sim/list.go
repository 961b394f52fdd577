package s3sim

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// maxPage is how many lines a page of a listing has at most, and by default.
const maxPage = 1000

// page is S3's XML of a page of a listing.
type page struct {
	XMLName                 xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix, Delimiter string
	MaxKeys, KeyCount       int
	IsTruncated             bool
	NextContinuationToken   string `xml:",omitempty"`
	Contents                []listed
	CommonPrefixes          []struct{ Prefix string }
}

type listed struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

// list answers ListObjectsV2. Keys are not encoded, and the reply says so: no key is here that XML cannot contain.
func (e *Endpoint) list(w http.ResponseWriter, r *http.Request, bucket string) error {
	if e.config.DenyList {
		return accessDenied()
	}
	query := r.URL.Query()
	size, err := strconv.Atoi(cmp.Or(query.Get("max-keys"), strconv.Itoa(maxPage)))
	if err != nil || size < 1 {
		return invalidArgument("max-keys must be a number from 1")
	}

	reply := page{Name: bucket, Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), MaxKeys: min(size, maxPage)}
	if err := e.fill(&reply, query.Get("continuation-token")); err != nil {
		return err
	}

	writeXML(w, r, http.StatusOK, reply)

	return nil
}

// fill puts the page's lines into it: those behind last, the last line of the page before, which is the continuation token. Keys
// that have the delimiter behind the prefix are rolled up into one line.
func (e *Endpoint) fill(p *page, last string) error {
	e.mu.Lock()
	defer e.mu.Unlock()

	names, err := e.folder.names(p.Name, p.Prefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		key := strings.TrimPrefix(name, p.Name+"/")
		line := p.rolledUp(key)
		if line <= last {
			continue
		}
		if p.KeyCount == p.MaxKeys {
			p.IsTruncated, p.NextContinuationToken = true, last
			return nil
		}
		p.KeyCount, last = p.KeyCount+1, line
		if line != key {
			p.CommonPrefixes = append(p.CommonPrefixes, struct{ Prefix string }{line})
			continue
		}
		found, err := e.find(name)
		if err != nil {
			return err
		}
		p.Contents = append(p.Contents, listed{
			key, found.modified.UTC().Format("2006-01-02T15:04:05.000Z"), found.etag, found.size, "STANDARD",
		})
	}

	return nil
}

// rolledUp returns the line of a listing of a key: itself, or what it has in common with others.
func (p *page) rolledUp(key string) string {
	head, _, found := strings.Cut(key[len(p.Prefix):], p.Delimiter)
	if p.Delimiter == "" || !found {
		return key
	}

	return p.Prefix + head + p.Delimiter
}
