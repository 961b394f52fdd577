package genesyssim

import "net/http"

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
	raw, refusal := of.rawQuery(x.request)
	if refusal != nil {
		return x.refuse(refusal)
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
	answer := newReply(http.StatusOK, "application/json", p.render())
	answer.pages, answer.entities = 1, int64(p.count)

	return answer
}

// rawQuery is the request's query string, or for a tutorial's the one that asks the same.
func (l listing) rawQuery(r *http.Request) (string, *apiError) {
	if l.paging == byTutorial {
		return tutorialQuery(r)
	}

	return r.URL.RawQuery, nil
}

// turn makes the page that a query asks for, or what a fault leaves of it.
func (s *Simulator) turn(fault *Fault, q query) *page {
	total := q.from.state.among(q.of.model.size)
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
	entities := s.appendEntities([]byte{'['}, q, from, to, total)
	if extra := fault.entity(); len(extra) > 0 {
		if p.count > 0 {
			entities = append(entities, ',')
		}
		entities = append(entities, extra...)
		p.count++
	}
	p.members = []member{{"entities", append(entities, ']')}}
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
		p.next = q.link("cursor", p.cursor)
	}
	here := ""
	if q.from.position > 0 || q.from.turn > 0 {
		here = s.seal(q.of.path, q.from)
	}
	p.self = q.link("cursor", here)
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
	p.self = q.numbered(here)
	p.add("pageSize", q.pageSize)
	p.add("pageNumber", here)
	p.add("total", total)
	p.add("firstUri", q.numbered(1))
	p.add("selfUri", p.self)
	if here < last {
		p.next = q.numbered(here + 1)
		p.add("nextUri", p.next)
	}
	if here > 1 && here <= last+1 {
		p.add("previousUri", q.numbered(here-1))
	}
	p.add("lastUri", q.numbered(max(1, last)))
	p.add("pageCount", last)
}
