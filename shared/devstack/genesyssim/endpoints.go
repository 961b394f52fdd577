package genesyssim

// endpoint is what is served at a path, in words.
type endpoint struct {
	Methods, Path, What string
}

func servedEndpoints() []endpoint {
	return []endpoint{
		{"POST", tokenPath, "a token for the client credentials, by HTTP Basic or in the form; grant_type=client_credentials"},
		{"POST", tutorialTokenPath, "the same, at a tutorial's address"},
		{"GET HEAD DELETE", tokensMePath, "verifies the calling token; DELETE revokes it"},
		{"GET", usersQueryPath, "users by cursor: pageSize, cursor, state, sortOrder, expand, integrationPresenceSource, userCustomAttributeSchemaIds"},
		{"POST", usersQueryPath, "users by cursor in a tutorial's dialect: pageSize, nextPageUri, state, sortOrder, expand in a JSON body"},
		{"GET", usersPath, "users by page number: pageSize, pageNumber, state, sortOrder, expand, integrationPresenceSource"},
	}
}

func adminEndpoints() []endpoint {
	return []endpoint{
		{"GET", adminPrefix, "this page"},
		{"GET", adminPrefix + "stats", "the counts as JSON"},
		{"GET", adminPrefix + "faults", "the fault script in force as JSON, with its counts"},
		{"GET", adminPrefix + "users", "the users that state, sortOrder and expand choose, one a line, in the bytes of the listings: what a whole export has to hold"},
		{"POST", adminPrefix + "faults", "replaces the fault script by the body's: JSON, one fault a line; an empty body ends all faults"},
		{"POST", adminPrefix + "reset-stats", "sets the counts to nothing"},
		{"POST", adminPrefix + "revoke-tokens", "revokes every token"},
		{"POST", adminPrefix + "token-lifetime", `{"seconds":300}: the lifetime of the tokens to come`},
		{"POST", adminPrefix + "client", `{"disabled":true} kills the client and its tokens; {"regenerate_secret":true} gives it a secret that nobody learns`},
	}
}
