package genesyssim

import (
	"crypto/sha256"
	"encoding/binary"
)

// States are dealt in blocks of twenty users: seventeen active, two inactive, one deleted, at places that the seed
// chooses for each block. That gives 85, 10 and 5 per cent, and finds the n-th user of a state without counting.
const (
	blockSize        = 20
	activePerBlock   = 17
	inactivePerBlock = 2
	deletedPerBlock  = 1

	// maxUsers keeps every index far from overflow.
	maxUsers = 1 << 30
)

// userState is a user's state, or with anyState a filter that takes them all.
type userState byte

const (
	activeState userState = iota
	inactiveState
	deletedState
	anyState
)

func (s userState) String() string {
	switch s {
	case activeState:
		return "active"
	case inactiveState:
		return "inactive"
	case deletedState:
		return "deleted"
	default:
		return "any"
	}
}

// parseState reads a state filter; "" is the API's default, active.
func parseState(value string) (userState, bool) {
	switch value {
	case "", "active":
		return activeState, true
	case "inactive":
		return inactiveState, true
	case "deleted":
		return deletedState, true
	case "any":
		return anyState, true
	default:
		return 0, false
	}
}

// perBlock is how many users of a full block pass the filter.
func (s userState) perBlock() int {
	switch s {
	case activeState:
		return activePerBlock
	case inactiveState:
		return inactivePerBlock
	case deletedState:
		return deletedPerBlock
	default:
		return blockSize
	}
}

// population is the organisation's users: nothing of them is held, each is made from the seed and its index.
type population struct {
	seed  uint64
	size  int
	words *corpus
}

func newPopulation(seed uint64, size int) *population {
	return &population{seed: seed, size: size, words: newCorpus()}
}

// state returns the state of the user at index.
func (p *population) state(index int) userState {
	block, place := index/blockSize, index%blockSize
	deleted, first, second := p.places(block)
	switch place {
	case deleted:
		return deletedState
	case first, second:
		return inactiveState
	default:
		return activeState
	}
}

// places returns where in a block the deleted and the two inactive users stand; all three differ.
func (p *population) places(block int) (deleted, first, second int) {
	h := mix(p.seed ^ mix(uint64(block)+0x5747415445)) //nolint:gosec // a block's number is never negative
	deleted = int(h % blockSize)
	first = (deleted + 1 + int(h>>16%(blockSize-1))) % blockSize
	second = deleted + 1 + int(h>>32%(blockSize-2))
	if gap := (first - deleted + blockSize) % blockSize; second-deleted >= gap {
		second++
	}

	return deleted, first, second % blockSize
}

// count returns how many users pass the filter.
func (p *population) count(filter userState) int {
	full, rest := p.size/blockSize, p.size%blockSize
	n := full * filter.perBlock()
	for place := range rest {
		if filter == anyState || p.state(full*blockSize+place) == filter {
			n++
		}
	}

	return n
}

// at returns the index of the n-th user (from 0) that passes the filter. There must be one.
func (p *population) at(filter userState, n int) int {
	if filter == anyState {
		return n
	}
	index := n / filter.perBlock() * blockSize
	for left := n % filter.perBlock(); ; index++ {
		if p.state(index) != filter {
			continue
		}
		if left == 0 {
			return index
		}
		left--
	}
}

// organisationID is the organisation's, made from the seed alone.
func (p *population) organisationID() string { return string(p.appendID(nil, "organisation", 0)) }

// appendID appends the UUID of the n-th thing of a kind.
func (p *population) appendID(dst []byte, kind string, n int) []byte {
	var b [16]byte
	salt := p.seed
	for i := range len(kind) {
		salt = salt*31 + uint64(kind[i])
	}
	high := mix(salt ^ mix(uint64(n))) //nolint:gosec // a number of a thing is never negative
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], mix(high^p.seed))

	return appendUUID(dst, b)
}

// appendUUID appends b as a UUID of version 4 (RFC 9562).
func appendUUID(dst []byte, b [16]byte) []byte {
	const digits = "0123456789abcdef"
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	for i, octet := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[octet>>4], digits[octet&0x0f])
	}

	return dst
}

// mix is the finaliser of splitmix64: every bit of x touches every bit of the result, and no two x give the same.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb

	return x ^ x>>31
}

// fingerprint is a key for a purpose, the same in every process with the same seed and size.
func fingerprint(purpose string, seed uint64, size int) [sha256.Size]byte {
	material := append([]byte(purpose), 0)
	material = binary.BigEndian.AppendUint64(material, seed)
	material = binary.BigEndian.AppendUint64(material, uint64(size)) //nolint:gosec // a size is never negative

	return sha256.Sum256(material)
}
