package exportstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tested is a pair of stores in one test.
type tested struct {
	*testing.T
	export.Documents
	export.Parts

	listDenied     bool // the stores may not be listed
	checksumUnread bool // they take a part whatever its checksum is; S3 refuses one that does not match
}

// racers is how many writers run against each other where one may win.
const racers = 8

// haveSemantics tests a pair of stores for what the engine builds its safety on. empty returns empty ones for each test, which
// runs in a bubble where the stores are in memory.
func haveSemantics(t *testing.T, inMemory bool, empty func(t *testing.T) tested) {
	t.Helper()

	for name, show := range map[string]func(tested){
		"a document is created once":                            tested.createsOnce,
		"a document is replaced by its tag alone":               tested.replacesByTag,
		"one of several writers wins":                           tested.letsOneWin,
		"an export's documents are listed, and no other's":      tested.listsDocuments,
		"an export's parts are listed until they are deleted":   tested.listsParts,
		"a part that does not match its checksum is refused":    tested.checksSums,
		"addresses fit together":                                tested.addresses,
		"an ended context is a failure, and nothing is written": tested.endsWithItsContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if inMemory {
				synctest.Test(t, func(t *testing.T) { show(empty(t)) })
			} else {
				show(empty(t))
			}
		})
	}
}

func TestConformanceStoresHaveTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()
	haveSemantics(t, false, func(t *testing.T) tested {
		w := newPeer(t)
		// moto 5.2 stores a body whatever x-amz-checksum-sha256 says. S3 compares it with the checksum and answers BadDigest:
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
		return tested{T: t, Documents: w.Store, Parts: w.Store, checksumUnread: w.Name == conformance.Moto}
	})
}

func TestABucketThatMayNotBeListedHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()
	haveSemantics(t, true, func(t *testing.T) tested {
		b := serve(t, s3sim.Config{DenyList: true})
		return tested{T: t, Documents: b.Store, Parts: b.Store, listDenied: true}
	})
}

func TestABucketThatThrottlesFailsAndLosesRepliesHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()
	haveSemantics(t, true, func(t *testing.T) tested {
		b := serve(t, s3sim.Config{})
		b.spoiled(func(w http.ResponseWriter, r *http.Request, operation string, _ int, next http.Handler) {
			switch attempt, _, _ := strings.Cut(r.Header.Get("Amz-Sdk-Request"), ";"); {
			case attempt == "attempt=1" && operation == "PutObject":
				refuse(w, http.StatusConflict, "ConditionalRequestConflict")
			case attempt == "attempt=1":
				refuse(w, http.StatusServiceUnavailable, "SlowDown")
			case attempt == "attempt=2": // it is done, and its reply is lost
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			case attempt == "attempt=3":
				panic(http.ErrAbortHandler)
			default:
				next.ServeHTTP(w, r)
			}
		})

		return tested{T: t, Documents: b.Store, Parts: b.Store}
	})
}

func TestTheStoreThatTheEngineIsTestedWithHasTheSemanticsOfAStoreOfExports(t *testing.T) {
	t.Parallel()

	for name, denied := range map[string]bool{"one that may be listed": false, "one that may not be listed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			haveSemantics(t, true, func(t *testing.T) tested {
				store := exporttest.NewStore()
				store.ListDenied = denied
				documents, parts := store.Of(nil)

				return tested{T: t, Documents: documents, Parts: parts, listDenied: denied}
			})
		})
	}
}

func (s tested) createsOnce() {
	s.wantAbsent()

	body := []byte("first")
	tag := s.written(s.Create(s.Context(), checkpoint, body))
	copy(body, "xxxxx") // the store keeps what was written, not the caller's memory

	s.wantDocument("first", tag)

	_, err := s.Create(s.Context(), checkpoint, []byte("second"))
	s.wantError("creating it again", err, export.ErrConflict)
	s.wantDocument("first", tag)
}

func (s tested) replacesByTag() {
	other := s.written(s.Create(s.Context(), "users/other/checkpoint.json", []byte("other")))

	// Who may not list does not learn what is missing.
	_, err := s.Replace(s.Context(), checkpoint, other, []byte("second"))
	if !s.listDenied || !failure.Is(err, failure.StorageUnavailable) {
		s.wantError("replacing what is not there", err, export.ErrAbsent)
	}

	s.wantAbsent()

	first := s.written(s.Create(s.Context(), checkpoint, []byte("first")))
	second := s.written(s.Replace(s.Context(), checkpoint, first, []byte("second")))

	if first == second {
		s.Errorf("two contents have one tag, %s", first)
	}

	_, err = s.Replace(s.Context(), checkpoint, first, []byte("third"))
	s.wantError("replacing by an old tag", err, export.ErrConflict)
	s.wantDocument("second", second)
}

func (s tested) letsOneWin() {
	tag := s.race("creator", func(body []byte) (string, error) { return s.Create(s.Context(), checkpoint, body) })
	s.race("replacer", func(body []byte) (string, error) { return s.Replace(s.Context(), checkpoint, tag, body) })
}

