package genesyssim

// Grade says how sure it is that the platform does what the simulator does.
type Grade string

// The grades, the surest first.
const (
	Documented Grade = "documented" // the vendor says so: its API description, its SDKs, an announcement
	Observed   Grade = "observed"   // read in a client of the vendor's that copes with it, or reported by third parties
	Inferred   Grade = "inferred"   // nothing contradicts it
	Dialect    Grade = "dialect"    // in none of the vendor's clients: a tutorial's
	Invented   Grade = "invented"   // made up
)

// Quirk is one thing that the simulator does as the platform does it, or is believed to.
type Quirk struct {
	// Topic is the part of the API that it belongs to.
	Topic string
	// What is the quirk in words.
	What string
	// Grade is how sure it is.
	Grade Grade
	// Source is where it is known from; "" where the grade says it all.
	Source string
}

// Where quirks are known from.
const (
	apiDescription = "API description"
	vendorSDKs     = "the vendor's SDKs"
	vendorPages    = "the vendor's documentation"
	announcement   = "the vendor's announcement"
	terraform      = "the vendor's Terraform provider"
	clients        = "the vendor's clients, third parties"
	thirdParties   = "third parties"
	tutorial       = "a tutorial"
)

// Quirks lists all that the simulator imitates, by topic, each with its source. What is not in it follows from the models
// of the vendor's API description.
func Quirks() []Quirk {
	all := tokenQuirks()
	for _, more := range [][]Quirk{limitQuirks(), queryQuirks(), otherListingQuirks(), userQuirks()} {
		all = append(all, more...)
	}

	return all
}

func tokenQuirks() []Quirk {
	const topic = "Tokens"

	return []Quirk{
		{topic, "POST /oauth/token takes Basic or form credentials with grant_type=client_credentials and answers access_token, token_type, expires_in.", Documented, vendorSDKs},
		{topic, "The lifetime is a setting of the OAuth client, 86,400 s unless it was changed, at most 172,800 s. The platform takes nothing under 300 s; the simulator does.", Documented, apiDescription},
		{topic, "A new token leaves older ones alive.", Observed, terraform + " keeps up to 50 of one client"},
		{topic, "Errors are {error, description, error_description}; a wrong secret is 401 invalid_client, authentication failed.", Observed, clients},
		{topic, "An unknown client id is 400 invalid_client, client not found.", Observed, thirdParties},
		{topic, "Too many token requests are a 400, not a 429: invalid_request, beginning with “rate limit exceeded;”.", Observed, terraform + " matches that text"},
		{topic, "The window of that limit is the API's: a minute.", Inferred, ""},
		{topic, "No credentials and a disabled client are answered as a wrong secret; credentials given twice, no grant type, another one, and a body that is no form, by the errors of RFC 6749.", Inferred, "RFC 6749, section 5.2"},
		{topic, "POST /api/v2/oauth/token takes the same requests.", Dialect, tutorial},
		{topic, "Disabling the client kills its tokens at once.", Documented, apiDescription},
		{topic, "A new client secret leaves tokens alive.", Inferred, ""},
		{topic, "GET and HEAD /api/v2/tokens/me verify the calling token, DELETE revokes it.", Documented, apiDescription},
		{topic, "DELETE answers 200 without a body; GET tells of the organisation and the client alone.", Inferred, ""},
		{topic, "With an idle timeout, 15 minutes in HIPAA organisations, a token dies when it is not used.", Documented, vendorPages},
		{topic, "Every authenticated request counts as use, tokens/me included.", Inferred, ""},
	}
}

func limitQuirks() []Quirk {
	const topic = "Errors and limits"

	return []Quirk{
		{topic, "An error is message, code, status, contextId, details, errors; a missing token is 401 authentication.required, a bad one 401 bad.credentials.", Documented, apiDescription},
		{topic, "The other messages, and the codes not.found, method.not.allowed, bad.request, invalid.value and invalid.cursor.", Inferred, ""},
		{topic, "429 has Retry-After in whole seconds, and a body that names them and the limit, key user.rate.per.minute.", Observed, clients},
		{topic, "A token may make 300 API requests a minute.", Documented, vendorPages},
		{topic, "The limit counts in a fixed window, which the first request opens.", Inferred, ""},
		{topic, "limit.value is a number a minute, as its key says, also where the simulator's window is another.", Inferred, "the key's name"},
		{topic, "inin-ratelimit-count, -allowed and -reset are not sent: withdrawn in June 2021. A setting brings them back.", Documented, announcement},
		{topic, "ININ-Correlation-Id is on every reply.", Documented, vendorPages},
		{topic, "It equals the error body's contextId.", Inferred, ""},
	}
}

func queryQuirks() []Quirk {
	const topic = "GET /api/v2/users/query"

	return []Quirk{
		{topic, "25 users a page and state=active unless asked otherwise; at most 5 userCustomAttributeSchemaIds.", Documented, apiDescription},
		{topic, "With integrationPresenceSource a page has at most 100 users.", Documented, apiDescription},
		{topic, "Larger pages are then cut in silence. No user has integrations or custom attributes, so neither parameter adds a key.", Inferred, ""},
		{topic, "Page sizes over the limit are cut in silence, so a short page is not the end.", Observed, clients},
		{topic, "A page is entities, a relative nextUri, selfUri, results (of this page) and cursor; there is no total.", Documented, apiDescription},
		{topic, "The last page has neither cursor nor nextUri.", Inferred, ""},
		{topic, "Users come in the order of their index, and sortOrder=DESC turns it round: the key is not documented.", Inferred, ""},
		{topic, "A cursor belongs to its state, sortOrder and expand, goes with another page size, and lives for ever; a foreign one is 400.", Inferred, ""},
		{topic, "Unknown parameters, expands and values are 400; the platform may ignore some.", Inferred, ""},
		{topic, "The expands integrationPresence, lasttokenissued, authorization.unusedRoles, workPlanBidRanks and externalContactsSettings are not simulated, so they are 400.", Invented, ""},
	}
}

func otherListingQuirks() []Quirk {
	const query, users = "POST /api/v2/users/query", "GET /api/v2/users"

	return []Quirk{
		{query, "pageSize, nextPageUri, expand, state, sortOrder in a JSON body; the page is entities and nextPageUri, which the last one lacks.", Dialect, tutorial},
		{users, "Pages by number, with total, pageCount and the links to the first, next, previous and last page.", Documented, apiDescription},
		{users, "state=inactive is 400 beyond 10,000 records.", Documented, apiDescription},
		{users, "Past the last page the entities are empty.", Inferred, ""},
		{users, "The parameters id and jabberId are not simulated, so they are 400.", Invented, ""},
	}
}

func userQuirks() []Quirk {
	const topic = "Users"

	return []Quirk{
		{topic, "A user has the keys of the vendor's model; those of an expand only when it is asked for.", Documented, apiDescription},
		{topic, "85 in 100 are active, 10 inactive, 5 deleted, and so are all names, numbers and texts.", Invented, ""},
	}
}
