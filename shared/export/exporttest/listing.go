package exporttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
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

// Listing is a scripted listing of pages, numbered from 0, whose entities follow from their number alone. It is scripted before
// it is used, and then used by any number of processes at once.
type Listing struct {
	// Latency is how long the answer to each request takes.
	Latency time.Duration
	// Called is the listing's name, and LeastPage and MostPage are its bounds of a page size.
	Called              string
	LeastPage, MostPage int

	script  []scripted
	windows []int // the first page of each; there are several where jobs prepare them

	mu      sync.Mutex
	faults  map[int][]PageFault
	buffers map[*export.Page]bool
	until   time.Time    // no request is to go out before
	asked   atomic.Int32 // how many requests are being answered
	seen    Seen
	polls   map[string]int // how often each job was looked at; nil: no jobs prepare the pages
	submits int
}

// scripted is one page: its entities by number, the page that it links to, and what was replaced in it.
type scripted struct {
	first, size, next    int
	replaced, replacedIn int
}

// NewListing returns a listing with a page of each size, each linked to the next one and the last to none.
func NewListing(sizes ...int) *Listing {
	l := &Listing{
		Called: ListingName, LeastPage: 1, MostPage: 500,
		windows: []int{0}, faults: make(map[int][]PageFault), buffers: make(map[*export.Page]bool),
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

	for _, first := range l.windows {
		for page := first; page != end; page = l.script[page].next {
			lines = l.appendLines(lines, page)
		}
	}

	return lines
}

// Seen is what a listing saw of its requests until now.
type Seen struct {
	Requests int
	Early    int // those that came before a wait that the listing had asked for was over
	AtOnce   int // how many came while another one was answered
	Buffers  int // how many different pages were handed in to be filled
}

// Seen returns what the listing saw until now.
func (l *Listing) Seen() Seen {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.seen
}

// Of returns the listing as a process sees it; nil is one that meets no faults but the listing's own.
func (l *Listing) Of(process *Process) export.Listing { return &view{Listing: l, process: process} }

func (l *Listing) fetch(ctx context.Context, link string, page *export.Page) (export.Reply, error) {
	var number int
	if _, err := fmt.Sscanf(link, path+"?cursor=%d.", &number); err != nil || number < 0 || number >= len(l.script) {
		return export.Reply{}, failure.New(failure.CursorExpired, "the listing knows no such link")
	}

	fault := l.request(number, page)
	defer l.asked.Add(-1)

	if err := retry.Sleep(ctx, l.Latency+fault.Latency); err != nil {
		if fault.Named != "" {
			return export.Reply{}, failure.Because(err, fault.Named, "the time ended before there was a token")
		}

		return export.Reply{}, err
	}

	scripted := l.script[number]

	page.Lines = l.appendLines(page.Lines[:0], number)

	var next string
	if scripted.next != end {
		next = linkTo(scripted.next)
	}

	if asked, ok := errors.AsType[*retry.TransientError](fault.Err); ok && asked.After > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()

		l.until = time.Now().Add(asked.After)
	}

	return export.Reply{Next: cmp.Or(fault.Seems, next), Split: func(ctx context.Context) error {
		_ = retry.Sleep(ctx, fault.Splitting)
		page.Records, page.Next = scripted.size, next
		page.Replaced, page.ReplacedIn = scripted.replaced, scripted.replacedIn

		return fault.Split
	}}, fault.Err
}

// request notes a request and takes its fault.
func (l *Listing) request(number int, page *export.Page) (fault PageFault) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.asked.Add(1) > 1 {
		l.seen.AtOnce++
	}

	l.buffers[page] = true
	l.seen.Requests++
	l.seen.Buffers = len(l.buffers)

	if time.Now().Before(l.until) {
		l.seen.Early++
	}

	if queued := l.faults[number]; len(queued) > 0 {
		fault, l.faults[number] = queued[0], queued[1:]
	}

	return fault
}

func linkTo(page int) string {
	return path + "?cursor=" + strconv.Itoa(page) + ".&pageSize=100"
}

func (l *Listing) appendLines(lines []byte, page int) []byte {
	for n := range l.script[page].size {
		entity := l.script[page].first + n
		lines = fmt.Appendf(lines, `{"id":"%08x-user","name":"Zoë <%d> & \"co\"","version":%d,"tags":[],"chat":{"jabberId":null}}`+"\n",
			entity, entity, entity%7)
	}

	return lines
}
