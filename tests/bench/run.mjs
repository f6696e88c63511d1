// SPDX-License-Identifier: GPL-2.0-or-later
// How a benchmark is run: [--quick] [GROUP...] of its groups of lines; its table and its notes are printed, and it ends with 0
// whether or not the figures are reached.
import { table } from './measure.mjs';

export async function run(args, groups, makeBench) {
  const names = args.filter((arg) => arg !== '--quick');
  const unknown = names.filter((name) => !(name in groups));
  if (unknown.length) {
    console.error(`unknown group ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
    process.exit(2);
  }
  const bench = makeBench(args.includes('--quick'));
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
}
