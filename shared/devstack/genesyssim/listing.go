package genesyssim

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"time"
)

// Listing is one of the API's listings: which entities are at which path, and how one page leads to the next. What its entities
// are made of stands in entities.txt under its name; without that they have an id and a name.
type Listing struct {
	Name, Path string
	Paging     Paging
	Permission string // that it needs; "": none
	Entities   int    // how many there are, where [Config].Sizes does not say
	Most       int    // entities a page, to which larger page sizes are cut in silence; 0: 500

	longest time.Duration // how long an event of a history takes at most
	method  string        // "": GET
	model   *model
	filters []filter
	member  string // that has the entities; "": entities
}

// Paging is how a page of a listing leads to the next one.
type Paging int

// The kinds of paging; [Paging.rules] says what each is.
const (
	ByNumber Paging = iota
	ByCursor
	ByAfter
	ByScan
	OnePage
	byTutorial // the query is in the body
	byJob      // results of a job, but of audits
	byAuditQuery
)

// rules are what is peculiar to a kind of paging.
type rules struct {
	size, place filter // the parameters that say how many entities, and from where
	usual       int    // entities a page, where the query does not say
	dies        bool   // its cursors have an end
	members     string // of a page, behind its entities; what has no value is left out
}

func (p Paging) rules() rules {
	size, cursor := filter{name: "pageSize", least: 1, greatest: math.MaxInt32}, filter{name: "cursor"}
	number, limit := filter{name: "pageNumber", least: 1, greatest: math.MaxInt32}, filter{name: "limit", least: 10, greatest: 200}

	return []rules{
		ByNumber:     {size, number, 25, false, "pageSize pageNumber total firstUri selfUri nextUri previousUri lastUri pageCount"},
		ByCursor:     {size, cursor, 25, false, "nextUri selfUri results cursor"},
		ByAfter:      {size, filter{name: "after"}, 25, false, "nextUri selfUri"},
		ByScan:       {limit, cursor, 100, true, "nextUri selfUri cursors"},
		OnePage:      {filter{}, filter{}, math.MaxInt32, false, "total selfUri"},
		byTutorial:   {size, cursor, 25, false, "nextPageUri"},
		byJob:        {size, cursor, 1000, true, "cursor"},
		byAuditQuery: {size, cursor, 25, true, "cursor"},
	}[p]
}

// history reports whether the pages are a job's results.
func (p Paging) history() bool { return p == byJob || p == byAuditQuery }

// directory is what an organisation consists of, users aside.
func directory() []Listing {
	return []Listing{
		{Name: "queues", Path: "/api/v2/routing/queues", Permission: "routing:queue:view", Entities: 400},
		{Name: "groups", Path: "/api/v2/groups", Entities: 120},
		{Name: "teams", Path: "/api/v2/teams", Paging: ByAfter, Permission: "groups:team:view", Entities: 36},
		{Name: "skills", Path: "/api/v2/routing/skills", Permission: "routing:skill:view", Entities: 120},
		{Name: "skill-groups", Path: "/api/v2/routing/skillgroups", Paging: ByAfter, Permission: "routing:skillGroup:view", Entities: 40},
		{Name: "languages", Path: "/api/v2/routing/languages", Permission: "routing:language:view", Entities: 12},
		{Name: "wrapup-codes", Path: "/api/v2/routing/wrapupcodes", Permission: "routing:wrapupCode:view", Entities: 600},
		{Name: "divisions", Path: "/api/v2/authorization/divisions", Permission: "authorization:division:view", Entities: 6},
		{Name: "roles", Path: "/api/v2/authorization/roles", Permission: "authorization:role:view", Entities: 60},
		{Name: "locations", Path: "/api/v2/locations", Entities: 30},
		{Name: "stations", Path: "/api/v2/stations", Permission: "telephony:plugin:all", Entities: 1000},
		{Name: "flows", Path: "/api/v2/flows", Permission: "architect:flow:view", Entities: 250, Most: 100},
		{Name: "campaigns", Path: "/api/v2/outbound/campaigns", Permission: "outbound:campaign:view", Entities: 150, Most: 100},
		{Name: "contact-lists", Path: "/api/v2/outbound/contactlists", Permission: "outbound:contactList:view", Entities: 150, Most: 100},
		{Name: "presence-definitions", Path: "/api/v2/presence/definitions", Paging: OnePage, Entities: 30, Most: math.MaxInt32},
		{Name: "external-contacts", Path: "/api/v2/externalcontacts/scan/contacts", Paging: ByScan, Permission: "externalContacts:contact:view", Entities: 2500},
	}
}

// userListings are the three ways to the users.
func userListings(config Config) []Listing {
	const permission = "directory:user:view"
	state := filter{name: "state", allowed: []string{"active", "inactive", "deleted", "any"}}
	order := filter{name: "sortOrder", allowed: []string{"ASC", "DESC"}}
	expand := filter{name: "expand", allowed: readModel("users").expands(), list: true}
	users := []Listing{
		{Path: usersQueryPath, Paging: ByCursor, Permission: permission},
		{Path: usersQueryPath, Paging: byTutorial, Permission: permission, method: http.MethodPost},
		{Path: "/api/v2/users", Paging: ByNumber},
	}
	for i := range users {
		users[i].Name, users[i].Entities, users[i].filters = "users", config.Users, []filter{state, order, expand}
	}

	return users
}

// newListings is all that the API lists.
func newListings(config Config) []Listing {
	all := slices.Concat(userListings(config), directory(), histories(), config.Listings)
	for i := range all {
		of := &all[i]
		of.method, of.member = cmp.Or(of.method, http.MethodGet), cmp.Or(of.member, "entities")
		of.model = readModel(of.Name)
		of.Most = cmp.Or(of.Most, mostEntities)
		if size, given := config.Sizes[of.Name]; given {
			of.Entities = size
		}
	}

	return all
}

// answerListing serves one page of a listing.
func (s *Simulator) answerListing(x *exchange, of Listing) *reply {
	raw := x.request.URL.RawQuery
	if of.Paging == byTutorial {
		var refusal *apiError
		if raw, refusal = tutorialQuery(x.request); refusal != nil {
			return x.refuse(refusal)
		}
	}

	return s.answerPageOf(x, of, raw, func(chosen selection) source { return s.entitiesOf(of, chosen) })
}

// answerPageOf serves the page that a query string asks for. entities are those that it chooses.
func (s *Simulator) answerPageOf(x *exchange, of Listing, raw string, entities func(selection) source, more ...member) *reply {
	s.change(func(o *organisation) { o.shifted[of.Name] += x.fault.Shift })
	q, chosen, refusal := s.parse(of, raw)
	if refusal != nil {
		return x.refuse(refusal)
	}
	p := s.turn(x.fault, q, entities(chosen))
	p.members = append(p.members, more...)
	p.bend(x.fault)
	answer := x.reply(http.StatusOK, p.render())
	answer.pages, answer.entities = 1, p.count

	return answer
}

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
