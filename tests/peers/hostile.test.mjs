// SPDX-License-Identifier: GPL-2.0-or-later
// Attackers, one by one and in heaps: each gets the answer that is due, a viewer in good faith goes on seeing its
// desktop all the while, and when they have gone nothing is left of them.
//   HOSTILE_SEED=N   repeats a run; HOSTILE_COUNT=N: how many abuses in a row
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { admin, startPortholed } from '../lib/porthole.mjs';
import { HANDSHAKE_LENGTH, BAD_HANDSHAKES, BAD_SERVERS, startBadServers } from '../lib/badserver.mjs';
import { STAGES } from '../lib/hostile.mjs';
import { Line, Witness } from '../lib/light.mjs';

const AT_ONCE = 10;

async function startWorld(scope) {
  const desktop = await startXvnc(scope, { extra: ['-AcceptCutText=0'] });
  const bad = await startBadServers(scope);
  const proxy = await startPortholed(scope, {
    upstream: desktop.upstream,
    server: { handshake_timeout: 2, ping_interval: 1, workers: 2, failed_attempts: 0 /* each abuse is to get its own answer */ },
    streams: { control: {}, view: { role: 'view' }, ...bad.streams },
    desktops: bad.desktops,
    // glibc gives back what is freed, so that what stays is held by somebody
    env: { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '65536' },
  });
  const { port, tokens } = proxy;
  // Each worker's loop opens a descriptor for itself with its first connection.
  const first = [new Line({ port }), new Line({ port })];
  await Promise.all(first.map((line) => line.connected));
  for (const line of first) line.destroy();
  return {
    scope, desktop, proxy, port, tokens, bad,
    deadlineMs: 10_000,
    admin: (method, path, body) => admin(proxy, method, path, body),
    refusal: (localPort, why) => why && until(`the log to tell why ${localPort} was refused`, () => proxy.events('refused')
      .some((event) => event.peer === `127.0.0.1:${localPort}` && (typeof why === 'string' ? event.why === why : why.test(event.why)))),
    upstreamError: (name) => until(`the log to tell of ${name}`, () => proxy.events('upstream_error')
      .some((event) => event.desktop === name && ({ ...BAD_HANDSHAKES, ...BAD_SERVERS })[name].detail.test(event.detail))),
  };
}

// So many at once, each when another has ended.
async function inTurns(items, width, act) {
  const queue = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: width }, async () => {
    for (const item of queue) await act(item);
  }));
}

async function descriptors(proxy) {
  return (await readdir(`/proc/${proxy.program.pid}/fd`)).length;
}

async function viewers(proxy) {
  return (await admin(proxy, 'GET', '/v1/viewers')).json.viewers.length;
}

// KB that are the process's own, and what it shares by share.
async function memory(proxy) {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${proxy.program.pid}/smaps_rollup`, 'utf8'))[1]);
}

// A sanitizer keeps what was freed for a while, and maps terabytes.
async function isSanitized(proxy) {
  return Number(/^VmSize:\s+(\d+) kB$/m.exec(await readFile(`/proc/${proxy.program.pid}/status`, 'utf8'))[1]) > 1e9;
}

// The asking takes a descriptor itself, which closes a moment later.
async function settled(proxy, want) {
  await until(`${want.viewers} viewers, ${want.descriptors} descriptors`, async () => await descriptors(proxy) === want.descriptors && await viewers(proxy) === want.viewers)
    .catch(async (error) => { throw new Error(`${error.message}: there are ${await descriptors(proxy)} descriptors, and ${await viewers(proxy)} viewers`); });
}

async function endsWell(world) {
  world.proxy.program.kill('SIGTERM');
  assert.deepEqual(await world.proxy.program.wait(15_000), { code: 0, signal: null }, 'a sanitizer may have found something');
}

live('each abuse gets its answer, and disturbs nobody', async (scope, t) => {
  const world = await startWorld(scope);
  const witness = await Witness.start(world.port, world.tokens.control);
  const before = { viewers: 1, descriptors: await descriptors(world.proxy) };
  const { crowds, ...stages } = STAGES;
  const run = ([stage, abuses]) => t.test(stage, { concurrency: 4 }, (group) => Promise.all(Object.entries(abuses).map(([title, abuse]) => group.test(title, async () => {
    const seen = witness.updates;
    await abuse(world);
    await until('the witness to see on', () => witness.updates > seen + 1 || witness.failure);
    assert.ifError(witness.failure);
  }))));
  await Promise.all(Object.entries(stages).map(run));
  await run(['crowds', crowds]);
  await settled(world.proxy, before);
  t.diagnostic(`${witness.updates} updates for the witness, the slowest in ${Math.round(witness.longest)} ms`);
  await witness.leave();
  await endsWell(world);
}, { concurrency: true });

// These abuses wait for a deadline.
const SLOW = /^silence|^half a Client|held open|byte by byte|expired|stands still|hangs|deaf/;

// Mulberry32.
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}

live('hundreds of abuses in a row leave nothing behind', async (scope, t) => {
  const world = await startWorld(scope);
  const sanitized = await isSanitized(world.proxy);
  const count = Number(process.env.HOSTILE_COUNT ?? (sanitized ? 150 : 500));
  const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 1e6);
  t.diagnostic(`HOSTILE_SEED=${seed}`);
  const next = random(seed);
  // What takes seconds is left to the build that can afford it.
  const all = Object.values(STAGES).flatMap(Object.entries).filter(([title]) => !sanitized || !SLOW.test(title));
  const drawn = Array.from({ length: count }, () => all[Math.floor(next() * all.length)]);
  // The log leaves lines out when there are many.
  const crowd = { ...world, refusal: () => {}, upstreamError: () => {} };
  const witness = await Witness.start(world.port, world.tokens.control);
  const want = { viewers: 1, descriptors: await descriptors(world.proxy) };
  const run = (abuses) => inTurns(abuses, AT_ONCE, async ([title, abuse]) => {
    await abuse(crowd).catch((error) => { throw new Error(`${title} (HOSTILE_SEED=${seed}): ${error.message}`, { cause: error }); });
    assert.ifError(witness.failure);
  });
  // Each kind once: what is held once and for all is held by then.
  await run(all);
  await settled(world.proxy, want);
  const before = await memory(world.proxy);
  await run(drawn);
  await settled(world.proxy, want);
  const after = await memory(world.proxy);
  t.diagnostic(`Pss ${before} KB before, ${after} KB after ${count} abuses; ${witness.updates} updates for the witness, the slowest in ${Math.round(witness.longest)} ms`);
  if (!sanitized) assert.ok(after - before < 2048, `${after - before} KB more than before`);
  await witness.leave();
  await endsWell(world);
});

live('a server that dies at any byte of its handshake is told of', async (scope) => {
  const world = await startWorld(scope);
  const abuse = STAGES.upstreams["a server's handshake: dies"];
  await inTurns(Array.from({ length: HANDSHAKE_LENGTH }), AT_ONCE, () => abuse(world));
  assert.equal(world.proxy.events('upstream_error').length, HANDSHAKE_LENGTH);
  await endsWell(world);
});
