package exportstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

func putPart(ctx context.Context, b stores, body string) error {
	sum := sha256.Sum256([]byte(body))
	return b.Put(ctx, "users", "e1", partName, []byte(body), sum[:])
}

// calls are all that the engine asks of a bucket, by the operation that it is; each succeeds.
func calls(b stores) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"list documents": func(ctx context.Context) error { _, err := b.Names(ctx, "users", "e1"); return err },
		"list parts":     func(ctx context.Context) error { _, err := b.List(ctx, "users", "e1"); return err },
		"read": func(ctx context.Context) error {
			_, _, err := b.Read(ctx, "users/latest.json")
			return err
		},
		"create": func(ctx context.Context) error {
			_, err := b.Create(ctx, checkpoint, []byte("{}"))
			return err
		},
		"put":    func(ctx context.Context) error { return putPart(ctx, b, "one") },
		"delete": func(ctx context.Context) error { return b.Delete(ctx, "users", "e1", partName) },
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

// each runs a test in a bubble for every call, on a bucket in which latest.json is stored.
func each(t *testing.T, test func(t *testing.T, b *bucket, call string)) {
	t.Helper()

	for call := range calls(newStores(nil, "")) {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
				b.create(t, "users/latest.json", "{}")
				test(t, b, call)
			})
		})
	}
}

func TestACallThatFailsIsStorageUnavailableNamesTheObjectAndTellsNoARN(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bucket, call string) {
		for code, test := range map[string]struct {
			status, sent int
			says         string
		}{"AccessDenied": {http.StatusForbidden, 1, "role"}, "SlowDown": {http.StatusServiceUnavailable, 5, "SlowDown"}} {
			if strings.HasPrefix(call, "list") && code == "AccessDenied" {
				continue // a list that is denied is no failure
			}
			if call == "read" && code == "AccessDenied" {
				test.sent = 2 // once more after the list that shows it
			}

			b.spoiled(refusals(operationOf(call), 1000, test.status, code))

			err := calls(b.stores)[call](t.Context())

			awstest.WantFailure(t, err, failure.StorageUnavailable, "s3://exports-bucket/", test.says)
			if sent := b.requests()[operationOf(call)]; sent != test.sent {
				t.Errorf("%s: %d requests were sent, want %d", code, sent, test.sent)
			}
		}
	})
}

func TestAWriteThatSomebodyElseFollowedBeforeItWasSentAgainIsAConflict(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		tag := b.create(t, checkpoint, "first")
		b.spoiled(lostReply("PutObject", func() {
			_, mine, err := b.Read(t.Context(), checkpoint)
			if err != nil {
				t.Error(err)
			}

			if _, err := b.Replace(t.Context(), checkpoint, mine, []byte("another's")); err != nil {
				t.Error(err)
			}
		}))

		if _, err := b.Replace(t.Context(), checkpoint, tag, []byte("second")); !errors.Is(err, export.ErrConflict) {
			t.Errorf("got %v, want %v", err, export.ErrConflict)
		}
	})
}

func TestADocumentThatGoesBeforeItCanBeComparedIsAConflictForItsCreator(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		b.spoiled(refusals("PutObject", 1, http.StatusPreconditionFailed, "PreconditionFailed"))

		if _, err := b.Create(t.Context(), checkpoint, []byte("first")); !errors.Is(err, export.ErrConflict) {
			t.Errorf("creating: got %v, want %v", err, export.ErrConflict)
		}

		b.spoiled(refusals("PutObject", 1, http.StatusPreconditionFailed, "PreconditionFailed"))

		if _, err := b.Replace(t.Context(), checkpoint, `"x"`, []byte("first")); !errors.Is(err, export.ErrAbsent) {
			t.Errorf("replacing: got %v, want %v", err, export.ErrAbsent)
		}
	})
}

func TestAConflictThatCannotBeLookedAtTwiceIsAFailure(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		b.create(t, checkpoint, "first")
		b.spoiled(func(w http.ResponseWriter, r *http.Request, operation string, count int, next http.Handler) {
			if operation == "GetObject" && count == 2 {
				refuse(w, http.StatusForbidden, "AccessDenied")
				return
			}
			next.ServeHTTP(w, r)
		})

		_, err := b.Replace(t.Context(), checkpoint, `"x"`, []byte("second"))
		awstest.WantFailure(t, err, failure.StorageUnavailable, "access was denied")
	})
}

// S3 refuses the read of what is not there, and it may be created before the list.
func TestReadThatIsRefusedForAnObjectThatIsThereIsAFailureIfItStaysSo(t *testing.T) {
	t.Parallel()
	inBubble(t, s3sim.Config{}, func(t *testing.T, b *bucket) {
		b.create(t, checkpoint, "{}")
		b.spoiled(refusals("GetObject", 1, http.StatusForbidden, "AccessDenied"))

		if body, _, err := b.Read(t.Context(), checkpoint); err != nil || string(body) != "{}" {
			t.Errorf("got %s, %v", body, err)
		}

		b.spoiled(refusals("GetObject", 1000, http.StatusForbidden, "AccessDenied"))

		if _, _, err := b.Read(t.Context(), checkpoint); !failure.Is(err, failure.StorageUnavailable) {
			t.Errorf("an object that is there: got %v, want %s", err, failure.StorageUnavailable)
		}

		if _, _, err := b.Read(t.Context(), "users/e1/check"); !errors.Is(err, export.ErrAbsent) {
			t.Errorf("an object that is not there, and whose name another begins with: got %v, want %v", err, export.ErrAbsent)
		}

		b.spoiled(func(w http.ResponseWriter, _ *http.Request, operation string, _ int, _ http.Handler) {
			if operation == "GetObject" {
				refuse(w, http.StatusForbidden, "AccessDenied")
				return
			}
			refuse(w, http.StatusBadRequest, "InvalidRequest")
		})
		_, _, err := b.Read(t.Context(), "users/e1/check")
		awstest.WantFailure(t, err, failure.StorageUnavailable, "InvalidRequest")
	})
}
