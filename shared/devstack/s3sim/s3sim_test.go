package s3sim_test

import (
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
		in.ContentType = aws.String("application/gzip")
		if _, err := client.PutObject(t.Context(), in); err != nil {
			t.Fatal(err)
		}

		out, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
		if err != nil {
			t.Fatal(err)
		}
		want := []any{"content", `"9a0364b9e99bb480dd25e1f0284c8555"`, "application/gzip", int64(7), (*string)(nil)}
		got := []any{get(t, client, *in.Key), *out.ETag, *out.ContentType, *out.ContentLength, out.ContentEncoding}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("object (-want +got):\n%s", diff)
		}
		if age := time.Since(*out.LastModified); age < -2*time.Second || age > time.Minute {
			t.Errorf("got last modified %s, want now", out.LastModified)
		}
	})
}

// The AWS CLI copies what is larger than 8 MB so.
func TestAnObjectIsReadInRangesOfOneVersion(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Folder: t.TempDir()})
	tag := put(t, client, "k", "0123456789")
	in := &s3.GetObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("k"), Range: aws.String("bytes=7-99"), IfMatch: &tag,
		ChecksumMode: types.ChecksumModeEnabled,
	}
	out, err := client.GetObject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if body, err := io.ReadAll(out.Body); string(body) != "789" || err != nil || *out.ContentRange != "bytes 7-9/10" {
		t.Errorf("got %q of %s, %v", body, *out.ContentRange, err)
	}

	put(t, client, "k", "another")
	_, err = client.GetObject(t.Context(), in)
	wantStatus(t, err, http.StatusPreconditionFailed)
}

func TestBucketsAreMadeAndMissed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		other := aws.String("other-bucket")
		put := &s3.PutObjectInput{Bucket: other, Key: aws.String("k")}

		_, err := client.PutObject(t.Context(), put)
		wantCode(t, err, "NoSuchBucket")
		_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: other})
		wantCode(t, err, "NoSuchBucket")
		_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: other})
		wantCode(t, err, "")
		_, err = client.PutObject(t.Context(), put)
		wantCode(t, err, "")
		_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("No_Bucket")})
		wantCode(t, err, "InvalidBucketName")
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
		if diff := cmp.Diff([]string{test.operation, test.bucket, test.key}, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.target, diff)
		}
	}
}

func TestWhatIsNotHereIsRefusedAndLeavesTheObjectAlone(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true})
	put(t, client, "k", "v")
	b, k := aws.String(bucket), aws.String("k")

	for what, call := range map[string]func(context.Context) error{
		"an operation": func(ctx context.Context) error {
			_, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b, Key: k})
			return err
		},
		"a copy": func(ctx context.Context) error {
			_, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: b, Key: k, CopySource: aws.String(bucket + "/other")})
			return err
		},
		"a subresource": func(ctx context.Context) error {
			_, err := client.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: b, Key: k, ACL: "private"})
			return err
		},
		"a query parameter": func(ctx context.Context) error {
			_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: b, Key: k, VersionId: aws.String("7")})
			return err
		},
		"a header": func(ctx context.Context) error {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: k, Metadata: map[string]string{"m": "1"}})
			return err
		},
		"a condition": func(ctx context.Context) error {
			_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b, Key: k, IfMatch: aws.String("*")})
			return err
		},
		"a checksum": func(ctx context.Context) error {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: k, ChecksumAlgorithm: types.ChecksumAlgorithmSha1})
			return err
		},
	} {
		err := call(t.Context())
		wantCode(t, err, "NotImplemented")
		if err == nil || !strings.Contains(err.Error(), "moto and LocalStack have the others") {
			t.Errorf("%s: got %v, want it to say who has it", what, err)
		}
		if got := get(t, client, "k"); got != "v" {
			t.Errorf("%s: got %s, want the object untouched", what, got)
		}
	}
}
