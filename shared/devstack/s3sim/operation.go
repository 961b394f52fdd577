package s3sim

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
)

// Location returns the bucket and the key that a request is about; either may be empty.
func Location(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket, key
}

// Operation returns the name of the operation that a request asks for ("PutObject", "ListObjectsV2", …), and "" where this package has
// none: with another query parameter or header it is another operation, or expects what does not come. The body stays unread.
func Operation(r *http.Request) string {
	operation, known := operationOf(r)
	known = append(known, "x-id", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent")

	for name := range r.URL.Query() {
		if !slices.Contains(known, name) {
			return ""
		}
	}
	for name := range r.Header {
		if (strings.HasPrefix(name, "X-Amz-") || strings.HasPrefix(name, "If-")) && !slices.Contains(known, name) {
			return ""
		}
	}

	return operation
}

// operationOf is the operation by method and path alone, and its query parameters and headers.
func operationOf(r *http.Request) (name string, parameters []string) {
	bucket, key := Location(r)
	reads := []string{"If-Match", "If-None-Match", "X-Amz-Checksum-Mode"}

	switch {
	case bucket == "":
		return "", nil
	case key == "" && r.Method == http.MethodPut:
		return "CreateBucket", nil
	case key == "" && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		return "ListObjectsV2", []string{"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "encoding-type"}
	case key == "":
		return "", nil
	case r.Method == http.MethodGet:
		return "GetObject", reads
	case r.Method == http.MethodHead:
		return "HeadObject", reads
	case r.Method == http.MethodPut:
		return "PutObject", []string{"If-Match", "If-None-Match", "X-Amz-Sdk-Checksum-Algorithm", crc32Header, crc64Header, sha256Header}
	case r.Method == http.MethodDelete:
		return "DeleteObject", nil
	}

	return "", nil
}

// ServeHTTP answers one request of S3's REST protocol.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amz-Request-Id", rand.Text())
	if err := e.serve(w, r); err != nil {
		e.refusalOf(err).write(w, r)
	}
}

func (e *Endpoint) serve(w http.ResponseWriter, r *http.Request) error {
	operation := Operation(r)
	bucket, key := Location(r)

	switch {
	case operation == "":
		return notImplemented("this operation, query parameter or header")
	case operation == "CreateBucket":
		return e.addBucket(bucket)
	case !e.hasBucket(bucket):
		return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	case operation == "ListObjectsV2":
		return e.list(w, r, bucket)
	case !legalKey(key):
		return invalidArgument("objects are files here, and no file can have this key as its path")
	case operation == "PutObject":
		return e.put(w, r, bucket+"/"+key)
	case operation == "DeleteObject":
		return e.remove(w, bucket+"/"+key)
	}

	return e.get(w, r, bucket+"/"+key)
}
