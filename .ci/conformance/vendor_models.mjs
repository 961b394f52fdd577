// Conformance: every key of the simulator's replies is in the models of the vendor's SDK package, spelt as there and of the
// kind that stands there. What the models lack is invented; what they have otherwise is misspelt or misunderstood.
//
// The models are read from the package's type declarations. Which members they call required is not held against a reply:
// that is what a caller has to send, and the platform itself leaves version out of a user's manager.
// Not in the package, and so not checked: the token endpoint's replies, and POST /api/v2/users/query of the tutorial.
// The other listings are listed by the SDK itself, call by call, and have to be what the organisation says of itself.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count, expect, fail, finish, must } from './checks.mjs';
import { credentials, folder, load, patiently, truth, url, version } from './vendor.mjs';
import { directory, histories } from './vendor_listings.mjs';

const declarations = readFileSync(join(folder, 'index.d.ts'), 'utf8');

/** Each model's members: {User: {name: 'string', division: 'Models.Division', …}, …}. */
function readModels() {
  const models = {};
  const from = declarations.indexOf('declare namespace Models');
  for (const [, name, body] of declarations.slice(from).matchAll(/^\texport interface (\w+) \{ *\n([\s\S]*?)^\t\}/gm)) {
    models[name] = Object.fromEntries([...body.matchAll(/^\t\t"([^"]+)"\??: (.+);$/gm)].map(([, key, type]) => [key, type]));
  }
  return models;
}

const MOST_USERS = 10_000;
const models = readModels();
const seen = new Set(); // Model.key
const problems = new Map(); // what is wrong, to where it was seen first

function note(problem, where) {
  if (!problems.has(problem)) problems.set(problem, where);
}

/** Holds a value to a type as the declarations write it; owner is the member that it is the value of. */
function check(value, type, owner, where) {
  const array = type.match(/^Array<(.+)>$/);
  const map = type.match(/^\{ \[key: string\]: (.+); \}$/);
  const model = type.match(/^Models\.(\w+)$/);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const want = array ? 'array' : map || model ? 'object' : type;

  if (kind !== want) note(`${owner} is of kind ${kind}, in the models ${type}`, where);
  else if (array) value.forEach((element) => check(element, array[1], owner, where));
  else if (map) Object.values(value).forEach((element) => check(element, map[1], owner, where));
  else if (model) checkModel(value, model[1], where);
}

function checkModel(value, name, where) {
  for (const [key, member] of Object.entries(value)) {
    const type = models[name]?.[key];
    if (!type) note(`${name} has no ${key}`, where);
    else {
      seen.add(`${name}.${key}`);
      check(member, type, `${name}.${key}`, where);
    }
  }
}

let token;

/** Asks once and holds the reply, or the refusal, to its model. */
async function ask(path, model, { method = 'GET', authorization = `Bearer ${token}` } = {}) {
  const headers = authorization ? { Authorization: authorization } : {};
  const reply = await fetch(url + path, { method, headers });
  const body = await reply.json();
  checkModel(body, reply.ok ? model : 'ErrorBody', `${method} ${path.split('?')[0]}: ${reply.status}`);
  if (!reply.ok) expect('the status in an error\'s body', body.status, reply.status);
  return { status: reply.status, body, after: Number(reply.headers.get('Retry-After')) };
}

async function askUntilAnswered(path, model, options) {
  for (;;) {
    const reply = await ask(path, model, options);
    if (reply.status !== 429) return reply;
    await sleep(reply.after * 1000);
  }
}

/** Calls a method of the SDK, and holds what it answers to the model that the SDK declares for it. */
async function call(api, method, ...given) {
  const body = await patiently(() => new sdk[api]()[method](...given));
  checkModel(body, declarations.match(new RegExp(`^\\s*${method}\\(.*Promise<Models\\.(\\w+)>`, 'm'))[1], method);
  return body;
}

/** Follows the next links of one listing of the directory, by the SDK alone. */
async function list(name, { api, method, page }) {
  const found = [];
  for (let options = page; options;) {
    const body = await call(api, method, options);
    found.push(...body.entities);
    options = body.nextUri && Object.fromEntries(new URL(body.nextUri, url).searchParams);
  }
  expect(`${name}, by ${method}`, found, await truth(name));
  return found.length;
}

/** A history by a job of the SDK's: submit, poll, results, and where there is such, availability and delete. */
async function report(name, { api, submit, poll, results, array, availability, remove }) {
  if (availability) await call(api, availability);
  const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
  const interval = `${day}T00:00:00Z/${day}T23:59:59Z`;
  const submitted = await call(api, submit, { interval });
  const id = submitted.jobId ?? submitted.id;
  while (!/^(FULFILLED|Succeeded)$/.test((await call(api, poll, id)).state)) await sleep(200);
  const found = [];
  for (let cursor, more = true; more; more = cursor) {
    const body = await call(api, results, id, { cursor, pageSize: 500 });
    found.push(...body[array]);
    cursor = body.cursor;
  }
  expect(`${name}, by ${results}`, found, await truth(name, `interval=${interval}`));
  must(`${name} has something of ${interval}`, found.length > 0);
  if (remove) await patiently(() => new sdk[api]()[remove](id));
  return found.length;
}

const { sdk, client } = load();
token = (await client.loginClientCredentialsGrant(credentials.client_id, credentials.client_secret)).accessToken;
must('the package declares the models', models.User?.routingStatus === 'Models.RoutingStatus');

expect('tokens/me', (await ask('/api/v2/tokens/me', 'TokenInfo')).status, 200);

// Every key of a user that the simulator takes as an expand is asked for.
const expands = [];
for (const key of Object.keys(models.User)) {
  const { status } = await askUntilAnswered(`/api/v2/users/query?pageSize=1&expand=${key}`, 'UserCursorEntityListing');
  if (status === 200) expands.push(key);
}
must(`the simulator takes ten keys of a user as expands, or more: ${expands}`, expands.length >= 10);

let users = 0;
for (let path = `/api/v2/users/query?state=any&pageSize=200&expand=${expands}`; path;) {
  const { status, body } = await askUntilAnswered(path, 'UserCursorEntityListing');
  expect('a page by cursor', status, 200);
  users += body.entities.length;
  if (users > MOST_USERS) throw new Error(`the listing by cursor goes on after ${users} users`);
  path = body.nextUri;
}
for (const expand of expands) must(`some user has ${expand}, which was asked for`, seen.has(`User.${expand}`));

for (let path = '/api/v2/users?pageSize=500&state=any'; path;) {
  const { status, body } = await askUntilAnswered(path, 'UserEntityListing');
  expect('a page by number', status, 200);
  path = body.nextUri;
}

let entities = 0;
for (const [name, about] of Object.entries(directory)) entities += await list(name, about);
for (const [name, about] of Object.entries(histories)) entities += await report(name, about);

const refusals = {
  '/api/v2/users/query?cursor=bm8': [400, {}],
  '/api/v2/users/query?expand=nothing': [400, {}],
  '/api/v2/users?pageNumber=0': [400, {}],
  '/api/v2/tokens/me': [401, { authorization: '' }],
  '/api/v2/users': [401, { authorization: 'Bearer nobody' }],
  '/api/v2/nothing': [404, {}],
  '/api/v2/users/query': [405, { method: 'PUT' }],
};
for (const [path, [want, options]] of Object.entries(refusals)) {
  const reply = await askUntilAnswered(path, undefined, options);
  expect(`${options.method ?? 'GET'} ${path}`, reply.status, want);
}
for (const key of ['key', 'namespace', 'value']) must(`the limit in a 429 has a ${key}`, seen.has(`Limit.${key}`));

for (const [problem, where] of problems) fail(`${problem}: ${where}`);
const used = new Set([...seen].map((key) => key.split('.')[0]));
const lists = Object.keys(directory).length + Object.keys(histories).length;
const where = `${count(users)} users with ${expands.length} expands, ${count(entities)} entities of ${lists} listings, errors and tokens/me`;
finish('vendor models', `${version}: ${seen.size} keys of ${used.size} models, in ${where}`);
