package genesyssim

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
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
	words  map[string][]string // each as it stands in a JSON string, with no more escapes than JSON demands
	states []string            // of entities that follow one another, again and again
}

// field is one member of an entity.
type field struct {
	name, template string
	absent         uint64 // missing in one of so many; 0: never
	expand         bool   // in an entity only where the query asks for it
}

// readModel reads the model of a kind, of which there are size entities, from entities.txt.
func readModel(kind string, size int) *model {
	read := &model{kind: kind, size: size, words: make(map[string][]string)}
	for line := range strings.Lines(entitiesSource) {
		about, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, rest, _ := strings.Cut(rest, " ")
		switch about {
		case "words":
			read.words[name] = readWords(rest)
		case kind:
			when, template, _ := strings.Cut(rest, " ")
			always, rarity, sometimes := strings.Cut(when, "-1/")
			added := field{name: name, template: template, expand: always == "expand"}
			if sometimes {
				added.absent = number(rarity)
			}
			read.fields = append(read.fields, added)
		}
	}
	read.states = read.words["state"]

	return read
}

// readWords reads an array of strings.
func readWords(array string) []string {
	var words []string
	if err := json.Unmarshal([]byte(array), &words); err != nil {
		panic(fmt.Sprintf("genesyssim: entities.txt: %v", err)) // the file is part of the program
	}
	for i, word := range words {
		quoted := marshal(word)
		words[i] = string(quoted[1 : len(quoted)-1])
	}

	return words
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

// maker makes entities of a model, one after another. It is not for concurrent use.
type maker struct {
	seed uint64
	of   *model
	n    int    // the number of the entity that is being written
	draw uint64 // what the placeholders of a member, or of an element in it, choose by

	buf, spelled []byte
}

// entity makes the n-th entity, which is good until the next. Each member has a draw of its own, so an expand changes no other member.
func (m *maker) entity(n int, asked []string) []byte {
	m.buf, m.n = append(m.buf[:0], '{'), n
	for i, f := range m.of.fields {
		m.draw = mix(mix(m.seed^uint64(i)) + uint64(n)) //nolint:gosec // neither is negative
		if f.expand && !slices.Contains(asked, f.name) || f.absent > 0 && mix(m.draw)%f.absent == 0 {
			continue
		}
		if len(m.buf) > 1 {
			m.put(",")
		}
		m.put(`"` + f.name + `":`)
		m.write(f.template)
	}
	m.put("}")
	m.spelled = respell(m.spelled[:0], m.buf, m.own()%10)

	return m.spelled
}

// own is a number that belongs to the entity, whatever the member.
func (m *maker) own() uint64 { return mix(m.seed ^ mix(uint64(m.n))) } //nolint:gosec // it is not negative
