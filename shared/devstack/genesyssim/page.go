package genesyssim

import (
	"bytes"
	"maps"
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

func newMember(name string, value any) member { return member{name, marshal(value)} }

// turn makes the page that a query asks for, or what a fault leaves of it.
func (s *Simulator) turn(fault *Fault, q query, from source) *page {
	p, next := &page{}, bookmark{place: min(q.from.place, from.places)}
	whole := fault.Action != ActionEmptyPage
	const usual = 1100 // bytes of an entity
	entities := append(make([]byte, 0, usual*min(q.pageSize, from.places)+1), '[')
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
	if fault.Entity != "" {
		entities = append(append(entities, fault.Entity...), ',')
		p.count++
	}
	p.members = []member{{q.of.member, append(bytes.TrimSuffix(entities, []byte(",")), ']')}}
	s.addLinks(p, q, next, from.places, next.place < from.places || !whole)

	return p
}

// addLinks adds the members that a page has beside its entities.
func (s *Simulator) addLinks(p *page, q query, next bookmark, total int, more bool) {
	rules, here, values := q.of.Paging.rules(), "", map[string]any{"results": p.count, "total": total}
	if q.of.Paging == ByNumber {
		number, last := q.from.place/q.pageSize+1, (total+q.pageSize-1)/q.pageSize
		link := func(n int) string { return q.link(strconv.Itoa(n)) }
		here, more = strconv.Itoa(number), number < last
		maps.Copy(values, map[string]any{
			"pageSize": q.pageSize, "pageNumber": number, "pageCount": last, "firstUri": link(1), "lastUri": link(max(1, last)),
		})
		if more {
			p.next = link(number + 1)
		}
		if number > 1 && number <= last+1 {
			values["previousUri"] = link(number - 1)
		}
	} else {
		if q.from.place > 0 || q.from.turn > 0 {
			here = s.seal(q.scope, q.from)
		}
		if rules.dies {
			next.issued = time.Now().Unix()
		}
		if more {
			p.cursor = s.seal(q.scope, next)
			p.next = q.link(p.cursor)
			values["cursor"], values["cursors"] = p.cursor, map[string]string{"after": p.cursor}
		}
	}
	p.self = q.link(here)
	values["selfUri"] = p.self
	if more {
		values["nextUri"], values["nextPageUri"] = p.next, p.next
	}
	for name := range strings.FieldsSeq(rules.members) {
		if value, found := values[name]; found {
			p.members = append(p.members, newMember(name, value))
		}
	}
}

// render writes the page's object.
func (p *page) render() []byte {
	size := 0
	for _, m := range p.members {
		size += len(m.name) + len(m.value) + len(`"":,`)
	}
	body := append(make([]byte, 0, size+len("{}")), '{')
	for i, m := range p.members {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(append(body, `"`+m.name+`":`...), m.value...)
	}

	return append(body, '}')
}
