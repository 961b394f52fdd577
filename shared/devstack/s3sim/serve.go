package s3sim

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// ServeHTTP answers one request of S3's REST protocol.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	w.Header().Set("X-Amz-Request-Id", id)
	w.Header().Set("X-Amz-Id-2", id+id)
	w.Header().Set("Server", "AmazonS3")

	if err := e.serve(w, r); err != nil {
		e.writeError(w, r, cmp.Or(e.diskFull(err), err))
	}
}

func (e *Endpoint) serve(w http.ResponseWriter, r *http.Request) error {
	operation := Operation(r)
	if err := e.refuse(operation, r); err != nil {
		return err
	}

	switch operation {
	case "PutObject":
		return e.putObject(w, r)
	case "GetObject", "HeadObject":
		return e.readObject(w, r)
	case "ListObjects", "ListObjectsV2":
		return e.listObjects(w, r, operation == "ListObjectsV2")
	case "CreateBucket":
		if bucket, _ := Location(r); e.hasBucket(bucket) {
			return &refusal{http.StatusConflict, "BucketAlreadyOwnedByYou", "the bucket exists, and is yours"}
		}
	}

	checked, err := verified(r)
	if err != nil {
		return err
	}
	e.fallback.ServeHTTP(&xmlWriter{ResponseWriter: w}, checked)

	return nil
}

// refuse refuses what is unknown here, what the caller may not do, and conditions that would be silently ignored.
func (e *Endpoint) refuse(operation string, r *http.Request) error {
	version := r.URL.Query().Get("versionId")

	switch {
	case operation == "":
		return notImplemented("the operation of this method and these query parameters")
	case version != "" && version != "null":
		return notImplemented("a version of an object")
	case e.denyList && (strings.HasPrefix(operation, "List") && operation != "ListParts" || operation == "HeadBucket"):
		return accessDenied()
	case operation == "PutObject", operation == "GetObject", operation == "HeadObject":
		return nil
	}

	for name := range r.Header {
		conditional := strings.TrimPrefix(name, "X-Amz-Copy-Source-")
		if strings.HasPrefix(conditional, "If-") && !strings.HasPrefix(operation, "List") {
			return notImplemented("the header " + name + " with " + operation)
		}
	}

	return nil
}

func (e *Endpoint) hasBucket(bucket string) bool {
	exists, err := e.store.BucketExists(bucket)

	return err == nil && exists
}

// verified returns a request whose body was read to its end and verified, free of the transport's encoding.
func verified(r *http.Request) (*http.Request, error) {
	var body bytes.Buffer
	if _, err := receive(r, &body); err != nil {
		return nil, err
	}

	checked := r.Clone(r.Context())
	checked.Body = io.NopCloser(&body)
	checked.ContentLength = int64(body.Len())
	checked.TransferEncoding = nil
	if r.ContentLength != 0 {
		checked.Header.Set("Content-Length", strconv.Itoa(body.Len()))
	}
	checked.Header.Del("Content-Md5")
	if encoding := contentEncoding(r.Header); encoding == "" {
		checked.Header.Del("Content-Encoding")
	} else {
		checked.Header.Set("Content-Encoding", encoding)
	}

	return checked, nil
}

// xmlWriter says that a body without a content type is XML, before the body says so itself.
type xmlWriter struct{ http.ResponseWriter }

// Write writes to the reply's body.
func (w *xmlWriter) Write(p []byte) (int, error) {
	if len(p) > 0 && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/xml")
	}

	return w.ResponseWriter.Write(p)
}

// WriteHeader writes the reply's status and headers.
func (w *xmlWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/xml")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves [http.ResponseController].
func (w *xmlWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bucketMissing returns an error where there is no such bucket.
func (e *Endpoint) bucketMissing(bucket string) error {
	exists, err := e.store.BucketExists(bucket)
	if err != nil {
		return fmt.Errorf("look for bucket %s: %w", bucket, err)
	}
	if !exists {
		return gofakes3.BucketNotFound(bucket)
	}

	return nil
}
