package genesyssim

import (
	"maps"
	"slices"
	"strings"
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
