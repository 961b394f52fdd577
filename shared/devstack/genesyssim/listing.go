package genesyssim

import "net/http"

// listing is one of the API's listings: which entities are at which path, how one page leads to the next, and what can be asked.
type listing struct {
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
	users, most := userModel(config.Users), config.MaxPageSize
	state := filter{name: "state", allowed: []string{"active", "inactive", "deleted", "any"}}
	order := filter{name: "sortOrder", allowed: []string{"ASC", "DESC"}}
	expand := filter{name: "expand", allowed: users.expands(), many: 1000}
	presence := filter{name: "integrationPresenceSource", allowed: []string{"MicrosoftTeams", "ZoomPhone", "EightByEight"}, most: 100}
	schemas := filter{name: "userCustomAttributeSchemaIds", many: 5}

	return []listing{
		{http.MethodGet, usersQueryPath, users, byCursor, most, []filter{state, order, expand, presence, schemas}},
		{http.MethodPost, usersQueryPath, users, byTutorial, most, []filter{state, order, expand}},
		{http.MethodGet, usersPath, users, byNumber, most, []filter{state, order, expand, presence}},
	}
}

// answerListing serves one page of a listing.
func (s *Simulator) answerListing(x *exchange, of listing) *reply {
	raw, refusal := of.rawQuery(x.request)
	if refusal != nil {
		return x.refuse(refusal)
	}
	if last, found := s.asked.Load(of.path); found && x.fault.Action == ActionRepeatPage {
		raw, _ = last.(string)
	}
	s.asked.Store(of.path, raw)
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
	total := q.from.State.among(q.of.model.size)
	from := min(int(q.from.Position), total)
	to := min(from+q.pageSize, total)
	next := bookmark{selection: q.from.selection, Position: int64(to)}
	more := to < total
	if fault.Action == ActionEmptyPage {
		to = from
		if q.of.paging != byNumber {
			next, more = q.from, true
			next.Turn++
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
		p.cursor = s.cursors.seal(q.of.path, next)
		p.next = q.link("cursor", p.cursor)
	}
	here := ""
	if q.from.Position > 0 || q.from.Turn > 0 {
		here = s.cursors.seal(q.of.path, q.from)
	}
	p.self = q.link("cursor", here)
	if q.of.paging == byTutorial {
		p.text("nextPageUri", p.next)

		return
	}
	p.text("nextUri", p.next)
	p.text("selfUri", p.self)
	p.number("results", p.count)
	p.text("cursor", p.cursor)
}

// numberMembers adds the members of a page by number.
func (p *page) numberMembers(q query, total int) {
	here, last := int(q.from.Position)/q.pageSize+1, (total+q.pageSize-1)/q.pageSize
	p.self = q.numbered(here)
	p.number("pageSize", q.pageSize)
	p.number("pageNumber", here)
	p.number("total", total)
	p.text("firstUri", q.numbered(1))
	p.text("selfUri", p.self)
	if here < last {
		p.next = q.numbered(here + 1)
		p.text("nextUri", p.next)
	}
	if here > 1 && here <= last+1 {
		p.text("previousUri", q.numbered(here-1))
	}
	p.text("lastUri", q.numbered(max(1, last)))
	p.number("pageCount", last)
}
