// Conformance: every key of the simulator's replies is in the models of the vendor's SDK package, spelt as there and of the
// kind that stands there. What the models lack is invented; what they have otherwise is misspelt or misunderstood.
//
// The models are read from the package's type declarations. Which members they call required is not held against a reply:
// that is what a caller has to send, and the platform itself leaves version out of a user's manager.
// Not in the package, and so not checked: the token endpoint's replies, and POST /api/v2/users/query of the tutorial.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count, expect, fail, finish, must } from './checks.mjs';
import { credentials, folder, load, url, version } from './vendor.mjs';

/** Each model's members: {User: {name: 'string', division: 'Models.Division', …}, …}. */
function readModels() {
  const declarations = readFileSync(join(folder, 'index.d.ts'), 'utf8');
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

const { client } = load();
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
const where = `${count(users)} users with ${expands.length} expands, pages, errors and tokens/me`;
finish('vendor models', `${version}: ${seen.size} keys of ${used.size} models, in ${where}`);
