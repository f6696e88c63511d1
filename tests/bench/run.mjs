// SPDX-License-Identifier: GPL-2.0-or-later
// `make bench-client` runs this: node tests/bench/run.mjs [--quick] [GROUP...]. Starts its own servers, measures, prints the
// table of docs/BENCHMARKS.md, and ends with 0 whether or not the figures are reached.
import { Bench } from './bench.mjs';
import { table } from './measure.mjs';
import * as groups from './rows.mjs';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const names = args.filter((arg) => arg !== '--quick');
const unknown = names.filter((name) => !(name in groups));
if (unknown.length) {
  console.error(`unknown group ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
  process.exit(2);
}

const bench = new Bench(quick ? { rounds: 2, updates: 8 } : {});
try {
  console.log(`${await bench.machine()}\n`);
  const rows = [];
  for (const name of names.length ? names : Object.keys(groups)) {
    process.stderr.write(`${name}...\n`);
    rows.push(...await groups[name](bench));
  }
  console.log(`${table(rows)}\n`);
  for (const note of bench.notes) console.log(`- ${note}`);
} catch (error) {
  process.stderr.write(bench.scope.logs());
  throw error;
} finally {
  await bench.scope.stopAll();
}
