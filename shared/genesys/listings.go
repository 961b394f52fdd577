package genesys

// MaxPageSize is the largest page of a listing without a documented maximum, as the vendor's own code has it.
const MaxPageSize = 500

// Paging is how the pages of a listing are asked for. All of them are read by following the next link.
type Paging int

// The kinds of paging.
const (
	ByNumber Paging = iota // every page has the listing's total, and entities move between pages while one reads
	ByCursor
	ByScan  // by a cursor that lives for a day
	OnePage // of all entities
)

// size is the parameter that asks for a page's size; "": there is none.
func (p Paging) size() string {
	return [...]string{ByNumber: "pageSize", ByCursor: "pageSize", ByScan: "limit", OnePage: ""}[p]
}

// counted reports whether pages have the listing's total.
func (p Paging) counted() bool { return p == ByNumber || p == OnePage }

// Users is the listing of users. method is how its pages are asked for: GET, or POST for the tutorial's dialect.
func Users(method string) Definition {
	return Definition{
		Name: "users", Path: "/api/v2/users/query", Permission: "directory:user:view", Paging: ByCursor,
		Method: method,
		Options: []Option{
			{Name: "expand", Parameter: "expand"},
			{Name: "state", Parameter: "state", Choices: []string{"active", "inactive", "deleted", "any"}},
			{Name: "sort_order", Parameter: "sortOrder", Choices: []string{"ASC", "DESC"}},
		},
	}
}

// Directory is what an organisation consists of, users aside. A further listing is a line here, and what tests then ask for.
// Paths and maxima are those of the vendor's JavaScript SDK 262; permissions are from the documentation, and "" is none.
func Directory() []Definition {
	return []Definition{
		{Name: "queues", Path: "/api/v2/routing/queues", Permission: "routing:queue:view"},
		{Name: "groups", Path: "/api/v2/groups"},
		{Name: "teams", Path: "/api/v2/teams", Permission: "groups:team:view", Paging: ByCursor},
		{Name: "skills", Path: "/api/v2/routing/skills", Permission: "routing:skill:view"},
		{Name: "skill-groups", Path: "/api/v2/routing/skillgroups", Permission: "routing:skillGroup:view", Paging: ByCursor},
		{Name: "languages", Path: "/api/v2/routing/languages", Permission: "routing:language:view"},
		{Name: "wrapup-codes", Path: "/api/v2/routing/wrapupcodes", Permission: "routing:wrapupCode:view"},
		{Name: "divisions", Path: "/api/v2/authorization/divisions", Permission: "authorization:division:view"},
		{Name: "roles", Path: "/api/v2/authorization/roles", Permission: "authorization:role:view"},
		{Name: "locations", Path: "/api/v2/locations"},
		{Name: "stations", Path: "/api/v2/stations", Permission: "telephony:plugin:all"},
		{Name: "flows", Path: "/api/v2/flows", Permission: "architect:flow:view", MostPage: 100},
		{Name: "campaigns", Path: "/api/v2/outbound/campaigns", Permission: "outbound:campaign:view", MostPage: 100},
		{Name: "contact-lists", Path: "/api/v2/outbound/contactlists", Permission: "outbound:contactList:view", MostPage: 100},
		{Name: "presence-definitions", Path: "/api/v2/presence/definitions", Paging: OnePage},
		{Name: "external-contacts", Path: "/api/v2/externalcontacts/scan/contacts", Permission: "externalContacts:contact:view", Paging: ByScan, LeastPage: 10, MostPage: 200},
	}
}

// Histories are what happened in an interval. Paths and fields are those of the vendor's JavaScript SDK 262; permissions are
// from the documentation.
func Histories() []Definition {
	const conversations, users, audits = "/api/v2/analytics/conversations/details/jobs", "/api/v2/analytics/users/details/jobs", "/api/v2/audits/query"

	return []Definition{
		{
			Name: "conversations", Path: conversations, Permission: "analytics:conversationDetail:view", Paging: ByCursor, Entities: "conversations",
			Job: &Job{Available: conversations + "/availability", Order: "asc", OrderBy: "conversationStart"},
		},
		{
			Name: "user-status", Path: users, Permission: "analytics:userDetail:view", Paging: ByCursor, Entities: "userDetails",
			Job: &Job{Available: users + "/availability", Order: "asc"},
		},
		{
			Name: "audits", Path: audits, Permission: "audits:audit:view", Paging: ByCursor,
			Job: &Job{Lasting: true},
		},
	}
}
