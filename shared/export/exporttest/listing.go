package exporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// ListingName is the name of a scripted listing, unless it is called otherwise.
const ListingName = "users"

const (
	path = "/api/v2/users/query"
	// end is where the last page links to.
	end = -1
)

// Listing is a scripted listing of pages, whose entities follow from their number alone, so that every process gets the
// same. Pages are numbered from 0. It is scripted before it is used, and then used by any number of processes at once.
type Listing struct {
	// Latency is how long the answer to each request takes.
	Latency time.Duration
	// Filler is repeated in every link, to make links long.
	Filler string
	// Called is the listing's name, and LeastPage and MostPage are its bounds of a page size.
	Called              string
	LeastPage, MostPage int

	script []scripted

	mu      sync.Mutex
	faults  map[int][]PageFault
	buffers map[*export.Page]bool
	until   time.Time // no request is to go out before
	seen    Seen
}

// scripted is one page: its entities by number, the page that it links to, and what was replaced in it.
type scripted struct {
	first, size, next    int
	replaced, replacedIn int
}

// NewListing returns a listing with a page of each size, each linked to the next one and the last to none.
func NewListing(sizes ...int) *Listing {
	l := &Listing{
		Called: ListingName, LeastPage: 1, MostPage: 500, faults: make(map[int][]PageFault), buffers: make(map[*export.Page]bool),
	}

	entities := 0
	for page, size := range sizes {
		l.script = append(l.script, scripted{first: entities, size: size, next: page + 1})
		entities += size
	}

	l.script[len(sizes)-1].next = end

	return l
}

// Link makes page from link to page to.
func (l *Listing) Link(from, to int) { l.script[from].next = to }

// Repeat makes a page have the entities of another one.
func (l *Listing) Repeat(page, other int) {
	l.script[page].first, l.script[page].size = l.script[other].first, l.script[other].size
}

// Replace makes a page one in which that many unpaired surrogate escapes were replaced, the first of them in that entity.
func (l *Listing) Replace(page, count, entity int) {
	l.script[page].replaced, l.script[page].replacedIn = count, entity
}

// Fault queues what becomes of the next requests for a page, one after the other.
func (l *Listing) Fault(page int, faults ...PageFault) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.faults[page] = append(l.faults[page], faults...)
}

// Truth is all that the listing has, as lines in the order of the pages. A listing that loops has none.
func (l *Listing) Truth() []byte {
	var lines []byte
	for page := 0; page != end; page = l.script[page].next {
		lines = l.appendLines(lines, page)
	}

	return lines
}

// Seen is what a listing saw of its requests until now.
type Seen struct {
	Requests int
	Early    int // those that came before a wait that the listing had asked for was over
	Buffers  int // how many different pages were handed in to be filled
}

// Seen returns what the listing saw until now.
func (l *Listing) Seen() Seen {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.seen
}

// Of returns the listing as a process sees it; nil is one that meets no faults but the listing's own.
func (l *Listing) Of(process *Process) export.Listing { return &view{l, process, query{}} }

func (l *Listing) fetch(ctx context.Context, link string, page *export.Page) error {
	var number int
	if _, err := fmt.Sscanf(link, path+"?cursor=%d.", &number); err != nil || number < 0 || number >= len(l.script) {
		return failure.New(failure.CursorExpired, "the listing knows no such link")
	}

	fault := l.request(number, page)
	if err := retry.Sleep(ctx, l.Latency+fault.Latency); err != nil {
		if fault.Named != "" {
			return failure.Because(err, fault.Named, "the time ended before there was a token")
		}

		return err
	}

	scripted := l.script[number]

	page.Reset()
	// What a failed request leaves behind is no part of the page.
	page.Lines, page.Records, page.Limit = l.appendLines(page.Lines, number), scripted.size, fault.Limit
	page.Replaced, page.ReplacedIn = scripted.replaced, scripted.replacedIn

	if fault.Err != nil {
		l.refused(fault.Err)
		return fault.Err
	}

	if scripted.next != end {
		page.Next = l.link(scripted.next)
	}

	return nil
}

// request notes a request and takes its fault.
func (l *Listing) request(number int, page *export.Page) PageFault {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.buffers[page] = true
	l.seen.Requests++
	l.seen.Buffers = len(l.buffers)

	if time.Now().Before(l.until) {
		l.seen.Early++
	}

	queued := l.faults[number]
	if len(queued) == 0 {
		return PageFault{}
	}

	l.faults[number] = queued[1:]

	return queued[0]
}

func (l *Listing) refused(err error) {
	if asked, ok := errors.AsType[*retry.TransientError](err); ok && asked.After > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()

		l.until = time.Now().Add(asked.After)
	}
}

func (l *Listing) link(page int) string {
	return path + "?cursor=" + strconv.Itoa(page) + "." + l.Filler + "&pageSize=100"
}

func (l *Listing) appendLines(lines []byte, page int) []byte {
	for n := range l.script[page].size {
		entity := l.script[page].first + n
		lines = fmt.Appendf(lines, `{"id":"%08x-user","name":"Zoë <%d> & \"co\"","version":%d,"tags":[],"chat":{"jabberId":null}}`+"\n",
			entity, entity, entity%7)
	}

	return lines
}

// view is a listing as one process sees it, and the pages of a query. It implements [export.Listing] and [export.Pages].
type view struct {
	*Listing

	process *Process
	query   query
}

// query is what a scripted listing is asked, in the form of the users' listing. Its options change nothing in the pages.
type query struct {
	Method    string   `json:"method"`
	PageSize  int      `json:"page_size"`
	Expand    []string `json:"expand"`
	State     string   `json:"state"`
	SortOrder string   `json:"sort_order"`
}

func (v *view) Name() string { return v.Called }

func (v *view) PageSizes() (least, most int) { return v.LeastPage, v.MostPage }

func (v *view) Options() []string { return []string{"expand", "state", "sort_order"} }

func (v *view) Ask(pageSize int, options export.Options) (export.Pages, error) {
	q := query{Method: "GET", PageSize: pageSize, State: "active", SortOrder: "ASC"}

	for name, to := range map[string]any{"expand": &q.Expand, "state": &q.State, "sort_order": &q.SortOrder} {
		if raw, given := options[name]; given && json.Unmarshal(raw, to) != nil {
			return nil, failure.New(failure.InvalidInput, "%s is of the wrong type", name)
		}
	}

	return &view{v.Listing, v.process, q}, nil
}

func (v *view) Open(stored export.Query) (export.Pages, error) {
	var q query

	strict := json.NewDecoder(bytes.NewReader(stored.Canonical))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&q); err != nil {
		return nil, failure.New(failure.CheckpointInvalid, "the query was written by newer code: deploy the newer version")
	}

	return &view{v.Listing, v.process, q}, nil
}

func (v *view) Query() export.Query {
	q := v.query
	q.Expand = append([]string{}, slices.Compact(slices.Sorted(slices.Values(q.Expand)))...)

	body, err := json.Marshal(q)
	if err != nil {
		panic(err) // numbers and strings always encode
	}

	return export.Query{PageSize: q.PageSize, Canonical: body}
}

func (v *view) First() string { return v.link(0) }

func (v *view) Fetch(ctx context.Context, link string, page *export.Page) error {
	if link == "" {
		link = v.First()
	}

	return v.process.call(ctx, request{op: OpFetch, name: link, do: func() error { return v.fetch(ctx, link, page) }})
}
