package genesyssim

import (
	"cmp"
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
	Most       int    // entities a page, to which larger page sizes are cut in silence; 0: [Config].MaxPageSize

	longest time.Duration // how long an event of a history takes at most
	method  string        // "": GET
	model   *model
	filters []filter
	member  string // that has the entities; "": entities
}

// Paging is how a page leads to the next one, and so which members it has.
type Paging int

// The kinds of paging.
const (
	ByNumber     Paging = iota // nextUri, by pageNumber, with totals
	ByCursor                   // nextUri and cursor
	ByAfter                    // nextUri alone, with a cursor named after
	ByScan                     // nextUri and cursors, which die; limit instead of pageSize
	OnePage                    // all at once
	byTutorial                 // the tutorial's nextPageUri; the query is in the body
	byJob                      // cursor alone, which dies, with the date of availability
	byAuditQuery               // cursor alone, which dies
)

// parameters are the query parameters of the paging: how many entities, and from where.
func (p Paging) parameters() (size, place filter) {
	size, place = filter{name: "pageSize", whole: true}, filter{name: "cursor"}
	switch p {
	case ByNumber:
		place = filter{name: "pageNumber", whole: true}
	case ByAfter:
		place.name = "after"
	case ByScan:
		size = filter{name: "limit", whole: true, least: 10, greatest: 200}
	default:
	}

	return size, place
}

// usual is how many entities a page has where the query does not say.
func (p Paging) usual() int {
	switch p {
	case ByScan:
		return 100
	case byJob:
		return 1000
	default:
		return 25
	}
}

// dies reports whether the cursors have an end.
func (p Paging) dies() bool { return p == ByScan || p.history() }

// history reports whether the pages are a job's results.
func (p Paging) history() bool { return p == byJob || p == byAuditQuery }

// maxNumberedInactive is how far GET /api/v2/users goes with state=inactive.
const maxNumberedInactive = 10_000

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
		{Name: "presence-definitions", Path: "/api/v2/presence/definitions", Paging: OnePage, Entities: 30},
		{Name: "external-contacts", Path: "/api/v2/externalcontacts/scan/contacts", Paging: ByScan, Permission: "externalContacts:contact:view", Entities: 2500},
	}
}

// userListings are the three ways to the users.
func userListings(config Config) []Listing {
	const permission = "directory:user:view"
	state := filter{name: "state", allowed: []string{"active", "inactive", "deleted", "any"}}
	order := filter{name: "sortOrder", allowed: []string{"ASC", "DESC"}}
	expand := filter{name: "expand", allowed: readModel("users").expands(), many: 1000}
	presence := filter{name: "integrationPresenceSource", allowed: []string{"MicrosoftTeams", "ZoomPhone", "EightByEight"}, most: 100}
	schemas := filter{name: "userCustomAttributeSchemaIds", many: 5}
	users := []Listing{
		{Path: usersQueryPath, Paging: ByCursor, Permission: permission, filters: []filter{state, order, expand, presence, schemas}},
		{Path: usersQueryPath, Paging: byTutorial, Permission: permission, filters: []filter{state, order, expand}, method: http.MethodPost},
		{Path: usersPath, Paging: ByNumber, filters: []filter{state, order, expand, presence}},
	}
	for i := range users {
		users[i].Name, users[i].Entities = "users", config.Users
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
		of.Most = cmp.Or(of.Most, config.MaxPageSize)
		if size, given := config.Sizes[of.Name]; given {
			of.Entities = size
		}
	}

	return all
}

// answerListing serves one page of a listing.
func (s *Simulator) answerListing(x *exchange, of Listing) *reply {
	if refusal := s.permit(of.Name, of.Permission); refusal != nil {
		return x.refuse(refusal)
	}
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
	s.change(func(o *organisation) {
		if last, found := o.asked[of.Path]; found && x.fault.Action == ActionRepeatPage {
			raw = last
		}
		o.asked[of.Path] = raw
		o.shifted[of.Name] += x.fault.Shift
	})
	q, chosen, refusal := s.parse(of, raw)
	if refusal != nil {
		return x.refuse(refusal)
	}
	p := s.turn(x.fault, q, entities(chosen))
	p.members = append(p.members, more...)
	p.bend(x.fault)
	answer := x.reply(http.StatusOK, "application/json", p.render())
	answer.pages, answer.entities = 1, p.count

	return answer
}

// permit refuses what the client has no permission for.
func (s *Simulator) permit(name, permission string) *apiError {
	if permission == "" || !slices.Contains(s.config.Forbidden, name) {
		return nil
	}

	return newError(http.StatusForbidden, "missing.permissions",
		"Unable to perform the requested action. You are missing the following permission(s): "+permission)
}
