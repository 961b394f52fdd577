// Package genesyssim simulates one Genesys Cloud organisation over HTTP: token endpoints, the user listings, limits, and
// by script everything that goes wrong there.
//
// Rules: the simulator is strict where the platform's answer is unknown, so that a client's mistake is an error here
// rather than luck there. It holds no users, no pages and no cursors: a million users cost what ten cost. It starts
// no goroutine and asks the clock only when asked itself, so that it lives under the virtual time of testing/synctest.
// Tokens are random; all else that it says follows from [Config]. No token, secret or entity is ever logged.
//
// # What it imitates, and how sure that is
//
// Each quirk with its grade and source; [Quirks] has the same list for the page. Documented: by the vendor. Observed: in its
// clients, or by third parties. Inferred: nothing contradicts it. Dialect: a tutorial's. Invented: for the simulator alone.
//
//   - Tokens: POST /oauth/token takes Basic or form credentials with grant_type=client_credentials and answers access_token, token_type, expires_in. (documented: the vendor's SDKs)
//   - Tokens: The lifetime is a setting of the OAuth client, 86,400 s unless it was changed, at most 172,800 s. The platform takes nothing under 300 s; the simulator does. (documented: API description)
//   - Tokens: A new token leaves older ones alive. (observed: the vendor's Terraform provider keeps up to 50 of one client)
//   - Tokens: Errors are {error, description, error_description}; a wrong secret is 401 invalid_client, authentication failed. (observed: the vendor's clients, third parties)
//   - Tokens: An unknown client id is 400 invalid_client, client not found. (observed: third parties)
//   - Tokens: Too many token requests are a 400, not a 429: invalid_request, beginning with “rate limit exceeded;”. (observed: the vendor's Terraform provider matches that text)
//   - Tokens: The window of that limit is the API's: a minute. (inferred)
//   - Tokens: No credentials and a disabled client are answered as a wrong secret; credentials given twice, no grant type, another one, and a body that is no form, by the errors of RFC 6749. (inferred: RFC 6749, section 5.2)
//   - Tokens: POST /api/v2/oauth/token takes the same requests. (dialect: a tutorial)
//   - Tokens: Disabling the client kills its tokens at once. (documented: API description)
//   - Tokens: A new client secret leaves tokens alive. (inferred)
//   - Tokens: GET and HEAD /api/v2/tokens/me verify the calling token, DELETE revokes it. (documented: API description)
//   - Tokens: DELETE answers 200 without a body; GET tells of the organisation and the client alone. (inferred)
//   - Tokens: With an idle timeout, 15 minutes in HIPAA organisations, a token dies when it is not used. (documented: the vendor's documentation)
//   - Tokens: Every authenticated request counts as use, tokens/me included. (inferred)
//   - Errors and limits: An error is message, code, status, contextId, details, errors; a missing token is 401 authentication.required, a bad one 401 bad.credentials. (documented: API description)
//   - Errors and limits: The other messages, and the codes not.found, method.not.allowed, bad.request, invalid.value and invalid.cursor. (inferred)
//   - Errors and limits: 429 has Retry-After in whole seconds, and a body that names them and the limit, key user.rate.per.minute. (observed: the vendor's clients, third parties)
//   - Errors and limits: A token may make 300 API requests a minute. (documented: the vendor's documentation)
//   - Errors and limits: The limit counts in a fixed window, which the first request opens. (inferred)
//   - Errors and limits: limit.value is a number a minute, as its key says, also where the simulator's window is another. (inferred: the key's name)
//   - Errors and limits: inin-ratelimit-count, -allowed and -reset are not sent: withdrawn in June 2021. A setting brings them back. (documented: the vendor's announcement)
//   - Errors and limits: ININ-Correlation-Id is on every reply. (documented: the vendor's documentation)
//   - Errors and limits: It equals the error body's contextId. (inferred)
//   - GET /api/v2/users/query: 25 users a page and state=active unless asked otherwise; at most 5 userCustomAttributeSchemaIds. (documented: API description)
//   - GET /api/v2/users/query: With integrationPresenceSource a page has at most 100 users. (documented: API description)
//   - GET /api/v2/users/query: Larger pages are then cut in silence. No user has integrations or custom attributes, so neither parameter adds a key. (inferred)
//   - GET /api/v2/users/query: Page sizes over the limit are cut in silence, so a short page is not the end. (observed: the vendor's clients, third parties)
//   - GET /api/v2/users/query: A page is entities, a relative nextUri, selfUri, results (of this page) and cursor; there is no total. (documented: API description)
//   - GET /api/v2/users/query: The last page has neither cursor nor nextUri. (inferred)
//   - GET /api/v2/users/query: Users come in the order of their index, and sortOrder=DESC turns it round: the key is not documented. (inferred)
//   - GET /api/v2/users/query: A cursor belongs to its state, sortOrder and expand, goes with another page size, and lives for ever; a foreign one is 400. (inferred)
//   - GET /api/v2/users/query: Unknown parameters, expands and values are 400; the platform may ignore some. (inferred)
//   - GET /api/v2/users/query: The expands integrationPresence, lasttokenissued, authorization.unusedRoles, workPlanBidRanks and externalContactsSettings are not simulated, so they are 400. (invented)
//   - POST /api/v2/users/query: pageSize, nextPageUri, expand, state, sortOrder in a JSON body; the page is entities and nextPageUri, which the last one lacks. (dialect: a tutorial)
//   - GET /api/v2/users: Pages by number, with total, pageCount and the links to the first, next, previous and last page. (documented: API description)
//   - GET /api/v2/users: state=inactive is 400 beyond 10,000 records. (documented: API description)
//   - GET /api/v2/users: Past the last page the entities are empty. (inferred)
//   - GET /api/v2/users: The parameters id and jabberId are not simulated, so they are 400. (invented)
//   - Users: A user has the keys of the vendor's model; those of an expand only when it is asked for. (documented: API description)
//   - Users: 85 in 100 are active, 10 inactive, 5 deleted, and so are all names, numbers and texts. (invented)
//
// # Administration
//
// Under /_sim/ the simulator is looked at and changed while it runs. No token is asked for: serve it on the loopback. What
// changes something is refused where a browser sends it from another site's page. Nothing there shows a token or a secret.
//
//	GET  /_sim/                 a page for people: all of this, the settings and counts in force, the quirks, the faults
//	GET  /_sim/stats            the counts; see [Stats]
//	GET  /_sim/faults           the fault script in force with its counts; see [FaultCount]
//	POST /_sim/reset-stats      sets them to nothing
//	GET  /_sim/users            the users that state, sortOrder and expand choose, one a line, in the listings' bytes
//	POST /_sim/faults           replaces the fault script by the body's; see [Fault]
//	POST /_sim/revoke-tokens    revokes every token
//	POST /_sim/token-lifetime   {"seconds":N}: lifetime of the tokens to come
//	POST /_sim/client           {"disabled":bool}, {"secret":"…"}, or {"regenerate_secret":true} for one that nobody learns
package genesyssim
