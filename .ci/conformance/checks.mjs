// What the conformance checks in JavaScript share: expectations that are counted, and one line at the end.

import { isDeepStrictEqual } from 'node:util';

const problems = [];
let checks = 0;

// What a call was refused with is an object of the SDK's, and holds its whole request.
process.on('uncaughtException', (error) => {
  console.error(`ended early: ${error.status ?? ''} ${JSON.stringify(error.body) ?? error.stack ?? error}`);
  process.exit(1);
});

/** Notes a problem where got is not want. */
export function expect(what, got, want) {
  checks++;
  if (!isDeepStrictEqual(got, want)) {
    problems.push(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

/** Notes a problem where what has to be so is not. */
export function must(what, holds) {
  checks++;
  if (!holds) problems.push(`not so: ${what}`);
}

/** Notes a problem. */
export function fail(problem) {
  checks++;
  problems.push(problem);
}

/** Prints the check's line, or every problem, and ends the process. */
export function finish(name, saw) {
  if (problems.length > 0) {
    const shown = problems.slice(0, 20).map((problem) => `${name}: ${problem.slice(0, 600)}`);
    console.error([...shown, `${name}: FAILED, ${problems.length} of ${checks} checks`].join('\n'));
    process.exit(1);
  }
  console.log(`${name.padEnd(15)} ${saw}; ${checks} checks`);
  process.exit(0);
}

/** The text of a number with commas between thousands. */
export const count = (number) => number.toLocaleString('en-US');
