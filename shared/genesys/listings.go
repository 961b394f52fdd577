package genesys

// MaxPageSize is the largest page that a listing without a documented maximum is asked for. The vendor's own code uses it;
// the platform clamps silently.
const MaxPageSize = 500

// Users is the listing of users. method is how its pages are asked for: GET, or POST for the tutorial's dialect.
func Users(method string) Definition {
	return Definition{
		Name: "users", Path: "/api/v2/users/query", Permission: "directory:user:view",
		LeastPage: 1, MostPage: MaxPageSize, Method: method,
		Options: []Option{
			{Name: "expand", Parameter: "expand"},
			{Name: "state", Parameter: "state", Choices: []string{"active", "inactive", "deleted", "any"}},
			{Name: "sort_order", Parameter: "sortOrder", Choices: []string{"ASC", "DESC"}},
		},
	}
}
