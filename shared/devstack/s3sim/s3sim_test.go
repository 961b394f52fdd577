package s3sim_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/s3sim"
)

const bucket = "exports-bucket"

// store is the real SDK's client of a bucket.
type store struct {
	*s3.Client
	*testing.T
}

func open(t testing.TB, config s3sim.Config) *s3sim.Endpoint {
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

	return endpoint
}

func serve(t *testing.T, endpoint *s3sim.Endpoint) store {
	t.Helper()
	served := conformance.New(t, func() (http.Handler, error) { return endpoint, nil })

	return store{s3.NewFromConfig(served.Config), t}
}

func newStore(t *testing.T) store {
	t.Helper()

	return serve(t, open(t, s3sim.Config{}))
}

// code returns the error code that S3 gave, "" for none, and the text of anything else.
func code(err error) string {
	if err == nil {
		return ""
	}

	return cmp.Or(awsapi.Code(err), err.Error())
}

// tryPut puts an object, with what change says of it, and returns its tag and the error's code.
func (s store) tryPut(key, body string, change func(*s3.PutObjectInput)) (etag, refused string) {
	s.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	out, err := s.PutObject(s.Context(), in)
	if err != nil {
		return "", code(err)
	}

	return *out.ETag, ""
}

// put is tryPut of what has to succeed.
func (s store) put(key, body string) (etag string) {
	s.Helper()
	etag, refused := s.tryPut(key, body, nil)
	if refused != "" {
		s.Fatalf("put %s: %s", key, refused)
	}

	return etag
}

// want wants an object's body, or the code of the error.
func (s store) want(key, want string) {
	s.Helper()
	if got := s.get(key); got != want {
		s.Errorf("%s: got %q, want %q", key, got, want)
	}
}

func (s store) get(key string) string {
	s.Helper()
	out, err := s.GetObject(s.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return code(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		s.Fatal(err)
	}

	return string(body)
}

func (s store) remove(key string) {
	s.Helper()
	if _, err := s.DeleteObject(s.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key}); err != nil {
		s.Error(err)
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
		{"POST", "/b?delete", "", "b", ""},
		{"PUT", "/b/k?uploadId=1&partNumber=2", "", "b", "k"},
		{"PUT", "/b/k?acl", "", "b", "k"},
		{"PUT", "/b?policy", "", "b", ""},
		{"POST", "/b/k", "", "b", "k"},
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
	endpoint := open(t, s3sim.Config{})
	send(endpoint, http.MethodPut, "/k", "v")

	for what, test := range map[string]struct {
		method, target string
		headers        []string
	}{
		"an operation":      {http.MethodPost, "/k?uploads", nil},
		"a copy":            {http.MethodPut, "/k", []string{"X-Amz-Copy-Source: other/k"}},
		"a subresource":     {http.MethodPut, "/k?acl", nil},
		"a query parameter": {http.MethodGet, "/k?versionId=7", nil},
		"a header":          {http.MethodPut, "/k", []string{"X-Amz-Meta-M: 1"}},
		"a condition":       {http.MethodDelete, "/k", []string{"If-Match: *"}},
		"another condition": {http.MethodPut, "/k", []string{`If-None-Match: "1"`}},
		"two conditions":    {http.MethodPut, "/k", []string{"If-None-Match: *", `If-Match: "1"`}},
		"a checksum":        {http.MethodPut, "/k", []string{"X-Amz-Checksum-Sha1: AAAA"}},
	} {
		reply := send(endpoint, test.method, test.target, "", test.headers...)
		if text := reply.Body.String(); reply.Code != http.StatusNotImplemented || !strings.Contains(text, "moto and LocalStack have the others") {
			t.Errorf("%s: got %d and %s, want 501, and who has it", what, reply.Code, text)
		}
		if got, _ := stored(endpoint); got != "v" {
			t.Errorf("%s: stored is %q, want the object untouched", what, got)
		}
	}
}

func TestABucketOfNoLegalNameIsRefused(t *testing.T) {
	t.Parallel()
	const name = "No_Bucket"
	if endpoint, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{name}}); err == nil || endpoint != nil {
		t.Errorf("at the start: got %v, %v, want an error", endpoint, err)
	}
	_, err := newStore(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)})
	if got := code(err); got != "InvalidBucketName" {
		t.Errorf("later: got %q, want InvalidBucketName", got)
	}
}

// The AWS CLI copies what is larger than 8 MB so.
func TestAnObjectIsReadInRangesOfOneVersion(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	tag := s.put("k", "0123456789")
	in := &s3.GetObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("k"), Range: aws.String("bytes=7-99"), IfMatch: &tag, ChecksumMode: types.ChecksumModeEnabled,
	}
	out, err := s.GetObject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if body, err := io.ReadAll(out.Body); string(body) != "789" || err != nil || *out.ContentRange != "bytes 7-9/10" {
		t.Errorf("got %q of %s, %v", body, *out.ContentRange, err)
	}

	s.put("k", "another")
	if _, err := s.GetObject(t.Context(), in); awsapi.Status(err) != http.StatusPreconditionFailed {
		t.Errorf("of another version: got %v, want status 412", err)
	}
}
