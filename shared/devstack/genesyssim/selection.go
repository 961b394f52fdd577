package genesyssim

import (
	"iter"
	"slices"
)

// selection is which entities of a model are asked for, and how.
type selection struct {
	state      string // or anyState
	descending bool
	expand     []string
}

// anyState lets every entity through.
const anyState = "any"

// places are where a state stands in the model's states. So the n-th entity in a state is found without counting.
func (m *model) places(state string) []int {
	var places []int
	for i, dealt := range m.states {
		if state == anyState || state == dealt {
			places = append(places, i)
		}
	}

	return places
}

// count returns how many entities are in a state.
func (m *model) count(state string) int {
	places := m.places(state)
	rest, _ := slices.BinarySearch(places, m.size%len(m.states))

	return m.size/len(m.states)*len(places) + rest
}

// entities makes the entities from one place in a selection up to another. Each is good until the next.
func (s *Simulator) entities(of *model, by selection, from, to int) iter.Seq[[]byte] {
	places, total, made := of.places(by.state), of.count(by.state), maker{seed: s.config.Seed, of: of}

	return func(yield func([]byte) bool) {
		for place := from; place < to; place++ {
			n := place
			if by.descending {
				n = total - 1 - place
			}
			if !yield(made.entity(n/len(places)*len(of.states)+places[n%len(places)], by.expand)) {
				return
			}
		}
	}
}
