package s3sim

import (
	"net/http"
	"net/url"
	"strings"
)

// Location returns the bucket and the key that a request is about; either may be empty.
func Location(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")

	return bucket, key
}

// Operation returns the name of the operation that a request asks for, as the S3 API reference has it ("PutObject",
// "ListObjectsV2", …), and "" where this package knows none. A fault-injecting handler in front of the endpoint tells
// requests apart by it, and by [Location]; the body stays unread.
func Operation(r *http.Request) string {
	query := r.URL.Query()
	for name := range query {
		if !knownQuery(name) {
			return ""
		}
	}

	bucket, key := Location(r)
	switch {
	case bucket == "" && r.Method == http.MethodGet:
		return "ListBuckets"
	case bucket == "":
		return ""
	case key == "":
		return bucketOperation(r.Method, query)
	case query.Has("uploadId") || query.Has("uploads"):
		return multipartOperation(r, query)
	}

	return objectOperation(r)
}

func bucketOperation(method string, query url.Values) string {
	switch {
	case method == http.MethodPost && query.Has("delete"):
		return "DeleteObjects"
	case method == http.MethodGet && query.Has("location"):
		return "GetBucketLocation"
	case method == http.MethodGet && query.Has("versioning"):
		return "GetBucketVersioning"
	case method == http.MethodGet && query.Has("uploads"):
		return "ListMultipartUploads"
	case method == http.MethodGet && query.Get("list-type") == "2":
		return "ListObjectsV2"
	case method == http.MethodGet:
		return "ListObjects"
	case query.Has("delete"), query.Has("location"), query.Has("versioning"), query.Has("uploads"):
		return ""
	case method == http.MethodPut:
		return "CreateBucket"
	case method == http.MethodDelete:
		return "DeleteBucket"
	case method == http.MethodHead:
		return "HeadBucket"
	}

	return ""
}

func multipartOperation(r *http.Request, query url.Values) string {
	switch {
	case query.Has("uploads") && r.Method == http.MethodPost:
		return "CreateMultipartUpload"
	case !query.Has("uploadId"), r.Header.Get("X-Amz-Copy-Source") != "":
		return ""
	case r.Method == http.MethodPut:
		return "UploadPart"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case r.Method == http.MethodDelete:
		return "AbortMultipartUpload"
	case r.Method == http.MethodGet:
		return "ListParts"
	}

	return ""
}

func objectOperation(r *http.Request) string {
	switch {
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodGet:
		return "GetObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	}

	return ""
}

// knownQuery reports whether a query parameter leaves the operation one of those above. Any other one, such as "acl" or
// "tagging", would make it another operation: it must not be taken for a put of the object.
func knownQuery(name string) bool {
	switch name {
	case "x-id", "versionId", "partNumber", "uploadId", "uploads", "part-number-marker", "max-parts",
		"delete", "location", "versioning", "list-type", "prefix", "delimiter", "marker", "max-keys", "start-after",
		"continuation-token", "fetch-owner", "encoding-type", "key-marker", "upload-id-marker", "max-uploads",
		"max-buckets", "bucket-region":
		return true
	}

	return strings.HasPrefix(name, "response-") || strings.HasPrefix(strings.ToLower(name), "x-amz-")
}