// race lets several of a name write at once, each its own content, wants one to win, and returns its tag.
func (s tested) race(name string, write func(body []byte) (string, error)) string {
	s.Helper()

	var running sync.WaitGroup

	tags, errs := make([]string, racers), make([]error, racers)
	for n := range racers {
		running.Go(func() { tags[n], errs[n] = write(fmt.Appendf(nil, "%s %d", name, n)) })
	}

	running.Wait()

	winner := slices.Index(errs, nil)
	if winner < 0 {
		s.Fatalf("no %s won", name)
	}

	for n, err := range errs {
		if n != winner {
			s.wantError("a writer that lost", err, export.ErrConflict)
		}
	}

	s.wantDocument(fmt.Sprintf("%s %d", name, winner), tags[winner])

	return tags[winner]
}

func (s tested) listsDocuments() {
	for _, name := range []string{checkpoint, "users/e1/manifest.json", "users/e11/checkpoint.json", "users/latest.json"} {
		s.written(s.Create(s.Context(), name, []byte("{}")))
	}

	for id, want := range map[string][]string{"e1": {checkpoint, "users/e1/manifest.json"}, "e": nil} {
		got, err := s.Names(s.Context(), "users", id)
		wantListed(s, "documents of "+id, want, got, err)
	}
}

func (s tested) listsParts() {
	s.written("", s.put(s.Context(), "e1", partName, "one"))
	s.written("", s.put(s.Context(), "e1", "part-000002-a.jsonl.gz", "three"))
	s.written("", s.put(s.Context(), "e11", partName, "other"))

	one, three := export.StoredPart{Name: partName, Bytes: 3}, export.StoredPart{Name: "part-000002-a.jsonl.gz", Bytes: 5}
	s.wantParts("e1", one, three)
	s.wantParts("e")

	for range 2 { // deleting again is no error
		s.written("", s.Delete(s.Context(), "users", "e1", partName))
		s.wantParts("e1", three)
	}
}

func (s tested) checksSums() {
	wrong := sha256.Sum256([]byte("another"))

	err := s.Put(s.Context(), "users", "e1", partName, []byte("one"), wrong[:])
	if s.checksumUnread {
		s.written("", err)
		return
	}

	s.wantUnavailable("writing a part with another's checksum", err)
	s.wantParts("e1")
}

func (s tested) addresses() {
	location := s.Location("users", "e1")
	bucket, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	prefix := strings.TrimSuffix(location, "users/export_id=e1/")

	want := []string{prefix + "users/export_id=e1/", location + "name", prefix + "_state/" + checkpoint}
	got := []string{location, "s3://" + bucket + "/" + s.Key("users", "e1", "name"), s.URI(checkpoint)}

	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(location, "s3://") {
		s.Errorf("the addresses (-want +got):\n%s", diff)
	}
}

func (s tested) endsWithItsContext() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()

	_, err := s.Create(ctx, checkpoint, []byte("{}"))
	s.wantUnavailable("writing a document", err)
	s.wantUnavailable("writing a part", s.put(ctx, "e1", partName, "one"))
	s.wantAbsent()
	s.wantParts("e1")
}

func (s tested) put(ctx context.Context, id, name, body string) error {
	sum := sha256.Sum256([]byte(body))
	return s.Put(ctx, "users", id, name, []byte(body), sum[:])
}

// written wants no error of a write, and returns the tag.
func (s tested) written(tag string, err error) string {
	s.Helper()

	if err != nil {
		s.Fatal(err)
	}

	return tag
}

func (s tested) wantAbsent() {
	s.Helper()

	_, _, err := s.Read(s.Context(), checkpoint)
	s.wantError("reading what is not there", err, export.ErrAbsent)
}

func (s tested) wantError(doing string, err, want error) {
	s.Helper()

	if !errors.Is(err, want) {
		s.Errorf("%s: got %v, want %v", doing, err, want)
	}
}

func (s tested) wantUnavailable(doing string, err error) {
	s.Helper()

	if !failure.Is(err, failure.StorageUnavailable) {
		s.Errorf("%s: got %v, want %s", doing, err, failure.StorageUnavailable)
	}
}

func (s tested) wantDocument(body, tag string) {
	s.Helper()

	stored, storedTag, err := s.Read(s.Context(), checkpoint)
	if err != nil || string(stored) != body || storedTag != tag {
		s.Errorf("the document: got %q with tag %s and %v, want %q with tag %s", stored, storedTag, err, body, tag)
	}
}

func (s tested) wantParts(id string, want ...export.StoredPart) {
	s.Helper()

	got, err := s.List(s.Context(), "users", id)
	wantListed(s, "parts of "+id, want, got, err)
}

// wantListed wants what a list returned to be want, or the list to be denied where it is.
func wantListed[T any](s tested, what string, want, got []T, err error) {
	s.Helper()

	if s.listDenied {
		s.wantError(what, err, export.ErrListDenied)
		return
	}

	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		s.Errorf("%s (-want +got), %v:\n%s", what, err, diff)
	}
}
