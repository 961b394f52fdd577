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
// Documented means in the vendor's API description, SDKs or announcements; observed means read in a client of the
// vendor's that copes with it, or reported by third parties; inferred means that nothing contradicts it.
//
// Tokens:
//   - POST /oauth/token with Basic or form credentials, grant_type=client_credentials; the reply's access_token, token_type,
//     expires_in; a lifetime that is a setting of the OAuth client, 86,400 s by default (documented).
//   - A new token leaves older ones alive (observed: the Terraform provider keeps up to 50 of one client).
//   - Errors are {error, description, error_description}; a wrong secret is 401 invalid_client "authentication failed"
//     (observed); an unknown client is 400 invalid_client "client not found" (observed, by third parties).
//   - Too many token requests are a 400 invalid_request that begins "rate limit exceeded;" (observed: the Terraform
//     provider matches that text). Its window of a minute is inferred.
//   - No credentials, a disabled client: 401 as for a wrong secret; credentials given twice, a missing or other grant
//     type, a body that is no form: the errors of RFC 6749 (inferred).
//   - POST /api/v2/oauth/token is the tutorial's address (a dialect: in none of the vendor's SDKs).
//   - Disabling the client kills its tokens, a new secret does not (documented; the latter inferred).
//   - GET and HEAD /api/v2/tokens/me verify the calling token, DELETE revokes it (documented). That DELETE answers 200
//     without a body, and what of TokenInfo is there, is inferred.
//   - With an idle timeout a token dies unused; HIPAA organisations have 15 minutes (documented). That any authenticated
//     request counts as use, tokens/me included, is inferred.
//
// Errors and limits:
//   - The error body's message, code, status, contextId, details, errors; 401 authentication.required and bad.credentials
//     (documented). The messages, not.found, method.not.allowed, bad.request, invalid.value and invalid.cursor are inferred.
//   - 429 with the body that the platform sends, word for word, limit included, and Retry-After in whole seconds (observed).
//     The limit of 300 requests a minute and token is documented; a fixed window that the first request opens is inferred.
//   - ININ-Correlation-Id is on every reply (documented); that it equals contextId is inferred.
//
// GET /api/v2/users/query:
//   - Its parameters, pageSize 25 by default, state active by default, at most 5 userCustomAttributeSchemaIds (documented).
//     With integrationPresenceSource a page has at most 100 users (documented; that larger sizes are cut is inferred).
//     No user has integrations or custom attributes, so neither parameter adds a key.
//   - entities, a relative nextUri, selfUri, results, cursor (documented). The last page has neither cursor nor nextUri
//     (inferred). Page sizes over the limit are cut in silence (observed).
//   - The order of users is that of their index, and sortOrder DESC turns it round (inferred: the key is not documented).
//   - A cursor belongs to its state, sortOrder and expand, another page size is fine, and it lives for ever; a foreign one
//     is 400 (inferred: none of this is documented).
//   - Unknown parameters, expands and values are 400 (inferred; the platform may ignore some). The expands integrationPresence,
//     lasttokenissued, authorization.unusedRoles, workPlanBidRanks and externalContactsSettings are not simulated, so
//     they are unknown here.
//
// POST /api/v2/users/query is the tutorial's: pageSize, nextPageUri, expand, state, sortOrder in a JSON body, and a reply of
// entities and nextPageUri, which is absent at the end (a dialect: in none of the vendor's SDKs).
//
// GET /api/v2/users: pageNumber, pageSize, total, pageCount and the links (documented); state=inactive is 400 beyond
// 10,000 records (documented); past the last page the entities are empty (inferred). The parameters id and jabberId are
// not simulated and refused.
//
// Users have the keys of the vendor's model of a user, those of an expand only when it is asked for (documented). 85 per
// cent are active, 10 inactive, 5 deleted (invented, as are the users).
//
// # Administration
//
// Under /_sim/ the simulator is looked at and changed while it runs. No token is asked for: serve it on the loopback.
//
//	GET  /_sim/stats            the counts; see [Stats]
//	POST /_sim/reset-stats      sets them to nothing
//	GET  /_sim/users            the users that state, sortOrder and expand choose, one a line, in the listings' bytes
//	POST /_sim/faults           replaces the fault script by the body's; see [Fault]
//	POST /_sim/revoke-tokens    revokes every token
//	POST /_sim/token-lifetime   {"seconds":N}: lifetime of the tokens to come
//	POST /_sim/client           {"disabled":bool}, {"secret":"…"}, or {"regenerate_secret":true} for one that nobody learns
package genesyssim
