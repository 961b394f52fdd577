package exportstore_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// invoke runs one invocation of an export of listing on the bucket.
func (b *bucket) invoke(ctx context.Context, listing *exporttest.Listing, timeout time.Duration) (export.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	engine := export.NewEngine(export.Config{
		Listings: []export.Listing{listing.Of(nil)}, Documents: b.documents(), Parts: b.parts(), Logger: quiet(),
		Environment: "mypurecloud.de", Generator: "test", PageSize: 100,
		PartBytes: 1, Reserve: 10 * time.Second, Retry: retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 3},
	})

	result, _, err := engine.Run(ctx, export.Event{ExportID: "e1"}, "")

	return result, err
}

// complete invokes until the export is complete.
func (b *bucket) complete(t *testing.T, listing *exporttest.Listing, timeout time.Duration) {
	t.Helper()

	for range 100 {
		result, err := b.invoke(t.Context(), listing, timeout)

		switch {
		case err == nil && result.Status == export.StatusComplete:
			return
		case err == nil:
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		case failure.Is(err, failure.StorageUnavailable):
			time.Sleep(time.Second)
		default:
			t.Fatal(err)
		}
	}

	t.Fatal("the export is not complete after 100 invocations")
}

// mustHold lets the independent check look at the export, whose objects lie below folder.
func (b *bucket) mustHold(t *testing.T, folder string, listing *exporttest.Listing) {
	t.Helper()

	b.spoiled(nil)

	if _, err := verify.Export(t.Context(), verify.Config{
		Bucket: os.DirFS(filepath.Join(folder, bucketName)), BucketName: bucketName, Prefix: prefix,
		Listing: exporttest.ListingName, ExportID: "e1",
		Truth: func(w io.Writer) error {
			_, err := w.Write(listing.Truth())

			return err
		},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestX16ExportIsWholeOverABucketThatThrottlesFailsAndLosesReplies(t *testing.T) {
	t.Parallel()

	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			folder := t.TempDir()
			b := overMemory(t, s3sim.Config{Folder: folder})
			listing := exporttest.NewListing(3, 0, 2, 4, 1, 5)

			var (
				mu     sync.Mutex
				random = rand.New(rand.NewPCG(seed, 0))
			)

			b.spoiled(func(w http.ResponseWriter, r *http.Request, _ string, _ int, next http.Handler) {
				mu.Lock()
				fate := random.IntN(8)
				mu.Unlock()

				switch fate {
				case 0:
					refuse(w, http.StatusServiceUnavailable, "SlowDown")
				case 1:
					refuse(w, http.StatusConflict, "ConditionalRequestConflict")
				case 2:
					panic(http.ErrAbortHandler)
				case 3:
					next.ServeHTTP(httptest.NewRecorder(), r)
					panic(http.ErrAbortHandler)
				default:
					next.ServeHTTP(w, r)
				}
			})

			b.complete(t, listing, time.Minute)
			b.mustHold(t, folder, listing)
		})

		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestX16BucketThatAlwaysThrottlesIsAskedNoOftenerThanTheSDKDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})
		b.spoiled(refusals("ListObjectsV2", 1000, http.StatusServiceUnavailable, "SlowDown"))

		if _, err := b.invoke(t.Context(), exporttest.NewListing(3), time.Minute); !failure.Is(err, failure.StorageUnavailable) {
			t.Errorf("got %v, want %s", err, failure.StorageUnavailable)
		}

		if sent := b.requests()["ListObjectsV2"]; sent != maxAttempts {
			t.Errorf("%d requests were sent, want %d", sent, maxAttempts)
		}
	})
}

func TestX21BucketThatMayNotBeListedTakesNewExportsAndResumesOldOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{DenyList: true})
		listing := exporttest.NewListing(3, 2, 4)
		listing.Fault(1, exporttest.Refused(failure.Forbidden))

		if _, err := b.invoke(t.Context(), listing, time.Minute); !failure.Is(err, failure.Forbidden) {
			t.Fatalf("got %v, want %s", err, failure.Forbidden)
		}

		for range 2 {
			result, err := b.invoke(t.Context(), listing, time.Minute)
			if err != nil || result.Status != export.StatusComplete || result.Records != 9 {
				t.Fatalf("got %+v and %v, want a complete export", result, err)
			}
		}

		if requests := listing.Seen().Requests; requests != 4 {
			t.Errorf("%d pages were requested, want each once and the refused one again", requests)
		}
	})
}
