package genesyssim

import (
	"net/url"
	"strings"
	"sync"
)

// acts reports whether the exchange's fault is of this action.
func (x *exchange) acts(action Action) bool { return x.fault != nil && x.fault.Action == action }

// bendLinks changes the links of a page by cursor as the exchange's fault says.
func (s *Simulator) bendLinks(x *exchange, p *cursorPage, next bookmark) {
	if x.fault == nil {
		return
	}
	switch x.fault.Action {
	case ActionDropNext:
		p.next, p.nextPage, p.cursor = nil, nil, nil
	case ActionNextPageURIOnly:
		if p.next != nil {
			p.nextPage, p.next, p.cursor = p.next, nil, nil
		}
	case ActionCursorOnly:
		if link := firstLink(p.next, p.nextPage); link != nil {
			p.next, p.nextPage, p.cursor = nil, nil, linkedCursor(*link)
		}
	case ActionLinksDisagree:
		other, third := next, next
		other.turn++
		third.turn += 2
		uri, pageURI, cursor := p.query.link(s.cursors.seal(next)), p.query.link(s.cursors.seal(other)), s.cursors.seal(third)
		p.next, p.nextPage, p.cursor = &uri, &pageURI, &cursor
	default:
	}
	overrideNext(x.fault, &p.page)
}

// bendNumberedLinks does what of this makes sense for pages by number.
func bendNumberedLinks(fault *Fault, p *page) {
	switch fault.Action {
	case ActionDropNext:
		p.next = nil
	case ActionNextPageURIOnly:
		p.nextPage, p.next = p.next, nil
	default:
	}
	overrideNext(fault, p)
}

// overrideNext replaces the next link by the scripted one. The cursor follows it, so that the two do not disagree.
func overrideNext(fault *Fault, p *page) {
	if fault.NextURI == nil {
		return
	}
	usual := ""
	if link := firstLink(p.next, p.nextPage); link != nil {
		usual = *link
	}
	link := strings.NewReplacer("{self}", p.self, "{next}", usual).Replace(*fault.NextURI)
	if p.dialect == tutorialDialect {
		p.nextPage = &link

		return
	}
	p.next = &link
	if p.dialect == vendorDialect {
		p.cursor = linkedCursor(link)
	}
}

func firstLink(links ...*string) *string {
	for _, link := range links {
		if link != nil {
			return link
		}
	}

	return nil
}

// linkedCursor returns the cursor that a link carries, nil where it carries none.
func linkedCursor(link string) *string {
	_, query, _ := strings.Cut(link, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !values.Has("cursor") {
		return nil
	}
	cursor := values.Get("cursor")

	return &cursor
}

// inject changes the page's entities as a fault says.
func (p *page) inject(fault *Fault) {
	switch fault.Action {
	case ActionNullEntities:
		p.form = "null"
	case ActionEntitiesObject:
		p.form = "{}"
	default:
	}
	if extra := fault.entity(); len(extra) > 0 {
		if len(p.entities) > 0 {
			p.entities = append(p.entities, ',')
		}
		p.entities = append(p.entities, extra...)
		p.count++
	}
}

// entity returns the raw entity that a fault adds to a page, nil for none.
func (f *Fault) entity() []byte {
	switch {
	case f.Entity != "":
		return []byte(f.Entity)
	case len(f.EntityBase64) > 0:
		return f.EntityBase64
	case f.EntityBytes > 0:
		const head, tail = `{"id":"injected","title":"`, `"}`

		return []byte(head + strings.Repeat("x", max(0, f.EntityBytes-len(head)-len(tail))) + tail)
	case f.EntityDepth > 0:
		return []byte(strings.Repeat(`{"manager":`, f.EntityDepth) + "null" + strings.Repeat("}", f.EntityDepth))
	default:
		return nil
	}
}

// lastPages keeps the page that was served last on each path, for [ActionRepeatPage].
type lastPages struct {
	mu     sync.Mutex
	byPath map[string][]byte
}

func newLastPages() *lastPages { return &lastPages{byPath: make(map[string][]byte)} }

func (l *lastPages) keep(path string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byPath[path] = body
}

func (l *lastPages) last(path string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.byPath[path]
}
