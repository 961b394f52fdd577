package genesyssim

import (
	_ "embed"
	"slices"
	"strings"
)

// entitiesSource says what entities are made of.
//
//go:embed entities.txt
var entitiesSource string

// model is what the entities of one kind are made of: their members, in the order in which they are written.
type model struct {
	kind   string
	size   int // how many entities there are
	fields []field
}

// field is one member of an entity.
type field struct {
	name   string
	value  value
	absent uint64 // missing in one of so many; 0: never
	expand bool   // in an entity only where the query asks for it
}

// readModel reads the model of a kind, of which there are size entities, from entities.txt.
func readModel(kind string, size int) *model {
	read, words := &model{kind: kind, size: size}, make(vocabulary)
	for line := range strings.Lines(entitiesSource) {
		about, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, rest, _ := strings.Cut(rest, " ")
		switch about {
		case "words":
			words.add(name, rest)
		case kind:
			when, template, _ := strings.Cut(rest, " ")
			always, rarity, sometimes := strings.Cut(when, "-1/")
			added := field{name: name, expand: always == "expand", value: words.compile(template)}
			if sometimes {
				added.absent = number(rarity)
			}
			read.fields = append(read.fields, added)
		}
	}

	return read
}

// expands returns the names of the members that have to be asked for.
func (m *model) expands() []string {
	var names []string
	for _, f := range m.fields {
		if f.expand {
			names = append(names, f.name)
		}
	}

	return names
}

// expandSet has bit i where the query asks for field i.
type expandSet uint64

func (m *model) expandSet(names []string) expandSet {
	var set expandSet
	for i, f := range m.fields {
		if f.expand && slices.Contains(names, f.name) {
			set |= 1 << i
		}
	}

	return set
}

// maker makes entities, one after another. It is not for concurrent use.
type maker struct {
	seed uint64
	buf  []byte
	kind string // of the entity that is being written
	n    int    // the entity's number
	draw uint64 // what the placeholders of a member, or of an element in it, choose by
}

// appendEntity appends the n-th entity of a model. Each field has a draw of its own, so an expand changes no other field.
func (m *maker) appendEntity(dst []byte, of *model, n int, asked expandSet) []byte {
	m.buf, m.kind, m.n = append(m.buf[:0], '{'), of.kind, n
	for i, f := range of.fields {
		m.draw = mix(mix(m.seed^uint64(i)) + uint64(n))
		if f.expand && asked>>i&1 == 0 || f.absent > 0 && mix(m.draw)%f.absent == 0 {
			continue
		}
		if len(m.buf) > 1 {
			m.put(",")
		}
		m.put(`"`, f.name, `":`)
		f.value(m)
	}
	m.put("}")

	return respell(dst, m.buf, int(m.own()%10))
}

// own is a number that belongs to the entity, whatever the field.
func (m *maker) own() uint64 { return mix(m.seed ^ mix(uint64(m.n))) }

func (m *maker) put(texts ...string) {
	for _, text := range texts {
		m.buf = append(m.buf, text...)
	}
}
