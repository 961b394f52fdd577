package genesyssim

import "slices"

// state is what a query filters users by: the first letter of a state's name, or anyState.
type state byte

const (
	active   state = 'a'
	inactive state = 'i'
	deleted  state = 'd'
	anyState state = '*'

	// dealt is the states of users that follow one another, again and again: so the n-th user of a state is found without counting.
	dealt = "aaaiaaaaaaadaaaaiaaa"
)

// stateNamed is the state that a query asks for; "" is active.
func stateNamed(name string) state {
	switch name {
	case "":
		return active
	case "any":
		return anyState
	default:
		return state(name[0])
	}
}

// stateOf names the state of the user with this number.
func stateOf(n int) string {
	switch state(dealt[n%len(dealt)]) {
	case inactive:
		return "inactive"
	case deleted:
		return "deleted"
	default:
		return "active"
	}
}

// places are where the state stands in dealt.
func (s state) places() []int {
	places := make([]int, 0, len(dealt))
	for i := range len(dealt) {
		if s == anyState || s == state(dealt[i]) {
			places = append(places, i)
		}
	}

	return places
}

// among counts those of the first n users that the filter lets through.
func (s state) among(n int) int {
	places := s.places()
	rest, _ := slices.BinarySearch(places, n%len(dealt))

	return n/len(dealt)*len(places) + rest
}

// at returns the number of the n-th user (from 0) that the filter lets through.
func (s state) at(n int) int {
	places := s.places()

	return n/len(places)*len(dealt) + places[n%len(places)]
}
