package genesyssim

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is one page of a listing before it is rendered, in a form that faults can still change.
type page struct {
	count              int    // of its entities
	self, next, cursor string // next and cursor are "" on the last page
	members            []member
}

// member is one member of a page's object; its value is JSON.
type member struct {
	name  string
	value []byte
}

// add adds a member, or nothing for "".
func (p *page) add(name string, value any) {
	if value != "" {
		p.members = append(p.members, member{name, marshal(value)})
	}
}

// turn makes the page that a query asks for, or what a fault leaves of it.
func (s *Simulator) turn(fault *Fault, q query, from source) *page {
	p, next := &page{}, bookmark{place: min(q.from.place, from.places)}
	entities, whole := []byte{'['}, fault.Action != ActionEmptyPage
	for ; whole && next.place < from.places && p.count < q.pageSize; next.place++ {
		if entity := from.entity(next.place); entity != nil {
			entities = append(append(entities, entity...), ',')
			p.count++
		}
	}
	for next.place < from.places && whole && from.entity(next.place) == nil {
		next.place++
	}
	if !whole {
		next.turn = q.from.turn + 1
	}
	if extra := fault.entity(); len(extra) > 0 {
		entities = append(append(entities, extra...), ',')
		p.count++
	}
	p.members = []member{{q.of.member, append(bytes.TrimSuffix(entities, []byte(",")), ']')}}
	if q.of.Paging == ByNumber {
		p.numberMembers(q, from.places)
	} else {
		s.cursorMembers(p, q, next, next.place < from.places || !whole)
	}

	return p
}

// cursorMembers adds the members of a page that is not by number.
func (s *Simulator) cursorMembers(p *page, q query, next bookmark, more bool) {
	if q.of.Paging == OnePage {
		p.add("total", p.count)
		p.add("selfUri", q.of.Path)

		return
	}
	if q.of.Paging.dies() {
		next.issued = time.Now().Unix()
	}
	if more {
		p.cursor = s.seal(q.scope, next)
		p.next = q.link(p.cursor)
	}
	here := ""
	if q.from.place > 0 || q.from.turn > 0 {
		here = s.seal(q.scope, q.from)
	}
	p.self = q.link(here)
	switch q.of.Paging {
	case byTutorial:
		p.add("nextPageUri", p.next)

		return
	case byJob, byAuditQuery:
		p.add("cursor", p.cursor)

		return
	default:
	}
	p.add("nextUri", p.next)
	p.add("selfUri", p.self)
	switch {
	case q.of.Paging == ByCursor:
		p.add("results", p.count)
		p.add("cursor", p.cursor)
	case q.of.Paging == ByScan && more:
		p.add("cursors", map[string]string{"after": p.cursor})
	}
}

// numberMembers adds the members of a page by number.
func (p *page) numberMembers(q query, total int) {
	here, last := q.from.place/q.pageSize+1, (total+q.pageSize-1)/q.pageSize
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

// bend drops and sets members as a fault says.
func (p *page) bend(fault *Fault) {
	p.members = slices.DeleteFunc(p.members, func(m member) bool { return slices.Contains(fault.Drop, m.name) })
	fill := strings.NewReplacer("{self}", p.self, "{next}", p.next, "{cursor}", p.cursor)
	for _, name := range slices.Sorted(maps.Keys(fault.Set)) {
		value := []byte(fill.Replace(string(fault.Set[name])))
		if i := slices.IndexFunc(p.members, func(m member) bool { return m.name == name }); i >= 0 {
			p.members[i].value = value
		} else {
			p.members = append(p.members, member{name, value})
		}
	}
}

// render writes the page's object.
func (p *page) render() []byte {
	body := []byte{'{'}
	for i, m := range p.members {
		if i > 0 {
			body = append(body, ',')
		}
		body = slices.Concat(body, []byte(`"`+m.name+`":`), m.value)
	}

	return append(body, '}')
}
