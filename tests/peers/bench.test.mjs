// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmark's programs and servers work: every one is run, as briefly as it can be. What it measures is not judged here.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { Bench } from '../bench/bench.mjs';
import { table } from '../bench/measure.mjs';
import { Bench as ProxyBench } from '../bench/proxy/bench.mjs';
import { groups } from '../bench/proxy/rows.mjs';
import { decode, frame, latency } from '../bench/rows.mjs';

live('the benchmark measures', async (scope) => {
  const bench = new Bench({ rounds: 1, updates: 8, scope });
  const spawned = await bench.tool('bench_spawn', ['2', 'true', '--', 'sleep', '0.01']);
  assert.deepEqual(Object.values(spawned).map((list) => list.length), [2, 2]);
  assert.ok(Math.min(...spawned[1]) >= 10, `sleeping 10 ms took ${spawned[1]}`);
  const rows = [...await frame(bench), ...await latency(bench), ...await decode(bench)];
  assert.equal(rows.length, 8);
  for (const row of rows) assert.match(row.figure, /^\d/, row.work);
  assert.match(table(rows), /^\| Work .*\n\|-.*\n\| a frame after .*/);
});

live('the proxy benchmark measures', async (scope) => {
  const bench = new ProxyBench({ quick: true, scope, env: { PORTHOLE_BUILD: process.env.PORTHOLE_BUILD } });
  const rows = [];
  for (const group of Object.values(groups)) rows.push(...await group(bench));
  assert.equal(rows.length, 17);
  for (const row of rows) assert.match(row.figure, /^-?\d/, row.work); // a difference of times may be less than none
  const dropped = rows.find(({ work }) => work.includes('dropped'));
  assert.ok(dropped.met, `a reload dropped ${dropped.ours} viewers`);
  const [cut, held, , dragged] = rows.slice(-4);
  assert.match(cut.work, /flood of a window/);
  assert.match(held.figure, / ms more$/);
  assert.ok(Number.parseFloat(dragged.ours) > 0, 'a window that is dragged shows nothing');
});
