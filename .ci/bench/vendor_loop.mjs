// The vendor's JavaScript SDK in a plain loop, as it is documented: page after page, each written as gzip NDJSON.
//
//     node vendor_loop.mjs FOLDER_OF_PACKAGES URL PAGE_SIZE EXPAND FILE <TOKEN
//
// It prints how many users there were, and stays until its input ends, so that its process can be looked at.

import { createWriteStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const [packages, url, pageSize, expand, file] = process.argv.slice(2);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const token = (await input.next()).value;

const sdk = createRequire(`${packages}/`)('purecloud-platform-client-v2');
const client = sdk.ApiClient.instance;
const { hostname, port, protocol } = new URL(url);
client.setGateway({
  host: hostname, protocol: protocol.replace(':', ''), port: Number(port), path_params_login: '', path_params_api: '',
});
client.setAccessToken(token);

const users = new sdk.UsersApi();
let records = 0;

async function* lines() {
  for (let cursor; ;) {
    const page = await users.getUsersQuery({ pageSize: Number(pageSize), state: 'any', expand: expand.split(','), cursor });
    for (const user of page.entities) {
      records++;
      yield `${JSON.stringify(user)}\n`;
    }
    if (!page.cursor) return;
    cursor = page.cursor;
  }
}

await pipeline(lines, createGzip(), createWriteStream(file));
console.log(records);
await input.next();
process.exit();
