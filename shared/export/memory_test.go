package export_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/retry"
)

const maxPartBytes = 256 << 10

// endless is a listing of large pages that are not kept anywhere: two of them, one after the other.
type endless struct {
	pages   int64
	users   int // on each page
	lines   [2][]byte
	fetched int64
	// observe is called at each request.
	observe func(page int64)
}

func newEndless(pages int64, users int) *endless {
	e := &endless{pages: pages, users: users, observe: func(int64) {}}

	for n := range e.lines {
		for user := range users {
			id := strconv.Itoa(n*users+user) + "-4f1c-9e3d-1bd0a2b6c001"
			e.lines[n] = append(e.lines[n], `{"id":"`+id+`","name":"User `+id+`","division":{"id":"`+id+`","name":"Home","selfUri":"/api/v2/authorization/divisions/`+id+`"},"chat":{"jabberId":"`+id+`@org.orgspan.com"},"department":"Sales","email":"user`+id+`@example.com","primaryContactInfo":[{"address":"user`+id+`@example.com","mediaType":"EMAIL","type":"PRIMARY"}],"addresses":[],"state":"active","title":"Agent","username":"user`+id+`@example.com","version":7,"acdAutoAnswer":false,"selfUri":"/api/v2/users/`+id+`"}`+"\n"...)
		}
	}

	return e
}

func (e *endless) Name() string { return exporttest.ListingName }

func (e *endless) PageSizes() (least, most int) { return 1, e.users }

func (e *endless) Options() []string { return nil }

func (e *endless) Ask(int, export.Options) (export.Pages, error) { return e, nil }

func (e *endless) Open(export.Query) (export.Pages, error) { return e, nil }

func (e *endless) Query() export.Query {
	return export.Query{PageSize: e.users, Canonical: []byte(`{"page_size":` + strconv.Itoa(e.users) + `}`)}
}

func (e *endless) First() string { return "/api/v2/users/query?cursor=0" }

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
	mu     sync.Mutex
	stored []export.StoredPart
}

func (h *heedless) List(context.Context, string, string) ([]export.StoredPart, error) {
	h.mu.Lock()
	defer h.mu.Unlock()

	return h.stored, nil
}

func (h *heedless) Put(_ context.Context, _, _, name string, body, _ []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()

	h.stored = append(h.stored, export.StoredPart{Name: name, Bytes: int64(len(body))})

	return nil
}

func (h *heedless) Delete(context.Context, string, string, string) error { return nil }

func (h *heedless) Key(_, _, name string) string { return name }

func (h *heedless) Location(string, string) string { return "" }

// lone keeps the last version of each document. Nobody else is there.
type lone struct{ documents map[string][]byte }

func (l *lone) Names(_ context.Context, listing, id string) ([]string, error) {
	if _, there := l.documents[listing+"/"+id+"/checkpoint.json"]; there {
		return []string{listing + "/" + id + "/checkpoint.json"}, nil
	}

	return nil, nil
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

func (l *lone) Replace(_ context.Context, name, _ string, body []byte) (string, error) {
	l.documents[name] = body
	return "", nil
}

func (l *lone) URI(name string) string { return name }

func (e *endless) engine() *export.Engine {
	return export.NewEngine(export.Config{
		Listings: []export.Listing{e}, Documents: &lone{make(map[string][]byte)}, Parts: &heedless{}, Logger: slog.New(slog.DiscardHandler),
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

// BenchmarkEngine tells what the engine costs for a page of 500 users; "x-stdlib" is the time in relation to packing the
// same lines with the standard library's gzip at the same level, and nothing else.
func BenchmarkEngine(b *testing.B) {
	listing := newEndless(int64(b.N), 500)
	pageBytes := int64(len(listing.lines[0]))
	engine := listing.engine()

	b.SetBytes(pageBytes)
	b.ReportAllocs()
	b.ResetTimer()

	result, _, err := engine.Run(b.Context(), export.Event{ExportID: exportID}, "")

	b.StopTimer()

	if err != nil || result.Status != export.StatusComplete {
		b.Fatalf("got %+v and %v, want a complete export", result, err)
	}

	took := b.Elapsed()
	b.ReportMetric(float64(b.N)/took.Seconds(), "pages/s")
	b.ReportMetric(float64(took)/float64(pack(b, listing, b.N)), "x-stdlib")
}

// pack is how long the standard library takes for that many pages.
func pack(b *testing.B, listing *endless, pages int) time.Duration {
	b.Helper()

	var part bytes.Buffer

	begun := time.Now()

	packing, err := gzip.NewWriterLevel(&part, gzip.BestSpeed)
	if err != nil {
		b.Fatal(err)
	}

	for page := range pages {
		if _, err := packing.Write(listing.lines[page%2]); err != nil {
			b.Fatal(err)
		}

		if part.Len() >= maxPartBytes {
			if err := packing.Close(); err != nil {
				b.Fatal(err)
			}

			part.Reset()
			packing.Reset(io.Writer(&part))
		}
	}

	if err := packing.Close(); err != nil {
		b.Fatal(err)
	}

	return time.Since(begun)
}
