package genesyssim

import (
	"math/rand/v2"
	"slices"
)

// model is what the entities of one kind are made of: their members, in the order in which they are written.
type model struct {
	kind   string // what its ids are made from
	size   int    // how many there are
	fields []field
}

// field is one member of an entity, or of an object in it.
type field struct {
	name   string
	value  value
	absent int  // missing in one of so many; 0: never
	expand bool // in an entity only where the query asks for it
}

// value writes one JSON value. What it is follows from the seed, the entity and the field alone.
type value func(*maker)

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
	seed   uint64
	people []person
	source *rand.PCG
	dice   *rand.Rand
	buf    []byte
	kind   string // of the thing that is being written: the entity, or one in it
	n      int    // the thing's number
}

func newMaker(seed uint64, people []person) *maker {
	source := rand.NewPCG(seed, 0)

	return &maker{seed: seed, people: people, source: source, dice: rand.New(source)} //nolint:gosec // entities must come out the same again
}

// appendEntity appends the n-th entity of a model. Each field has dice of its own, so an expand changes no other field.
func (m *maker) appendEntity(dst []byte, of *model, n int, asked expandSet) []byte {
	m.buf, m.kind, m.n = append(m.buf[:0], '{'), of.kind, n
	for i, f := range of.fields {
		if f.expand && asked>>i&1 == 0 {
			continue
		}
		m.source.Seed(mix(m.seed^uint64(i)), uint64(n)) //nolint:gosec // neither is negative
		m.member(f)
	}
	m.buf = append(m.buf, '}')

	return respell(dst, m.buf, m.own(10))
}

// own is a number under below that belongs to the thing, whatever the field.
func (m *maker) own(below int) int { return int(mix(m.seed^mix(uint64(m.n))) % uint64(below)) } //nolint:gosec // none is negative

func (m *maker) member(f field) {
	if f.absent > 0 && m.dice.IntN(f.absent) == 0 {
		return
	}
	if m.buf[len(m.buf)-1] != '{' {
		m.buf = append(m.buf, ',')
	}
	m.buf = append(append(append(m.buf, '"'), f.name...), '"', ':')
	f.value(m)
}
