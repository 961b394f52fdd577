package genesyssim

import (
	"bytes"
	"net/http"
	"strconv"
)

// listing is one of the API's listings: which entities are at which path, how one page leads to the next, and what can be asked.
type listing struct {
	name         string // of the entities, as under /_sim/
	method, path string
	model        *model
	paging       paging
	most         int // entities a page, to which larger page sizes are cut
	filters      []filter
}

// paging is how a page leads to the next one, and so which members it has.
type paging int

const (
	byCursor   paging = iota // nextUri and cursor
	byNumber                 // nextUri, by pageNumber, with totals
	byTutorial               // the tutorial's nextPageUri; the query is in the body
)

// parameter is the query parameter that says which page is asked for.
func (p paging) parameter() filter {
	if p == byNumber {
		return filter{name: "pageNumber", whole: true}
	}

	return filter{name: "cursor"}
}

// maxNumberedInactive is how far GET /api/v2/users goes with state=inactive.
const maxNumberedInactive = 10_000

// newListings is all that the API lists.
func newListings(config Config) []listing {
	users, most := readModel("user", config.Users), config.MaxPageSize
	state := filter{name: "state", allowed: []string{"active", "inactive", "deleted", "any"}}
	order := filter{name: "sortOrder", allowed: []string{"ASC", "DESC"}}
	expand := filter{name: "expand", allowed: users.expands(), many: 1000}
	presence := filter{name: "integrationPresenceSource", allowed: []string{"MicrosoftTeams", "ZoomPhone", "EightByEight"}, most: 100}
	schemas := filter{name: "userCustomAttributeSchemaIds", many: 5}

	return []listing{
		{"users", http.MethodGet, usersQueryPath, users, byCursor, most, []filter{state, order, expand, presence, schemas}},
		{"users", http.MethodPost, usersQueryPath, users, byTutorial, most, []filter{state, order, expand}},
		{"users", http.MethodGet, usersPath, users, byNumber, most, []filter{state, order, expand, presence}},
	}
}

// answerListing serves one page of a listing.
func (s *Simulator) answerListing(x *exchange, of listing) *reply {
	raw := x.request.URL.RawQuery
	if of.paging == byTutorial {
		var refusal *apiError
		if raw, refusal = tutorialQuery(x.request); refusal != nil {
			return x.refuse(refusal)
		}
	}
	s.change(func(o *organisation) {
		if last, found := o.asked[of.path]; found && x.fault.Action == ActionRepeatPage {
			raw = last
		}
		o.asked[of.path] = raw
	})
	q, refusal := s.parse(of, raw)
	if refusal != nil {
		return x.refuse(refusal)
	}
	p := s.turn(x.fault, q)
	answer := x.reply(http.StatusOK, "application/json", p.render())
	answer.pages, answer.entities = 1, p.count

	return answer
}

// turn makes the page that a query asks for, or what a fault leaves of it.
func (s *Simulator) turn(fault *Fault, q query) *page {
	total := q.of.model.count(q.from.state)
	from := min(q.from.position, total)
	to := min(from+q.pageSize, total)
	next := bookmark{selection: q.from.selection, position: to}
	more := to < total
	if fault.Action == ActionEmptyPage {
		to = from
		if q.of.paging != byNumber {
			next, more = q.from, true
			next.turn++
		}
	}
	p := &page{count: to - from}
	entities := []byte{'['}
	for entity := range s.entities(q.of.model, q.from.selection, from, to) {
		entities = append(append(entities, entity...), ',')
	}
	if extra := fault.entity(); len(extra) > 0 {
		entities = append(append(entities, extra...), ',')
		p.count++
	}
	p.members = []member{{"entities", append(bytes.TrimSuffix(entities, []byte(",")), ']')}}
	switch q.of.paging {
	case byCursor, byTutorial:
		s.cursorMembers(p, q, next, more)
	case byNumber:
		p.numberMembers(q, total)
	}
	p.bend(fault)

	return p
}

// cursorMembers adds the members of a page by cursor.
func (s *Simulator) cursorMembers(p *page, q query, next bookmark, more bool) {
	if more {
		p.cursor = s.seal(q.of.path, next)
		p.next = q.link(p.cursor)
	}
	here := ""
	if q.from.position > 0 || q.from.turn > 0 {
		here = s.seal(q.of.path, q.from)
	}
	p.self = q.link(here)
	if q.of.paging == byTutorial {
		p.add("nextPageUri", p.next)

		return
	}
	p.add("nextUri", p.next)
	p.add("selfUri", p.self)
	p.add("results", p.count)
	p.add("cursor", p.cursor)
}

// numberMembers adds the members of a page by number.
func (p *page) numberMembers(q query, total int) {
	here, last := q.from.position/q.pageSize+1, (total+q.pageSize-1)/q.pageSize
	number := func(n int) string { return q.link(strconv.Itoa(n)) }
	p.self = number(here)
	p.add("pageSize", q.pageSize)
	p.add("pageNumber", here)
	p.add("total", total)
	p.add("firstUri", number(1))
	p.add("selfUri", p.self)
	if here < last {
		p.next = number(here + 1)
		p.add("nextUri", p.next)
	}
	if here > 1 && here <= last+1 {
		p.add("previousUri", number(here-1))
	}
	p.add("lastUri", number(max(1, last)))
	p.add("pageCount", last)
}
