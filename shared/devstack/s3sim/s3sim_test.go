package s3sim_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
)

const bucket = "exports-bucket"

// credentials are what the SDK signs with; nobody checks the signature.
func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
}

// newClient sets what the SDK's own loading of its configuration sets: checksums on all requests and replies.
func newClient(url string, transport aws.HTTPClient) *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: &url, UsePathStyle: true, HTTPClient: transport,
		Credentials: aws.CredentialsProviderFunc(credentials), Retryer: aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
}

func open(t *testing.T, config s3sim.Config) *s3sim.Endpoint {
	t.Helper()
	config.Buckets = []string{bucket}
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

// serve returns the real SDK's client of an endpoint, and the endpoint's address.
func serve(t *testing.T, config s3sim.Config) (*s3.Client, string) {
	t.Helper()
	server := httptest.NewServer(open(t, config))
	t.Cleanup(server.Close)

	return newClient(server.URL, server.Client()), server.URL
}

// onBoth runs a test on objects in files and on objects in memory: they must not differ.
func onBoth(t *testing.T, test func(t *testing.T, config s3sim.Config)) {
	t.Helper()
	t.Run("in files", func(t *testing.T) {
		t.Parallel()
		test(t, s3sim.Config{Folder: t.TempDir()})
	})
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		test(t, s3sim.Config{Memory: true})
	})
}

// code returns the error code that S3 gave, "" for none, and the text of anything else.
func code(err error) string {
	if err == nil {
		return ""
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok {
		return refusal.ErrorCode()
	}

	return err.Error()
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got error %q (%v), want %q", got, err, want)
	}
}

func put(t *testing.T, client *s3.Client, key, body string) (etag string) {
	t.Helper()
	out, err := client.PutObject(t.Context(), putInput(key, body))
	if err != nil {
		t.Fatal(err)
	}

	return *out.ETag
}

func putInput(key, body string) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}
}

// get returns an object's body, or the code of the error.
func get(t *testing.T, client *s3.Client, key string) string {
	t.Helper()
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return code(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}

	return string(body)
}

func TestAnObjectIsReadBackAsItWasPut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		in := putInput("exports/users/export_id=abc/part-000001-x.jsonl.gz", "content")
		in.ContentType, in.Metadata = aws.String("application/gzip"), map[string]string{"lines": "7"}
		in.CacheControl = aws.String("no-store")
		if _, err := client.PutObject(t.Context(), in); err != nil {
			t.Fatal(err)
		}

		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key})
		if err != nil {
			t.Fatal(err)
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"body": "content", "etag": `"9a0364b9e99bb480dd25e1f0284c8555"`, "type": "application/gzip",
			"meta": map[string]string{"lines": "7"}, "length": int64(7), "cache": "no-store", "encoding": (*string)(nil),
		}
		got := map[string]any{
			"body": string(body), "etag": *out.ETag, "type": *out.ContentType, "meta": out.Metadata,
			"length": *out.ContentLength, "cache": *out.CacheControl, "encoding": out.ContentEncoding,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("object (-want +got):\n%s", diff)
		}
		if age := time.Since(*out.LastModified); age < -2*time.Second || age > time.Minute {
			t.Errorf("got last modified %s, want now", out.LastModified)
		}
	})
}

func TestBucketsComeAndGo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		other := aws.String("other-bucket")

		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: other})
		wantCode(t, err, "")
		_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: other})
		wantCode(t, err, "BucketAlreadyOwnedByYou")
		_, err = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: other})
		wantCode(t, err, "")
		_, err = client.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: other})
		wantCode(t, err, "")
		list, err := client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, b := range list.Buckets {
			names = append(names, *b.Name)
		}
		if diff := cmp.Diff([]string{bucket, *other}, names); diff != "" {
			t.Errorf("buckets (-want +got):\n%s", diff)
		}

		put(t, client, "k", "v")
		_, err = client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(bucket)})
		wantCode(t, err, "BucketNotEmpty")
		_, err = client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: other})
		wantCode(t, err, "")
		_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: other, Key: aws.String("k")})
		wantCode(t, err, "NoSuchBucket")
		_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: other})
		wantCode(t, err, "NoSuchBucket")
	})
}

func TestAConfigurationThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]s3sim.Config{
		"neither folder nor memory": {},
		"both":                      {Folder: "x", Memory: true},
		"a bucket of no legal name": {Memory: true, Buckets: []string{"No_Bucket"}},
	} {
		if endpoint, err := s3sim.New(config); err == nil || endpoint != nil {
			t.Errorf("%s: got %v, %v, want an error", name, endpoint, err)
		}
	}
}

func TestItRunsInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		endpoint, err := s3sim.New(s3sim.Config{Memory: true, Buckets: []string{bucket}})
		if err != nil {
			t.Fatal(err)
		}
		network := memnet.New()
		stop, err := network.Serve("127.0.0.1:9000", endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		transport := network.Transport()
		defer transport.CloseIdleConnections()
		client := newClient("http://127.0.0.1:9000", &http.Client{Transport: transport})

		time.Sleep(90 * time.Minute)
		put(t, client, "a/k", "v")
		list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Contents) != 1 || !list.Contents[0].LastModified.Equal(time.Now()) {
			t.Errorf("got %v, want one object of %s", list.Contents, time.Now())
		}
		if got := get(t, client, "a/k"); got != "v" {
			t.Errorf("got %s, want v", got)
		}
	})
}

func TestRequestsAreToldByOperationAndLocation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, target, operation, bucket, key string }{
		{"GET", "/", "ListBuckets", "", ""},
		{"PUT", "/b", "CreateBucket", "b", ""},
		{"GET", "/b?list-type=2&prefix=a%2F", "ListObjectsV2", "b", ""},
		{"GET", "/b/?prefix=a", "ListObjects", "b", ""},
		{"POST", "/b?delete", "DeleteObjects", "b", ""},
		{"PUT", "/b/a/k%20x?x-id=PutObject", "PutObject", "b", "a/k x"},
		{"GET", "/b/k", "GetObject", "b", "k"},
		{"HEAD", "/b/k", "HeadObject", "b", "k"},
		{"DELETE", "/b/k", "DeleteObject", "b", "k"},
		{"PUT", "/b/k?uploadId=1&partNumber=2", "UploadPart", "b", "k"},
		{"POST", "/b/k?uploads", "CreateMultipartUpload", "b", "k"},
		{"PUT", "/b/k?acl", "", "b", "k"},
		{"PUT", "/b?policy", "", "b", ""},
		{"POST", "/b/k", "", "b", "k"},
		{"PATCH", "/b", "", "b", ""},
	} {
		request := httptest.NewRequestWithContext(t.Context(), test.method, test.target, nil)
		gotBucket, gotKey := s3sim.Location(request)
		got := []string{s3sim.Operation(request), gotBucket, gotKey}
		if diff := cmp.Diff([]string{test.operation, test.bucket, test.key}, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.target, diff)
		}
	}
}

func TestAnUnknownSubresourceNeverTouchesTheObject(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true})
	put(t, client, "k", "v")
	b, key := aws.String(bucket), aws.String("k")

	_, err := client.PutObjectAcl(t.Context(), &s3.PutObjectAclInput{Bucket: b, Key: key, ACL: "private"})
	wantCode(t, err, "NotImplemented")
	_, err = client.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: b, Key: key})
	wantCode(t, err, "NotImplemented")
	_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b, Key: key, IfMatch: aws.String("*")})
	wantCode(t, err, "NotImplemented")
	_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: b, Key: key, VersionId: aws.String("7")})
	wantCode(t, err, "NotImplemented")
	if got := get(t, client, "k"); got != "v" {
		t.Errorf("got %s, want the object untouched", got)
	}
}

func TestAMultipartUploadBecomesOneObject(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		completeUpload(t, client, "big/file", "first,", "second")
		if got := get(t, client, "big/file"); got != "first,second" {
			t.Errorf("got %s, want both parts", got)
		}

		_, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String(bucket), Key: aws.String("copy"), CopySource: aws.String(bucket + "/big/file"),
		})
		wantCode(t, err, "")
		if got := get(t, client, "copy"); got != "first,second" {
			t.Errorf("got %s, want the copy", got)
		}
		_, err = client.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String(bucket), Key: aws.String("copy"), CopySource: aws.String(bucket + "/none"),
		})
		wantCode(t, err, "NoSuchKey")
	})
}

func completeUpload(t *testing.T, client *s3.Client, key string, parts ...string) {
	t.Helper()
	b := aws.String(bucket)
	upload, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: b, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	in := &s3.CompleteMultipartUploadInput{
		Bucket: b, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{},
	}
	for i, part := range parts {
		out, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: b, Key: &key, UploadId: upload.UploadId, PartNumber: aws.Int32(int32(i + 1)),
			Body: bytes.NewReader([]byte(part)),
		})
		if err != nil {
			t.Fatal(err)
		}
		in.MultipartUpload.Parts = append(in.MultipartUpload.Parts,
			types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	if _, err := client.CompleteMultipartUpload(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}
