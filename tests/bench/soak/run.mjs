// SPDX-License-Identifier: GPL-2.0-or-later
// `make soak` runs this: an hour of what a proxy sees in a busy week. Viewers come and go at random, streams are made,
// revoked and expire, the configuration and the certificate are read again, a browser looks in, attackers try. Ends by
// itself, with 0 when descriptors, threads and memory are at the end what they were at the beginning, and nobody was
// disturbed who was to be left alone.
//   SECONDS=N   how long; 3600 by default
//   SEED=N      repeats the choices, though not the moments, of a run
//   CSV=FILE    where a line every ten seconds goes; soak.csv by default
import { writeFile } from 'node:fs/promises';
import { Scope } from '../../lib/proc.mjs';
import { Actors, startWorld } from './actors.mjs';
import { Samples, measure, memoryMayGrowKb } from './samples.mjs';

const SAMPLE_MS = 10_000;
const { SECONDS: wanted = '3600', SEED = String(Date.now() % 1e6), CSV = 'soak.csv' } = process.env;
const seconds = Number(wanted);
if (!(seconds >= 5)) {
  console.error(`SECONDS=${wanted} is no number of at least 5`);
  process.exit(2);
}

const scope = new Scope();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => scope.stopAll().finally(() => process.exit(1)));

// All actors act for so long; then only the two witnesses are left.
async function act(actors, ms, samples) {
  actors.begin();
  const end = Date.now() + ms;
  for (let next = Date.now(); next < end && !actors.failure;) {
    next = Math.min(next + SAMPLE_MS, end);
    await new Promise((resolve) => setTimeout(resolve, next - Date.now()));
    if (!samples) continue;
    samples.add(await measure(actors));
    await writeFile(CSV, samples.csv()); // what there is, should it be ended
  }
  await actors.rest();
}

try {
  const actors = new Actors(await startWorld(scope), Number(SEED));
  await actors.attest();
  console.log(`SEED=${SEED}, ${seconds} s on pid ${actors.proxy.program.pid}`);
  // What is held once and for all is held by then.
  await act(actors, Math.min(60_000, seconds * 250));
  const begin = await measure(actors);
  const samples = new Samples();
  await act(actors, seconds * 1000, samples);
  const end = await measure(actors);
  console.log(samples.table());
  console.log(`at rest        before ${begin.pss} KB, ${begin.descriptors} descriptors, ${begin.threads} threads`);
  console.log(`               after  ${end.pss} KB, ${end.descriptors} descriptors, ${end.threads} threads (memory may grow by ${memoryMayGrowKb} KB)`);
  console.log(actors.summary());
  const failures = actors.failures.slice(0, 10);
  if (end.descriptors !== begin.descriptors) failures.push(`${end.descriptors - begin.descriptors} descriptors more than before`);
  if (end.threads !== begin.threads) failures.push(`${end.threads - begin.threads} threads more than before`);
  if (end.pss - begin.pss > memoryMayGrowKb) failures.push(`${end.pss - begin.pss} KB more than before`);
  failures.push(...await actors.stop());
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  if (failures.length === 0) console.log('ok: it ended as it began');
  process.exitCode = failures.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(scope.logs().slice(-20_000));
  throw error;
} finally {
  await scope.stopAll();
}
