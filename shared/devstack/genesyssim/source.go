package genesyssim

import "slices"

// selection is which entities of a listing are asked for, and how.
type selection struct {
	state      string // or anyState
	descending bool
	expand     []string
}

// anyState lets every entity through.
const anyState = "any"

// source is what pages are made of: the entities at places from 0, in order.
type source struct {
	places int
	// entity makes the entity at a place, nil where there is none. It is good until the next.
	entity func(place int) []byte
}

// dealt are where a state stands in the model's states. So the n-th entity in a state is found without counting.
func (m *model) dealt(state string) []int {
	var places []int
	for i, dealt := range m.states {
		if state == anyState || state == dealt {
			places = append(places, i)
		}
	}

	return places
}

// entitiesOf are the entities of a listing that are chosen. What a fault removed was at the front, and what it added stands there.
func (s *Simulator) entitiesOf(of Listing, chosen selection) source {
	removed := 0
	s.change(func(o *organisation) { removed = o.shifted[of.Name] })
	states, dealt, made := len(of.model.states), of.model.dealt(chosen.state), maker{seed: s.config.Seed, of: of.model}
	rest, _ := slices.BinarySearch(dealt, of.Entities%states)
	count := of.Entities/states*len(dealt) + rest
	total := max(0, count-removed)

	return source{total, func(place int) []byte {
		n := place
		if chosen.descending {
			n = total - 1 - place
		}
		if n += removed; n < 0 {
			n = count - 1 - n // behind all others, so that it is new
		}

		return made.entity(n/len(dealt)*states+dealt[n%len(dealt)], chosen.expand)
	}}
}
