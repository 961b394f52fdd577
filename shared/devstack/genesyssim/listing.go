package genesyssim

import "net/http"

// page is one page of a listing before it is rendered, in a form that faults can still change.
type page struct {
	entities []byte // as they stand between the brackets
	count    int
	form     string // what stands for the array: "" for the array itself, else JSON text

	self     string
	next     *string // nextUri
	nextPage *string // nextPageUri
	cursor   *string

	dialect  dialect
	numbered *numbering
}

// dialect is which members a page has.
type dialect int

const (
	vendorDialect dialect = iota
	tutorialDialect
	numberedDialect
)

// numbering is what pages by number say besides.
type numbering struct {
	pageSize, pageNumber, total, pageCount int
	first, last, previous                  string
}

// cursorPage is a page by cursor together with what faults need to bend its links.
type cursorPage struct {
	page
	query cursorQuery
	mark  bookmark
}

// answerUsersQuery serves GET /api/v2/users/query.
func (s *Simulator) answerUsersQuery(x *exchange) *reply {
	query, err := s.parseCursorQuery(x.request.URL.RawQuery)
	if err != nil {
		return x.refuse(err)
	}

	return s.answerCursorPage(x, query, vendorDialect)
}

// answerTutorialQuery serves POST /api/v2/users/query.
func (s *Simulator) answerTutorialQuery(x *exchange) *reply {
	if x.request.URL.RawQuery != "" {
		return x.refuse(errBadRequest("There are no query parameters; use the body"))
	}
	query, err := s.parseTutorialQuery(x.request.Body)
	if err != nil {
		return x.refuse(err)
	}

	return s.answerCursorPage(x, query, tutorialDialect)
}

func (s *Simulator) answerCursorPage(x *exchange, query cursorQuery, spoken dialect) *reply {
	mark := bookmark{chosen: query.chosen}
	if query.cursor != "" {
		var ok bool
		if mark, ok = s.cursors.open(query.cursor); !ok || mark.chosen != query.chosen {
			return x.refuse(errInvalidCursor())
		}
	}
	total := s.people.count(query.chosen.state)
	next := bookmark{chosen: query.chosen, position: min(mark.position+query.pageSize, total)}
	more := next.position < total
	if x.acts(ActionEmptyPage) {
		next = bookmark{chosen: query.chosen, position: mark.position, turn: mark.turn + 1}
		more = true
	}

	p := cursorPage{query: query, mark: mark}
	p.dialect = spoken
	p.self = query.link(query.cursor)
	p.entities = s.appendUsers(query.chosen, mark.position, next.position, total)
	p.count = next.position - mark.position
	if more {
		s.linkTo(&p, next)
	}
	s.bendLinks(x, &p, next)

	return s.finishPage(x, &p.page)
}

// linkTo sets the page's way on, as its dialect says it.
func (s *Simulator) linkTo(p *cursorPage, next bookmark) {
	cursor := s.cursors.seal(next)
	link := p.query.link(cursor)
	if p.dialect == tutorialDialect {
		p.nextPage = &link

		return
	}
	p.next, p.cursor = &link, &cursor
}

// answerUsers serves GET /api/v2/users.
func (s *Simulator) answerUsers(x *exchange) *reply {
	query, err := s.parseNumberedQuery(x.request.URL.RawQuery)
	if err != nil {
		return x.refuse(err)
	}
	total := s.people.count(query.chosen.state)
	pages := (total + query.pageSize - 1) / query.pageSize
	from := min((query.pageNumber-1)*query.pageSize, total)
	to := min(from+query.pageSize, total)
	if x.acts(ActionEmptyPage) {
		to = from
	}

	p := page{
		dialect: numberedDialect, self: query.link(query.pageNumber), count: to - from,
		entities: s.appendUsers(query.chosen, from, to, total),
		numbered: &numbering{
			pageSize: query.pageSize, pageNumber: query.pageNumber, total: total, pageCount: pages,
			first: query.link(1), last: query.link(max(1, pages)),
		},
	}
	if query.pageNumber < pages {
		link := query.link(query.pageNumber + 1)
		p.next = &link
	}
	if query.pageNumber > 1 && query.pageNumber <= pages+1 {
		p.numbered.previous = query.link(query.pageNumber - 1)
	}
	if x.fault != nil {
		bendNumberedLinks(x.fault, &p)
	}

	return s.finishPage(x, &p)
}

// appendUsers makes the users from one place of a selection up to another.
func (s *Simulator) appendUsers(chosen selection, from, to, total int) []byte {
	const usualSize = 1200
	maker := s.people.maker()
	entities := make([]byte, 0, (to-from)*usualSize)
	for n := from; n < to; n++ {
		if n > from {
			entities = append(entities, ',')
		}
		entities = maker.appendUser(entities, s.people.pick(chosen, n, total), chosen.expand)
	}

	return entities
}

// finishPage lets faults at the entities, renders the page and remembers it where a fault may want it again.
func (s *Simulator) finishPage(x *exchange, p *page) *reply {
	if x.fault != nil {
		p.inject(x.fault)
	}
	body := p.render()
	path := x.request.URL.Path
	if x.acts(ActionRepeatPage) {
		if before := s.pages.last(path); before != nil {
			body = before
		}
	}
	if s.script.contains(ActionRepeatPage) {
		s.pages.keep(path, body)
	}
	answer := newReply(http.StatusOK, "application/json", body)
	answer.pages, answer.entities = 1, p.count

	return answer
}

// render writes the page as its dialect has it, in the order of the vendor's models.
func (p *page) render() []byte {
	const othersSize = 1024
	out := entityWriter{buf: make([]byte, 0, len(p.entities)+othersSize)}
	out.open('{')
	out.name("entities")
	if p.form != "" {
		out.buf = append(out.buf, p.form...)
	} else {
		out.open('[')
		out.buf = append(out.buf, p.entities...)
		out.close(']')
	}
	switch p.dialect {
	case vendorDialect:
		out.optional("nextUri", p.next)
		out.optional("nextPageUri", p.nextPage)
		out.text("selfUri", p.self)
		out.number("results", int64(p.count))
		out.optional("cursor", p.cursor)
	case tutorialDialect:
		out.optional("nextUri", p.next)
		out.optional("nextPageUri", p.nextPage)
		out.optional("cursor", p.cursor)
	case numberedDialect:
		p.renderNumbered(&out)
	}
	out.close('}')

	return out.buf
}

func (p *page) renderNumbered(out *entityWriter) {
	out.number("pageSize", int64(p.numbered.pageSize))
	out.number("pageNumber", int64(p.numbered.pageNumber))
	out.number("total", int64(p.numbered.total))
	out.text("firstUri", p.numbered.first)
	out.text("selfUri", p.self)
	out.optional("nextUri", p.next)
	out.optional("nextPageUri", p.nextPage)
	if p.numbered.previous != "" {
		out.text("previousUri", p.numbered.previous)
	}
	out.text("lastUri", p.numbered.last)
	out.number("pageCount", int64(p.numbered.pageCount))
}

// optional writes a string member, or nothing for nil.
func (w *entityWriter) optional(name string, value *string) {
	if value != nil {
		w.text(name, *value)
	}
}
