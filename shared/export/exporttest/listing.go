package exporttest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// Listing is a scripted listing of pages, whose entities are told by their number alone, so that every process gets the
// same. Pages are numbered from 0. It is scripted before it is used, and then used by any number of processes at once.
type Listing struct {
	// Latency is how long the answer to each request takes.
	Latency time.Duration
	// Filler is repeated in every link, to make links long.
	Filler string
	// Called is the listing's name, and LeastPage and MostPage are its bounds of a page size.
	Called              string
	LeastPage, MostPage int

	sizes []int
	first []int // the number of each page's first entity
	next  []int
	// replaced is how many escapes of each page were replaced, and in which entity first.
	replaced map[int][2]int

	mu       sync.Mutex
	faults   map[int][]PageFault
	requests []Request
	buffers  map[*export.Page]bool
	until    time.Time // no request is to go out before
	early    int
}

// Request is one request for a page.
type Request struct {
	Page int
	At   time.Time
}

// PageFault is what becomes of one request for a page.
type PageFault struct {
	// Err is returned; nil lets the page through.
	Err error
	// Latency is added to the listing's.
	Latency time.Duration
	// Named is what kind of failure the end of the request's time is; "": the request returns the cause, as a page request
	// does. A token that is being waited for names itself.
	Named failure.Kind
	// Limit is the rate limit that the reply tells, in requests a minute.
	Limit int
}

// NewListing returns a listing with a page of each size, each linked to the next one and the last to none.
func NewListing(sizes ...int) *Listing {
	l := &Listing{
		Called: ListingName, LeastPage: 1, MostPage: defaultMostPage,
		sizes: slices.Clone(sizes), faults: make(map[int][]PageFault), buffers: make(map[*export.Page]bool),
		replaced: make(map[int][2]int),
	}

	entities := 0
	for page, size := range sizes {
		l.first = append(l.first, entities)
		l.next = append(l.next, page+1)
		entities += size
	}

	l.next[len(sizes)-1] = end

	return l
}

// Link makes page from link to page to.
func (l *Listing) Link(from, to int) { l.next[from] = to }

// Repeat makes a page hold the entities of another one.
func (l *Listing) Repeat(page, other int) {
	l.first[page], l.sizes[page] = l.first[other], l.sizes[other]
}

// Replace makes a page one in which that many unpaired surrogate escapes were replaced, the first of them in that entity.
func (l *Listing) Replace(page, count, entity int) { l.replaced[page] = [2]int{count, entity} }

// Fault queues what becomes of the next requests for a page, one after the other.
func (l *Listing) Fault(page int, faults ...PageFault) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.faults[page] = append(l.faults[page], faults...)
}

// Truth is all that the listing holds, as lines in the order of the pages. A listing that loops has none.
func (l *Listing) Truth() []byte {
	var lines []byte
	for page := 0; page != end; page = l.next[page] {
		lines = l.appendLines(lines, page)
	}

	return lines
}

// Requests returns the requests until now.
func (l *Listing) Requests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()

	return slices.Clone(l.requests)
}

// Early is how many requests went out before a wait that the listing had asked for was over.
func (l *Listing) Early() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.early
}

// Buffers is how many different pages were handed in to be filled.
func (l *Listing) Buffers() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return len(l.buffers)
}

// Of returns the listing as a process sees it; nil is one that meets no faults but the listing's own.
func (l *Listing) Of(process *Process) export.Listing { return &view{l, process} }

func (l *Listing) fetch(ctx context.Context, link string, page *export.Page) error {
	number, known := l.number(link)
	if !known {
		return failure.New(failure.CursorExpired, "the listing knows no such link")
	}

	fault := l.request(number, page)
	if err := retry.Sleep(ctx, l.Latency+fault.Latency); err != nil {
		if fault.Named != "" {
			return failure.Because(err, fault.Named, "the time ended before there was a token")
		}

		return err
	}

	page.Reset()
	page.Limit = fault.Limit
	// What a failed request leaves behind is no part of the page.
	page.Lines = l.appendLines(page.Lines, number)
	page.Records = l.sizes[number]
	page.Replaced, page.ReplacedIn = l.replaced[number][0], l.replaced[number][1]

	if fault.Err != nil {
		l.refused(fault.Err)
		return fault.Err
	}

	if to := l.next[number]; to != end {
		page.Next = l.link(to)
	}

	return nil
}

// request notes a request and takes its fault.
func (l *Listing) request(number int, page *export.Page) PageFault {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := time.Now()
	l.requests = append(l.requests, Request{Page: number, At: now})
	l.buffers[page] = true

	if now.Before(l.until) {
		l.early++
	}

	queued := l.faults[number]
	if len(queued) == 0 {
		return PageFault{}
	}

	l.faults[number] = queued[1:]

	return queued[0]
}

func (l *Listing) refused(err error) {
	if asked, ok := err.(*retry.TransientError); ok && asked.Told { //nolint:errorlint // a fault is returned as it is queued
		l.mu.Lock()
		defer l.mu.Unlock()

		l.until = time.Now().Add(asked.After)
	}
}

func (l *Listing) link(page int) string {
	return path + "?cursor=" + strconv.Itoa(page) + "." + l.Filler + "&pageSize=100"
}

func (l *Listing) number(link string) (int, bool) {
	rest, ok := strings.CutPrefix(link, path+"?cursor=")
	digits, _, dotted := strings.Cut(rest, ".")
	page, err := strconv.Atoi(digits)

	return page, ok && dotted && err == nil && page >= 0 && page < len(l.sizes)
}

func (l *Listing) appendLines(lines []byte, page int) []byte {
	for entity := l.first[page]; entity < l.first[page]+l.sizes[page]; entity++ {
		lines = fmt.Appendf(lines, `{"id":"%08x-user","name":"Zoë <%d> & \"co\"","version":%d,"tags":[],"chat":{"jabberId":null}}`+"\n",
			entity, entity, entity%7)
	}

	return lines
}
