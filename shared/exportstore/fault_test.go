package exportstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// maxAttempts is how often the functions' client sends one request at most.
const maxAttempts = 5

func putPart(ctx context.Context, b *bucket, body string) error {
	sum := sha256.Sum256([]byte(body))
	return b.parts().Put(ctx, "users", "e1", partName, []byte(body), sum[:])
}

// calls are all that the engine asks of a bucket, by the operation that it is; each succeeds.
func calls(b *bucket) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"list documents": func(ctx context.Context) error { _, err := b.documents().Names(ctx, "users", "e1"); return err },
		"list parts":     func(ctx context.Context) error { _, err := b.parts().List(ctx, "users", "e1"); return err },
		"read": func(ctx context.Context) error {
			_, _, err := b.documents().Read(ctx, "users/latest.json")
			return err
		},
		"create": func(ctx context.Context) error {
			_, err := b.documents().Create(ctx, checkpoint, []byte("{}"))
			return err
		},
		"put":    func(ctx context.Context) error { return putPart(ctx, b, "one") },
		"delete": func(ctx context.Context) error { return b.parts().Delete(ctx, "users", "e1", partName) },
	}
}

func operationOf(call string) string {
	switch call {
	case "list documents", "list parts":
		return "ListObjectsV2"
	case "read":
		return "GetObject"
	case "delete":
		return "DeleteObject"
	default:
		return "PutObject"
	}
}

func TestX16RequestThatIsToSlowDownIsRepeatedByTheSDKAlone(t *testing.T) {
	t.Parallel()

	for call := range calls(nil) {
		for _, refused := range []int{1, maxAttempts - 1, 1000} {
			t.Run(fmt.Sprintf("%s refused %d times", call, refused), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := inBubble(t, s3sim.Config{})
					if _, err := b.documents().Create(t.Context(), "users/latest.json", []byte("{}")); err != nil {
						t.Fatal(err)
					}

					b.spoiled(refusals(operationOf(call), refused, http.StatusServiceUnavailable, "SlowDown"))

					begun := time.Now()
					err := calls(b)[call](t.Context())

					if sent, want := b.requests()[operationOf(call)], min(refused+1, maxAttempts); sent != want {
						t.Errorf("%d requests were sent, want %d", sent, want)
					}

					if refused < maxAttempts && err != nil {
						t.Errorf("got %v, want success in the end", err)
					}

					if refused >= maxAttempts && !failure.Is(err, failure.StorageUnavailable) {
						t.Errorf("got %v, want %s", err, failure.StorageUnavailable)
					}

					if took := time.Since(begun); took > 10*time.Second {
						t.Errorf("it took %s, which is more than a stop has", took)
					}
				})
			})
		}
	}
}

func TestX16ConflictOfConditionalWritesIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})
		b.spoiled(refusals("PutObject", 2, http.StatusConflict, "ConditionalRequestConflict"))

		tag, err := b.documents().Create(t.Context(), checkpoint, []byte("first"))
		if err != nil {
			t.Fatal(err)
		}

		b.spoiled(refusals("PutObject", 2, http.StatusConflict, "ConditionalRequestConflict"))

		if _, err := b.documents().Replace(t.Context(), checkpoint, tag, []byte("second")); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(map[string]int{"PutObject": 3}, b.requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestX16WriteWhoseReplyWasLostIsRecognisedAsOnesOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})
		lost := lostReply("PutObject", func() {})

		b.spoiled(lost)

		tag, err := b.documents().Create(t.Context(), checkpoint, []byte("first"))
		if err != nil {
			t.Fatalf("creating: %v", err)
		}

		b.spoiled(lost)

		next, err := b.documents().Replace(t.Context(), checkpoint, tag, []byte("second"))
		if err != nil {
			t.Fatalf("replacing: %v", err)
		}

		if diff := cmp.Diff(map[string]int{"PutObject": 2, "GetObject": 1}, b.requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}

		// The tag is the one that the lost reply had.
		if _, err := b.documents().Replace(t.Context(), checkpoint, next, []byte("third")); err != nil {
			t.Errorf("replacing what was recognised: %v", err)
		}
	})
}

