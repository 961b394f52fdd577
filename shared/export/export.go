// Package export is the engine of an export: pages in, parts and checkpoints out, and a stop in time.
//
// One call of [Engine.Run] is the work on an export that fits into one invocation. Pages are fetched one after the other;
// their entities go, as gzip NDJSON, into parts; each part is durable before the checkpoint moves past it. The checkpoint is
// the one commit point, written by compare-and-swap, so that an export which is killed anywhere, or called twice, loses
// nothing and doubles nothing. The lease in it keeps callers from starving each other; safety does not depend on it.
// Requests are spread, so that an export keeps to its share of the rate limit, which it learns.
//
// The package knows no AWS and no HTTP: it declares what it needs as [Listing], [Documents] and [Parts]. Of a query it knows
// page_size, and keeps the rest as the listing wrote it.
package export

import (
	"context"
	"errors"
)

// Page is one page of a listing, as lines: each entity on one line, byte for byte as the API gave it, white space
// outside of strings aside. A Page is reused; whoever keeps Lines past its turn copies them.
type Page struct {
	Lines   []byte
	Records int
	// Replaced counts the unpaired surrogate escapes that were written as \ufffd; ReplacedIn is the first entity with one, from 1.
	Replaced, ReplacedIn int
	Next                 string // the link to the page after this one; "": there is none
	Total                *int64 // how many entities the listing says that it has; nil: it does not say
}

// Reset empties the page and keeps its memory.
func (p *Page) Reset() { *p = Page{Lines: p.Lines[:0]} }

// Listing is a source of pages. Only it knows which options there are, and what they mean.
type Listing interface {
	// Name names the listing in events, keys, results and metrics: "users".
	Name() string
	// PageSizes are the smallest and the largest page that may be asked for.
	PageSizes() (least, most int)
	// Options are the names of the options that an event may have.
	Options() []string
	// Ask opens the query of a new export: options, with the listing's defaults for what they leave out. All of them are
	// among [Listing.Options]; a bad value is a failure of kind InvalidInput that names the option.
	Ask(pageSize int, options Options) (Pages, error)
	// Open opens a stored query. What it does not know was written by newer code, and is a failure of kind CheckpointInvalid.
	Open(q Query) (Pages, error)
}

// Pages are the pages of a listing that a query asks for. They are read by one at a time, who may split a reply while the next page is
// fetched.
type Pages interface {
	// Query is the query in its canonical form of today.
	Query() Query
	// First returns the address of the first page, as a next link would be written.
	First() string
	// Fetch requests the page at link ("": the first) once and reads the reply into page's memory. After an error page is to be
	// thrown away. What may pass by itself is a retry.TransientError; the end of ctx is its cause; everything else is a failure
	// that says what to do.
	Fetch(ctx context.Context, link string, page *Page) (Reply, error)
}

// Reply is the reply to a request for a page, which waits in the page's memory to be split.
type Reply struct {
	// Next is where the page seems to link to, so that the next page can be asked for before this one is split; "": it does not show.
	Next string
	// Split fills the page that the reply was read into, with errors as those of [Pages.Fetch].
	Split func(context.Context) error
}

// ErrNoEntities is behind the failure of a page without entities, where that is the last one if it comes again and again.
var ErrNoEntities = errors.New("the page has no list of entities")

// Errors of the stores, which are no failures by themselves.
var (
	ErrAbsent     = errors.New("the document does not exist")
	ErrConflict   = errors.New("the document was changed by somebody else") // it is there already, or is not the one that was read
	ErrListDenied = errors.New("listing is denied")                         // the store does not say which objects it has
)

// Documents keeps the small documents of exports, by compare-and-swap. A tag stands for one content of one document. All
// other errors are failures of kind StorageUnavailable, after which a write may have happened all the same.
type Documents interface {
	// Names returns the names of the documents of an export, or [ErrListDenied].
	Names(ctx context.Context, listing, id string) ([]string, error)
	// Read returns a document and its tag, or [ErrAbsent].
	Read(ctx context.Context, name string) (body []byte, tag string, err error)
	// Create writes a document that does not exist, or returns [ErrConflict].
	Create(ctx context.Context, name string, body []byte) (tag string, err error)
	// Replace writes a document whose tag is still the given one, or returns [ErrConflict] or [ErrAbsent].
	Replace(ctx context.Context, name, tag string, body []byte) (newTag string, err error)
	// URI is where a document lies, for people and other programs: s3://bucket/key.
	URI(name string) string
}

// StoredPart is a part as the store lists it.
type StoredPart struct {
	Name  string // without the folder
	Bytes int64
}

// Parts keeps the parts of exports. Its errors are failures of kind StorageUnavailable.
type Parts interface {
	// List returns the parts of an export that lie in the store, whoever wrote them, or [ErrListDenied].
	List(ctx context.Context, listing, id string) ([]StoredPart, error)
	// Put writes a part and returns once it is durable. sha256 is the body's, in bytes.
	Put(ctx context.Context, listing, id, name string, body, sha256 []byte) error
	// Delete removes a part; one that is not there is no error.
	Delete(ctx context.Context, listing, id, name string) error
	// Key is the object key of a part.
	Key(listing, id, name string) string
	// Location is the folder of an export's parts: s3://bucket/prefix/.
	Location(listing, id string) string
}
