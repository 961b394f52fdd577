package genesyssim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
)

// One in so many users is unusual in the way that the name says.
const (
	longFieldEvery  = 40 // a department of two to four kilobytes
	hugeNumberEvery = 50 // a version that no float64 holds
)

// Query chooses users as the API's parameters do; the zero value means what the API means where nothing is asked.
type Query struct {
	// State is active, inactive, deleted, any, or "" for active.
	State string
	// SortOrder is ASC, DESC, or "" for ASC.
	SortOrder string
	// Expand names the keys that are to be there besides the usual ones, each as the API spells it.
	Expand []string
}

// selection is a query that was understood.
type selection struct {
	state      userState
	descending bool
	expand     expandSet
}

func (q Query) parse() (selection, *apiError) {
	var chosen selection
	var ok bool
	if chosen.state, ok = parseState(q.State); !ok {
		return chosen, errInvalidValue("state", "use active, inactive, deleted or any")
	}
	switch q.SortOrder {
	case "", "ASC":
	case "DESC":
		chosen.descending = true
	default:
		return chosen, errInvalidValue("sortOrder", "use ASC or DESC")
	}
	var err *apiError
	chosen.expand, err = parseExpand(q.Expand)

	return chosen, err
}

// WriteUsers writes every user that query chooses to w, in the order of the listings, one a line, each line's bytes
// those of the entity in the listings' pages. A query that the API would refuse is an error, as is one of w.
func (s *Simulator) WriteUsers(w io.Writer, query Query) error {
	chosen, refusal := query.parse()
	if refusal != nil {
		return fmt.Errorf("write the simulated users: %w", refusal)
	}
	maker := s.people.maker()
	total := s.people.count(chosen.state)
	var line []byte
	for n := range total {
		line = append(maker.appendUser(line[:0], s.people.pick(chosen, n, total), chosen.expand), '\n')
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("write simulated user %d of %d: %w", n+1, total, err)
		}
	}

	return nil
}

// User returns the user at index, counted over all states in ascending order, as a listing without expand gives it.
func (s *Simulator) User(index int) ([]byte, error) {
	if index < 0 || index >= s.people.size {
		return nil, fmt.Errorf("make simulated user %d: there are %d, counted from 0", index, s.people.size)
	}

	return s.people.maker().appendUser(nil, index, 0), nil
}

// pick returns the index of the n-th of total users of the selection.
func (p *population) pick(chosen selection, n, total int) int {
	if chosen.descending {
		n = total - 1 - n
	}

	return p.at(chosen.state, n)
}

// userMaker makes users one after another. It is cheap to have, and not for concurrent use.
type userMaker struct {
	people *population
	source *rand.PCG
	dice   *rand.Rand
	out    entityWriter
	// scratch holds an id or an address while it is put together.
	scratch []byte
}

func (p *population) maker() *userMaker {
	source := rand.NewPCG(p.seed, 0)

	return &userMaker{people: p, source: source, dice: rand.New(source)} //nolint:gosec // users must come out the same again
}

// reseed makes what follows depend on the seed, the user and the purpose alone, so that an expand changes nothing else.
func (m *userMaker) reseed(index int, purpose uint64) {
	m.source.Seed(mix(m.people.seed^purpose), uint64(index)) //nolint:gosec // an index is never negative
}

// oneIn is true for one in n.
func (m *userMaker) oneIn(n int) bool { return m.dice.IntN(n) == 0 }

func (m *userMaker) choose(from []string) string { return from[m.dice.IntN(len(from))] }

// appendUser appends the entity of the user at index.
func (m *userMaker) appendUser(dst []byte, index int, expand expandSet) []byte {
	m.reseed(index, 0)
	m.out = entityWriter{buf: append(dst, '{'), style: m.chooseStyle()}
	out := &m.out
	who := m.people.words.people[m.dice.IntN(len(m.people.words.people))]
	state := m.people.state(index)
	address := who.address + "." + strconv.Itoa(index) + "@example.com"

	m.id("id", "user", index)
	out.text("name", who.given+" "+who.family)
	m.division()
	if !m.oneIn(8) {
		out.object("chat")
		m.identifier("jabberId", "jabber", index, "@simulated.orgspan.com")
		out.close('}')
	}
	m.department()
	out.text("email", address)
	m.contacts(address)
	out.text("state", state.String())
	if !m.oneIn(6) {
		out.text("title", m.choose(m.people.words.titles))
	}
	out.text("username", address)
	m.manager(index)
	m.images(index)
	out.number("version", m.version())
	if expand != 0 {
		m.expands(index, expand)
	}
	m.reseed(index, 1<<32)
	out.boolean("acdAutoAnswer", m.oneIn(3))
	if m.oneIn(4) {
		out.text("preferredName", who.given)
	}
	m.selfURI("/api/v2/users/", "user", index)
	out.close('}')

	return out.buf
}

