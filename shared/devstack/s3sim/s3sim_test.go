package s3sim_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

const bucket = "exports-bucket"

// store is an endpoint in a test. That the AWS SDK accepts its replies, shared/exportstore's tests show.
type store struct {
	*s3sim.Endpoint
	*testing.T
}

func open(t *testing.T, config s3sim.Config) store {
	t.Helper()
	config.Folder, config.Buckets = cmp.Or(config.Folder, t.TempDir()), []string{bucket}
	endpoint, err := s3sim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := endpoint.Close(); err != nil {
			t.Error(err)
		}
	})

	return store{endpoint, t}
}

// send sends one request to the bucket, with headers that are written "Name: value".
func (s store) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(s.Context(), method, "/"+bucket+target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	if length, err := strconv.ParseInt(request.Header.Get("Content-Length"), 10, 64); err == nil {
		request.ContentLength = length
	}
	reply := httptest.NewRecorder()
	s.ServeHTTP(reply, request)

	return reply
}

// about sends one request about a key.
func (s store) about(method, key, body string, headers ...string) *httptest.ResponseRecorder {
	return s.send(method, (&url.URL{Path: "/" + key}).String(), body, headers...)
}

// code returns the error code of a reply, "" for none.
func code(reply *httptest.ResponseRecorder) string {
	_, after, _ := strings.Cut(reply.Body.String(), "<Code>")
	code, _, _ := strings.Cut(after, "</Code>")

	return code
}

// put puts an object, wants the error code that is given, "" for none, and returns the object's tag.
func (s store) put(want, key, body string, headers ...string) (etag string) {
	s.Helper()
	reply := s.about(http.MethodPut, key, body, headers...)
	if got := code(reply); got != want || (reply.Code == http.StatusOK) != (want == "") {
		s.Errorf("put %.20q %v: got %d and %q, want %q", key, headers, reply.Code, got, want)
	}

	return reply.Header().Get("Etag")
}

// get returns an object's body, or the code of the error.
func (s store) get(key string) string {
	reply := s.about(http.MethodGet, key, "")
	return cmp.Or(code(reply), reply.Body.String())
}

// want wants an object's body, or the code of the error.
func (s store) want(key, want string) {
	s.Helper()
	if got := s.get(key); got != want {
		s.Errorf("%.20q: got %q, want %q", key, got, want)
	}
}

func TestRequestsAreToldByOperationAndLocation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, target, operation, bucket, key string }{
		{"GET", "/b?list-type=2&prefix=a%2F&encoding-type=url&delimiter=", "ListObjectsV2", "b", ""},
		{"PUT", "/b/", "CreateBucket", "b", ""},
		{"PUT", "/b/a/k%20x?x-id=PutObject", "PutObject", "b", "a/k x"},
		{"GET", "/b/k", "GetObject", "b", "k"},
		{"HEAD", "/b/k", "HeadObject", "b", "k"},
		{"DELETE", "/b/k", "DeleteObject", "b", "k"},
		{"GET", "/", "", "", ""},
		{"GET", "/b?prefix=a", "", "b", ""},
	} {
		request := httptest.NewRequestWithContext(t.Context(), test.method, test.target, nil)
		gotBucket, gotKey := s3sim.Location(request)
		got := []string{s3sim.Operation(request), gotBucket, gotKey}
		if diff := gocmp.Diff([]string{test.operation, test.bucket, test.key}, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.target, diff)
		}
	}
}

func TestWhatIsNotHereIsRefusedAndLeavesTheObjectAlone(t *testing.T) {
	t.Parallel()
	s := open(t, s3sim.Config{})
	s.put("", "k", "v")

	for what, test := range map[string]struct {
		method, target string
		headers        []string
	}{
		"an operation":      {http.MethodPost, "/k?uploads", nil},
		"a part":            {http.MethodPut, "/k?uploadId=1&partNumber=2", nil},
		"many deletions":    {http.MethodPost, "?delete", nil},
		"a copy":            {http.MethodPut, "/k", []string{"X-Amz-Copy-Source: other/k"}},
		"a subresource":     {http.MethodPut, "/k?acl", nil},
		"a query parameter": {http.MethodGet, "/k?versionId=7", nil},
		"a header":          {http.MethodPut, "/k", []string{"X-Amz-Meta-M: 1"}},
		"a condition":       {http.MethodDelete, "/k", []string{"If-Match: *"}},
		"another condition": {http.MethodPut, "/k", []string{`If-None-Match: "1"`}},
		"two conditions":    {http.MethodPut, "/k", []string{"If-None-Match: *", `If-Match: "1"`}},
		"a checksum":        {http.MethodPut, "/k", []string{"X-Amz-Checksum-Sha1: AAAA"}},
	} {
		reply := s.send(test.method, test.target, "", test.headers...)
		if text := reply.Body.String(); reply.Code != http.StatusNotImplemented || !strings.Contains(text, "moto and LocalStack have the others") {
			t.Errorf("%s: got %d and %s, want 501, and who has it", what, reply.Code, text)
		}
		s.want("k", "v")
	}
}

func TestABucketOfNoLegalNameIsRefused(t *testing.T) {
	t.Parallel()
	const name = "No_Bucket"
	if endpoint, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{name}}); err == nil || endpoint != nil {
		t.Errorf("at the start: got %v, %v, want an error", endpoint, err)
	}
	reply := httptest.NewRecorder()
	open(t, s3sim.Config{}).ServeHTTP(reply, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/"+name, nil))
	if got := code(reply); got != "InvalidBucketName" {
		t.Errorf("later: got %q, want InvalidBucketName", got)
	}
}
