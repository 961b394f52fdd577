package export_test

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/retry"
)

const maxPartBytes = 256 << 10

// endless is a listing of large pages that are not kept anywhere: two of them, one after the other.
type endless struct {
	pages, fetched int64
	users          int // on each page
	lines          [2][]byte
	observe        func(page int64) // is called at each request
}

const endlessUser = `{"id":"ID","name":"User ID","division":{"id":"ID","name":"Home","selfUri":"/api/v2/authorization/divisions/ID"},` +
	`"chat":{"jabberId":"ID@org.orgspan.com"},"department":"Sales","email":"userID@example.com",` +
	`"primaryContactInfo":[{"address":"userID@example.com","mediaType":"EMAIL","type":"PRIMARY"}],"addresses":[],"state":"active",` +
	`"title":"Agent","username":"userID@example.com","version":7,"acdAutoAnswer":false,"selfUri":"/api/v2/users/ID"}` + "\n"

func newEndless(pages int64, users int) *endless {
	e := &endless{pages: pages, users: users, observe: func(int64) {}}

	for n := range e.lines {
		for user := range users {
			id := strconv.Itoa(n*users+user) + "-4f1c-9e3d-1bd0a2b6c001"
			e.lines[n] = append(e.lines[n], strings.ReplaceAll(endlessUser, "ID", id)...)
		}
	}

	return e
}

func (e *endless) Name() string                                  { return exporttest.ListingName }
func (e *endless) PageSizes() (least, most int)                  { return 1, e.users }
func (e *endless) Options() []string                             { return nil }
func (e *endless) Ask(int, export.Options) (export.Pages, error) { return e, nil }
func (e *endless) Open(export.Query) (export.Pages, error)       { return e, nil }
func (e *endless) First() string                                 { return "/api/v2/users/query?cursor=0" }

func (e *endless) Query() export.Query {
	return export.Query{PageSize: e.users, Canonical: []byte(`{"page_size":` + strconv.Itoa(e.users) + `}`)}
}

func (e *endless) Fetch(_ context.Context, _ string, page *export.Page) error {
	e.observe(e.fetched)
	page.Reset()
	page.Lines, page.Records = append(page.Lines, e.lines[e.fetched%2]...), e.users

	if e.fetched++; e.fetched < e.pages {
		page.Next = "/api/v2/users/query?cursor=" + strconv.FormatInt(e.fetched, 10)
	}

	return nil
}

// heedless keeps of each part that it was written, and nothing else.
type heedless struct {
	export.Parts

	stored []export.StoredPart
}

func (h *heedless) List(context.Context, string, string) ([]export.StoredPart, error) {
	return h.stored, nil
}

func (h *heedless) Put(_ context.Context, _, _, name string, body, _ []byte) error {
	h.stored = append(h.stored, export.StoredPart{Name: name, Bytes: int64(len(body))})
	return nil
}

// lone keeps the last version of each document. Nobody else is there.
type lone struct {
	export.Documents

	documents map[string][]byte
}

func (l *lone) Names(context.Context, string, string) ([]string, error) {
	return slices.Collect(maps.Keys(l.documents)), nil
}

func (l *lone) Read(_ context.Context, name string) ([]byte, string, error) {
	if body, there := l.documents[name]; there {
		return body, "", nil
	}

	return nil, "", export.ErrAbsent
}

func (l *lone) Create(_ context.Context, name string, body []byte) (string, error) {
	l.documents[name] = body
	return "", nil
}

func (l *lone) Replace(ctx context.Context, name, _ string, body []byte) (string, error) {
	return l.Create(ctx, name, body)
}

func (e *endless) engine() *export.Engine {
	documents, parts := exporttest.NewStore().Of(nil)

	return export.NewEngine(export.Config{
		Listings: []export.Listing{e}, Documents: &lone{documents, make(map[string][]byte)}, Parts: &heedless{Parts: parts},
		Logger:      slog.New(slog.DiscardHandler),
		Environment: "mypurecloud.de", Generator: "test", PageSize: e.users, PartBytes: maxPartBytes,
		Reserve: time.Second, Retry: retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 1},
	})
}

// peak is the most that the heap holds during an export of that many pages, in bytes.
func peak(t *testing.T, pages int64) uint64 {
	t.Helper()

	const users = 100

	var most uint64

	listing := newEndless(pages, users)
	listing.observe = func(page int64) {
		if page%10 != 0 {
			return
		}

		var stats runtime.MemStats

		runtime.GC()
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapAlloc)
	}

	result, _, err := listing.engine().Run(t.Context(), export.Event{ExportID: exportID}, "")
	if err != nil || result.Status != export.StatusComplete || result.Records != pages*users {
		t.Fatalf("got %+v and %v, want a complete export", result, err)
	}

	return most
}

//nolint:paralleltest // it measures the heap of the whole process; no other test may run meanwhile
func TestX20MemoryDoesNotGrowWithTheExport(t *testing.T) {
	const few, many = 50, 500

	small, large := peak(t, few), peak(t, many)

	// Two pages of 65 KB, a part, a compressor and the listing's own two pages are about 2 MB; the larger export has 45,000
	// users more, which are 27 MB.
	if bound := small + small/4 + 1<<20; large > bound {
		t.Errorf("the heap holds up to %d bytes in an export of %d pages and up to %d in one of %d, want at most %d",
			small, few, large, many, bound)
	}

	if large > 16<<20 {
		t.Errorf("the heap holds up to %d bytes", large)
	}
}

// BenchmarkEngine measures what the engine costs for a page of 500 users.
func BenchmarkEngine(b *testing.B) {
	listing := newEndless(int64(b.N), 500)

	b.SetBytes(int64(len(listing.lines[0])))
	b.ReportAllocs()

	result, _, err := listing.engine().Run(b.Context(), export.Event{ExportID: exportID}, "")
	if err != nil || result.Status != export.StatusComplete {
		b.Fatalf("got %+v and %v, want a complete export", result, err)
	}
}

func TestPartsAreClosedBySizeAndAtEachStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{400}, 20)...)
		w.partBytes = 2 << 10
		w.mustComplete(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		if parts := len(manifest.Parts); parts < 3 || parts >= 20 {
			t.Errorf("20 pages make %d parts, want several pages in several parts", parts)
		}

		for n, part := range manifest.Parts {
			if part.Records%400 != 0 {
				t.Errorf("%d records are in part %d, want whole pages", part.Records, n+1)
			}

			if part.Bytes < int64(w.partBytes) && n != len(manifest.Parts)-1 {
				t.Errorf("part %d has %d bytes, want no less than %d but at the end", n+1, part.Bytes, w.partBytes)
			}
		}

		if buffers := w.listing.Seen().Buffers; buffers > 2 {
			t.Errorf("%d pages were in memory, want one that is fetched and one that is written", buffers)
		}
	})
}