func (m *userMaker) chooseStyle() escaping {
	switch n := m.dice.IntN(10); {
	case n < 7:
		return escapeLittle
	case n < 9:
		return escapeMarkup
	default:
		return escapeAll
	}
}

// id writes the UUID of the n-th thing of a kind.
func (m *userMaker) id(name, kind string, n int) { m.identifier(name, kind, n, "") }

// identifier writes such a UUID with something behind it.
func (m *userMaker) identifier(name, kind string, n int, suffix string) {
	m.out.name(name)
	m.out.buf = append(m.out.buf, '"')
	m.out.buf = m.people.appendID(m.out.buf, kind, n)
	m.out.buf = append(m.out.buf, suffix...)
	m.out.buf = append(m.out.buf, '"')
}

func (m *userMaker) selfURI(prefix, kind string, n int) {
	m.scratch = m.people.appendID(append(m.scratch[:0], prefix...), kind, n)
	m.out.text("selfUri", string(m.scratch))
}

func (m *userMaker) division() {
	n := m.dice.IntN(len(m.people.words.divisions))
	m.out.object("division")
	m.id("id", "division", n)
	m.out.text("name", m.people.words.divisions[n])
	m.selfURI("/api/v2/authorization/divisions/", "division", n)
	m.out.close('}')
}

func (m *userMaker) department() {
	switch {
	case m.oneIn(longFieldEvery):
		m.out.text("department", strings.Repeat(m.choose(m.people.words.phrases)+" ", 60+m.dice.IntN(60)))
	case !m.oneIn(5):
		m.out.text("department", m.choose(m.people.words.departments))
	}
}

func (m *userMaker) contacts(address string) {
	m.out.array("primaryContactInfo")
	m.contact(address, "EMAIL", "PRIMARY")
	m.out.close(']')
	m.out.array("addresses")
	if !m.oneIn(3) {
		m.contact("+49"+strconv.Itoa(3_000_000_000+m.dice.IntN(1_000_000_000)), "PHONE", "WORK")
	}
	if m.oneIn(4) {
		m.contact("+1"+strconv.Itoa(2_000_000_000+m.dice.IntN(1_000_000_000)), "SMS", "MOBILE")
	}
	m.out.close(']')
}

func (m *userMaker) contact(address, mediaType, kind string) {
	m.out.open('{')
	m.out.text("address", address)
	m.out.text("mediaType", mediaType)
	m.out.text("type", kind)
	m.out.close('}')
}

// manager is some other user with a smaller index; the first users have none.
func (m *userMaker) manager(index int) {
	if index < 10 || m.oneIn(5) {
		return
	}
	boss := m.dice.IntN(index)
	m.out.object("manager")
	m.id("id", "user", boss)
	m.selfURI("/api/v2/users/", "user", boss)
	m.out.close('}')
}

func (m *userMaker) images(index int) {
	if !m.oneIn(3) {
		return
	}
	m.out.array("images")
	for _, resolution := range [...]string{"x48", "x96", "x200"} {
		m.out.open('{')
		m.out.text("resolution", resolution)
		m.scratch = append(m.scratch[:0], "https://images.example.com/profiles/"...)
		m.scratch = m.people.appendID(m.scratch, "image", index)
		m.out.text("imageUri", string(m.scratch)+"."+resolution+".jpg?v=1&s="+resolution)
		m.out.close('}')
	}
	m.out.close(']')
}

// version now and then is a number that a reader by float64 would change.
func (m *userMaker) version() int64 {
	if m.oneIn(hugeNumberEvery) {
		return 1<<53 + 1
	}

	return int64(1 + m.dice.IntN(400))
}
