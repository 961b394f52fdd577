package genesyssim

// state is what a query filters users by: active, inactive, deleted, or any of them.
type state byte

const (
	active   state = 'a'
	inactive state = 'i'
	deleted  state = 'd'
	anyState state = '*'

	// dealt is the states of users that follow one another, again and again: so the n-th user of a state is found without counting.
	dealt = "aaaiaaaaaaadaaaaiaaa"
)

func stateNames() map[string]state {
	return map[string]state{"": active, "active": active, "inactive": inactive, "deleted": deleted, "any": anyState}
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

// takes reports whether the filter lets the user with this number through.
func (s state) takes(n int) bool { return s == anyState || dealt[n%len(dealt)] == byte(s) }

// among counts those of the first n users that the filter lets through.
func (s state) among(n int) int {
	perDeal, rest := 0, 0
	for i := range len(dealt) {
		if s.takes(i) {
			perDeal++
			if i < n%len(dealt) {
				rest++
			}
		}
	}

	return n/len(dealt)*perDeal + rest
}

// at returns the number of the n-th user (from 0) that the filter lets through.
func (s state) at(n int) int {
	perDeal := s.among(len(dealt))
	number := n / perDeal * len(dealt)
	for left := n % perDeal; ; number++ {
		if s.takes(number) {
			if left == 0 {
				return number
			}
			left--
		}
	}
}
