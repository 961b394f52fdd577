package s3sim

import (
	"errors"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// metaPrefix begins the headers that carry an application's own metadata.
const metaPrefix = "X-Amz-Meta-"

// putObject stores a body under its key, if it is whole and the conditions hold. The conditions are checked where the
// object is placed, under one lock with it.
func (e *Endpoint) putObject(w http.ResponseWriter, r *http.Request) error {
	bucket, key := Location(r)
	conditions, err := putConditions(r.Header)
	if err != nil {
		return err
	}
	if len(key) > gofakes3.KeySizeLimit {
		return gofakes3.ResourceError(gofakes3.ErrKeyTooLong, key)
	}
	if r.ContentLength < 0 && r.Header.Get("X-Amz-Decoded-Content-Length") == "" {
		return gofakes3.ErrMissingContentLength
	}
	if err := e.bucketMissing(bucket); err != nil {
		return err
	}

	draft, err := e.store.stage()
	if err != nil {
		return err
	}
	defer draft.discard()
	received, err := receive(r, draft)
	if err != nil {
		return err
	}

	object := object{size: received.size, md5: received.md5.Sum(nil), headers: storedHeaders(r.Header)}
	for name, sum := range received.headers() {
		object.headers[name] = sum
		w.Header().Set(name, sum)
	}
	if err := e.store.place(bucket, key, draft, object, conditions); err != nil {
		return e.hideMissing(err)
	}
	w.Header().Set("ETag", object.etag())

	return nil
}

// hideMissing turns "not found" of a key into what a caller without s3:ListBucket is told.
func (e *Endpoint) hideMissing(err error) error {
	if coded, ok := errors.AsType[gofakes3.Error](err); ok && e.denyList && coded.ErrorCode() == gofakes3.ErrNoSuchKey {
		return accessDenied()
	}

	return err
}

// putConditions returns the conditions of a put, nil where there are none. S3 knows If-None-Match with an asterisk alone,
// and not both headers in one request.
func putConditions(header http.Header) (*gofakes3.PutConditions, error) {
	match, noneMatch := header.Get("If-Match"), header.Get("If-None-Match")

	switch {
	case match == "" && noneMatch == "":
		return nil, nil //nolint:nilnil // no conditions are a legal set of conditions
	case match != "" && noneMatch != "":
		return nil, notImplemented("If-Match and If-None-Match in one put")
	case match != "":
		return &gofakes3.PutConditions{IfMatch: &match}, nil
	case noneMatch != "*":
		return nil, notImplemented("If-None-Match with anything but an asterisk in a put")
	}

	return &gofakes3.PutConditions{IfNoneMatch: &noneMatch}, nil
}

// storedHeaders returns the request headers that S3 keeps with an object, and the defaults.
func storedHeaders(header http.Header) map[string]string {
	kept := make(map[string]string)
	for name, values := range header {
		if len(values) > 0 && isStored(name) && values[0] != "" {
			kept[name] = values[0]
		}
	}
	delete(kept, "Content-Encoding")
	if encoding := contentEncoding(header); encoding != "" {
		kept["Content-Encoding"] = encoding
	}
	if kept["Content-Type"] == "" {
		kept["Content-Type"] = "binary/octet-stream"
	}

	return kept
}

func isStored(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Cache-Control", "Expires",
		"X-Amz-Storage-Class", "X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
		return true
	}

	return strings.HasPrefix(name, metaPrefix)
}