func TestX16WriteThatSomebodyElseFollowedBeforeItWasSentAgainIsAConflict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})

		tag, err := b.documents().Create(t.Context(), checkpoint, []byte("first"))
		if err != nil {
			t.Fatal(err)
		}

		b.spoiled(lostReply("PutObject", func() {
			_, mine, err := b.documents().Read(t.Context(), checkpoint)
			if err != nil {
				t.Error(err)
			}

			if _, err := b.documents().Replace(t.Context(), checkpoint, mine, []byte("another's")); err != nil {
				t.Error(err)
			}
		}))

		if _, err := b.documents().Replace(t.Context(), checkpoint, tag, []byte("second")); !errors.Is(err, export.ErrConflict) {
			t.Errorf("got %v, want %v", err, export.ErrConflict)
		}
	})
}

func TestDocumentThatGoesBeforeItCanBeComparedIsAConflictForItsCreator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})
		b.spoiled(refusals("PutObject", 1, http.StatusPreconditionFailed, "PreconditionFailed"))

		if _, err := b.documents().Create(t.Context(), checkpoint, []byte("first")); !errors.Is(err, export.ErrConflict) {
			t.Errorf("creating: got %v, want %v", err, export.ErrConflict)
		}

		b.spoiled(refusals("PutObject", 1, http.StatusPreconditionFailed, "PreconditionFailed"))

		if _, err := b.documents().Replace(t.Context(), checkpoint, `"x"`, []byte("first")); !errors.Is(err, export.ErrAbsent) {
			t.Errorf("replacing: got %v, want %v", err, export.ErrAbsent)
		}
	})
}

func TestRefusedRequestIsStorageUnavailableAndTellsNoARN(t *testing.T) {
	t.Parallel()

	for call := range calls(nil) {
		if strings.HasPrefix(call, "list") {
			continue // a list that is denied is no failure
		}

		t.Run(call, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, s3sim.Config{})
				if _, err := b.documents().Create(t.Context(), "users/latest.json", []byte("{}")); err != nil {
					t.Fatal(err)
				}

				b.spoiled(refusals(operationOf(call), 1000, http.StatusForbidden, "AccessDenied"))

				err := calls(b)[call](t.Context())
				if !failure.Is(err, failure.StorageUnavailable) {
					t.Fatalf("got %v, want %s", err, failure.StorageUnavailable)
				}

				if text := err.Error(); strings.Contains(text, "arn:") || !strings.Contains(text, "s3://exports-bucket/") || !strings.Contains(text, "role") {
					t.Errorf("the failure is %q, want it to name the object and the role's policy, and no ARN", text)
				}

				if sent := b.requests()[operationOf(call)]; sent != 1 {
					t.Errorf("%d requests were sent, want 1", sent)
				}
			})
		})
	}
}

func TestReadThatIsRefusedForAnObjectThatIsThereIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, s3sim.Config{})
		if _, err := b.documents().Create(t.Context(), checkpoint, []byte("{}")); err != nil {
			t.Fatal(err)
		}

		b.spoiled(refusals("GetObject", 1000, http.StatusForbidden, "AccessDenied"))

		if _, _, err := b.documents().Read(t.Context(), checkpoint); !failure.Is(err, failure.StorageUnavailable) {
			t.Errorf("an object that is there: got %v, want %s", err, failure.StorageUnavailable)
		}

		if _, _, err := b.documents().Read(t.Context(), "users/e1/check"); !errors.Is(err, export.ErrAbsent) {
			t.Errorf("an object that is not there, and whose name another begins with: got %v, want %v", err, export.ErrAbsent)
		}
	})
}

func TestObjectsAreStoredAsReadersExpectThem(t *testing.T) {
	t.Parallel()

	b := overLoopback(t, s3sim.Config{Folder: t.TempDir()})
	if err := putPart(t.Context(), b, "one"); err != nil {
		t.Fatal(err)
	}

	if _, err := b.documents().Create(t.Context(), checkpoint, []byte("{}")); err != nil {
		t.Fatal(err)
	}

	for key, contentType := range map[string]string{
		"exports/users/export_id=e1/" + partName: "application/gzip",
		"exports/_state/" + checkpoint:           "application/json",
	} {
		bucket := bucketName

		head, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}

		if head.ContentType == nil || *head.ContentType != contentType || head.ContentEncoding != nil {
			t.Errorf("%s has type %v and encoding %v, want %s and none", key, head.ContentType, head.ContentEncoding, contentType)
		}
	}
}
