package exportstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// peer is S3 as somebody else has it, with a bucket of the test's own.
type peer struct {
	conformance.Endpoint
	stores
}

func newPeer(t *testing.T) peer {
	t.Helper()

	endpoint := conformance.New(t, func() (http.Handler, error) { return s3sim.New(s3sim.Config{Folder: t.TempDir()}) })
	w := peer{endpoint, newStores(s3.NewFromConfig(endpoint.Config), "exports-"+strings.ToLower(rand.Text()))}

	_, err := w.client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    &w.bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuCentral1},
	})
	if err != nil {
		t.Fatalf("create a bucket at the %s: %v", w.Name, err)
	}

	return w
}

func TestConformanceObjectsLieThereAsReadersExpectThem(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 9<<16) // 9 MiB: more than the size at which parts are closed
	sum := sha256.Sum256(body)
	if err := w.Put(t.Context(), "users", "e1", partName, body, sum[:]); err != nil {
		t.Fatal(err)
	}
	w.create(t, checkpoint, "{}")

	for key, want := range map[string]map[string]string{
		"exports/users/export_id=e1/" + partName: {
			"Content-Type": "application/gzip", "Content-Encoding": "", "Content-Length": strconv.Itoa(len(body)),
			"SHA-256": base64.StdEncoding.EncodeToString(sum[:]),
		},
		"exports/_state/" + checkpoint: {"Content-Type": "application/json", "Content-Encoding": "", "Content-Length": "2", "SHA-256": ""},
	} {
		stored, err := w.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &w.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}

		got := map[string]string{
			"Content-Type": aws.ToString(stored.ContentType), "Content-Encoding": aws.ToString(stored.ContentEncoding),
			"Content-Length": strconv.FormatInt(aws.ToInt64(stored.ContentLength), 10), "SHA-256": aws.ToString(stored.ChecksumSHA256),
		}
		if w.Name == conformance.Moto {
			// moto 5.2 keeps no checksum that the caller computed. S3 keeps it and answers with it where ChecksumMode asks:
			// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
			want["SHA-256"] = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s at the %s (-want +got):\n%s", key, w.Name, diff)
		}
	}
}

// A lost reply makes the SDK repeat a write that was done. The condition then fails on one's own write.
func TestConformanceWritesThatAreRepeatedAreTakenForDone(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	created := w.create(t, checkpoint, "first")
	if again, err := w.Create(t.Context(), checkpoint, []byte("first")); err != nil || again != created {
		t.Errorf("creating it twice: got tag %s and %v, want %s", again, err, created)
	}

	replaced, err := w.Replace(t.Context(), checkpoint, created, []byte("second"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Replace(t.Context(), checkpoint, created, []byte("second")); err != nil || again != replaced {
		t.Errorf("replacing it twice: got tag %s and %v, want %s", again, err, replaced)
	}
}

func TestConformanceListingsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()

	const many = 1005 // a reply of ListObjectsV2 has 1,000 keys
	w := newPeer(t)
	sum := sha256.Sum256([]byte("x"))

	writing, ctx := errgroup.WithContext(t.Context())
	writing.SetLimit(8)
	want := make([]export.StoredPart, many)
	for i := range many {
		want[i] = export.StoredPart{Name: fmt.Sprintf("part-%06d-a.jsonl.gz", i+1), Bytes: 1}
		writing.Go(func() error { return w.Put(ctx, "users", "e1", want[i].Name, []byte("x"), sum[:]) })
	}
	if err := writing.Wait(); err != nil {
		t.Fatal(err)
	}

	got, err := w.List(t.Context(), "users", "e1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts at the %s (-want +got):\n%s", w.Name, diff)
	}
}

func TestConformanceBucketThatIsNotThereIsNoAbsence(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	w.stores = newStores(w.client, w.bucket+"-not")
	all := calls(w.stores)
	all["replace"] = func(ctx context.Context) error {
		_, err := w.Replace(ctx, checkpoint, `"1"`, nil)
		return err
	}
	for what, call := range all {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			awstest.WantFailure(t, call(t.Context()), failure.StorageUnavailable, "NoSuchBucket")
		})
	}
}

func TestConformanceDocumentThatWentIsNotReplaced(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	tag := w.create(t, checkpoint, "first")
	if _, err := w.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{
		Bucket: &w.bucket, Key: aws.String("exports/_state/" + checkpoint),
	}); err != nil {
		t.Fatal(err)
	}

	if _, err := w.Replace(t.Context(), checkpoint, tag, []byte("second")); !errors.Is(err, export.ErrAbsent) {
		t.Errorf("at the %s: got %v, want %v", w.Name, err, export.ErrAbsent)
	}
	if again, err := w.Create(t.Context(), checkpoint, []byte("first")); err != nil || again == "" {
		t.Errorf("creating it anew: got tag %q and %v", again, err)
	}
}
