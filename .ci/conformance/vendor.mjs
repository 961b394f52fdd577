// The vendor's JavaScript SDK, led to the simulator through its gateway setting.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../.tools/conformance-npm/', import.meta.url));
const name = 'purecloud-platform-client-v2';

/** Where the package lies. */
export const folder = join(packages, 'node_modules', name);

/** The package's version. */
export const version = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

/** Where the simulator is. */
export const url = process.env.GENESYS_URL;

/** The OAuth client's credentials. */
export const credentials = JSON.parse(readFileSync(process.env.GENESYS_CREDENTIALS_FILE, 'utf8'));

/** The SDK, and its client as the gateway setting makes it. It reads no configuration of whoever runs this. */
export function load() {
  const home = mkdtempSync(join(tmpdir(), 'conformance-home-'));
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  process.env.HOME = home;
  process.env.USERPROFILE = home;

  const sdk = createRequire(packages)(name);
  const { hostname, port, protocol } = new URL(url);
  const client = sdk.ApiClient.instance;
  client.setGateway({
    host: hostname, protocol: protocol.replace(':', ''), port: Number(port), path_params_login: '', path_params_api: '',
  });
  client.setReturnExtendedResponses(true); // status and headers, which a 429 is obeyed by

  return { sdk, client };
}

/** The simulator's own list of a listing's entities that the parameters choose: the truth. */
export async function truth(listing, parameters = '') {
  const reply = await fetch(`${url}/_sim/${listing}?${parameters}`);
  if (!reply.ok) throw new Error(`/_sim/${listing}?${parameters} answered ${reply.status}`);

  return (await reply.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** Calls until the API does not answer 429, and obeys its Retry-After. met is told each refusal. */
export async function patiently(call, met = () => {}) {
  for (;;) {
    try {
      return (await call()).body;
    } catch (refusal) {
      if (refusal.status !== 429) throw refusal;
      met(refusal);
      await sleep(Number(refusal.headers['retry-after']) * 1000);
    }
  }
}
