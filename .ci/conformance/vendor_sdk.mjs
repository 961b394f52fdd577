// Conformance: the vendor's SDK lists every user of the simulated organisation, by cursor and by page number, under a rate
// limit that it meets many times, and what it gets is what the organisation says of itself.
//
// The SDK repeats nothing by itself. What is refused by 429 is asked again after Retry-After, as the vendor's
// documentation of rate limits asks: https://developer.genesys.cloud/platform/api/rate-limits

import { count, expect, finish, must } from './checks.mjs';
import { credentials, load, patiently as untilAnswered, truth, url, version } from './vendor.mjs';

const { sdk, client } = load();
const users = new sdk.UsersApi();
const tokens = new sdk.TokensApi();
const MOST_PAGES = 100;
let limited = 0;

/** Calls until the API does not answer 429, and counts how often it does. */
const patiently = (call) => untilAnswered(call, (refusal) => {
  const seconds = Number(refusal.headers['retry-after']);
  must(`a 429 has Retry-After in whole seconds: ${seconds}`, Number.isInteger(seconds) && seconds > 0);
  must('a 429 says in its body which limit it is', refusal.body.limit?.value > 0);
  limited++;
});

/** What a call is refused with. */
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return { status: error.status ?? error.response?.status, body: error.body ?? error.response?.data ?? error };
  }
  return { status: 200 };
}

async function byCursor(options) {
  const found = [];
  for (let cursor, pages = 1; ; pages++) {
    const page = await patiently(() => users.getUsersQuery({ ...options, cursor }));
    expect(`results of page ${pages} by cursor`, page.results, page.entities.length);
    found.push(...page.entities);
    if (!page.nextUri) {
      expect('the last page\'s cursor', page.cursor, undefined);
      return { found, pages };
    }
    if (pages > MOST_PAGES) throw new Error(`the listing by cursor goes on after ${pages} pages`);
    cursor = page.cursor;
    expect('the cursor in nextUri', new URL(page.nextUri, url).searchParams.get('cursor'), cursor);
  }
}

async function byNumber(options) {
  const found = [];
  for (let pageNumber = 1; ; pageNumber++) {
    const page = await patiently(() => users.getUsers({ ...options, pageNumber }));
    expect('the page\'s own number', page.pageNumber, pageNumber);
    found.push(...page.entities);
    if (pageNumber > MOST_PAGES) throw new Error(`the listing by number goes on after ${pageNumber} pages`);
    if (pageNumber >= page.pageCount) {
      expect('total by number', page.total, found.length);
      return { found, pages: pageNumber };
    }
  }
}

/** The same users in the same order, keys in the same order, each value the same. */
function same(what, got, want) {
  expect(`${what}: how many`, got.length, want.length);
  const differs = want.findIndex((user, i) => JSON.stringify(user) !== JSON.stringify(got[i]));
  expect(`${what}: first position that differs`, differs, -1);
}

const wrong = await refusal(() => client.loginClientCredentialsGrant(credentials.client_id, 'wrong'));
expect('a wrong secret', [wrong.status, wrong.body?.error], [401, 'invalid_client']);

const login = await client.loginClientCredentialsGrant(credentials.client_id, credentials.client_secret);
must('the login has a token with time left', login.accessToken && login.tokenExpiryTime > Date.now());
const me = await patiently(() => tokens.getTokensMe());
expect('the token is the client\'s', me.OAuthClient?.id, credentials.client_id);

const expand = ['groups', 'skills', 'languages', 'locations', 'authorization', 'presence'];
const everyone = await byCursor({ pageSize: 100, state: 'any', sortOrder: 'DESC', expand });
same('by cursor', everyone.found, await truth('users', `state=any&sortOrder=DESC&expand=${expand}`));
const limitedByCursor = limited;
must('the listing by cursor met 429', limitedByCursor > 0);

const active = await byNumber({ pageSize: 100 });
same('by number', active.found, await truth('users'));
must('the listing by number met 429', limited > limitedByCursor);
must('not everybody is active', active.found.length < everyone.found.length);

const stats = await (await fetch(`${url}/_sim/stats`)).json();
expect('429s that the organisation counts', stats.throttled, limited);
expect('requests before Retry-After had passed', stats.early_requests ?? {}, {});

const unknown = await refusal(() => patiently(() => users.getUsersQuery({ cursor: 'bm8' })));
expect('a cursor that nobody gave', [unknown.status, unknown.body?.code], [400, 'invalid.cursor']);

await patiently(() => tokens.deleteTokensMe());
const revoked = await refusal(() => patiently(() => users.getUsersQuery({})));
expect('a revoked token', [revoked.status, revoked.body?.code], [401, 'bad.credentials']);

const byCursorSaw = `${count(everyone.found.length)} users by cursor in ${everyone.pages} pages`;
const byNumberSaw = `${count(active.found.length)} by number in ${active.pages}`;
finish('vendor SDK', `${version}: ${byCursorSaw}, ${byNumberSaw}, 429 met ${limited} times`);
