// SPDX-License-Identifier: GPL-2.0-or-later
// What goes wrong around the proxy while it runs: the database, the disk, descriptors, the files it is told to read
// again. Each is told of, a viewer in good faith sees on, and when it is over all is as it was.
import assert from 'node:assert/strict';
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { LightViewer, Line, Witness } from '../lib/light.mjs';
import { admin, startPortholed } from '../lib/porthole.mjs';

async function startWorld(scope, options = {}) {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, ...options, server: { database: 'streams.db', workers: 1, ...options.server } });
  const witness = await Witness.start(proxy.port, proxy.token);
  return { proxy, witness, database: join(await scope.folder(), 'streams.db'), ask: (...request) => admin(proxy, ...request) };
}

async function seesOn({ witness }) {
  const seen = witness.updates;
  await until('the witness to see on', () => witness.updates > seen + 1 || witness.failure);
  assert.ifError(witness.failure);
}

async function make({ ask }, fields) {
  const { status, json } = await ask('POST', '/v1/streams', { desktop: 'demo', ...fields });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

async function opened({ proxy }, token = proxy.token) {
  const viewer = await new LightViewer({ port: proxy.port }).open(token);
  return viewer.handshake();
}

async function leaves(world, ...viewers) {
  for (const viewer of viewers) {
    viewer.destroy();
    await viewer.closed;
  }
  await until('the viewers to be gone', async () => (await world.ask('GET', '/v1/viewers')).json.viewers.length === 1);
}

async function endsWell(world) {
  await seesOn(world);
  await world.witness.leave();
  world.proxy.program.kill('SIGTERM');
  assert.deepEqual(await world.proxy.program.wait(15_000), { code: 0, signal: null });
}

const prlimit = (scope, { proxy }, ...limits) => scope.must('prlimit', ['--pid', String(proxy.program.pid), ...limits]);

// Everything that needs the store, while the store does not work: said by whom it concerns, and made good afterwards.
async function withoutStore(world, broken, mended, words) {
  const [revoked, single, kept] = [await make(world), await make(world, { single_use: true }), await make(world)];
  const viewer = await opened(world, revoked.token);
  await broken();
  const refusal = await world.ask('POST', '/v1/streams', { desktop: 'demo' });
  assert.equal(refusal.status, 503);
  assert.match(refusal.json.error, /^the stream cannot be stored: /);
  assert.match(refusal.json.error, words);
  const revoking = await world.ask('DELETE', `/v1/streams/${revoked.id}`);
  assert.equal(revoking.status, 503);
  assert.match(revoking.json.error, /^the stream has ended, but is still stored; this is tried again: /);
  await viewer.closed;
  assert.equal(viewer.close.code, 4002);
  const once = await opened(world, single.token); // lets in, and not a second time
  for (const token of [revoked.token, single.token]) {
    await assert.rejects(new LightViewer({ port: world.proxy.port }).open(token), { status: 401 });
  }
  const other = await opened(world, kept.token);
  assert.match((await world.proxy.event('store_failed')).error, words);
  await seesOn(world);
  await mended();
  await make(world);
  const ids = [revoked.id, single.id].map((id) => `'${id}'`).join();
  await until('what has ended to be forgotten', async () => (await world.scope.must('sqlite3', [world.database, `SELECT count(*) FROM grants WHERE id IN (${ids})`])) === '0\n');
  await leaves(world, once, other);
}

live('a database that somebody else has locked', async (scope) => {
  const world = Object.assign(await startWorld(scope), { scope });
  const holder = scope.start('sqlite3', [world.database], { commanded: true });
  await withoutStore(world, () => holder.ask("BEGIN IMMEDIATE; SELECT 'ok';"), () => holder.ask("ROLLBACK; SELECT 'ok';"), /database is locked/);
  await endsWell(world);
});

live('a disk that is full', async (scope) => {
  const world = Object.assign(await startWorld(scope), { scope });
  // Files may not grow beyond what they are: the system says no as it does on a full disk.
  const full = async () => prlimit(scope, world, `--fsize=${(await stat(`${world.database}-wal`)).size}:`);
  await withoutStore(world, full, () => prlimit(scope, world, '--fsize=unlimited:'), /disk is full|disk I\/O error/);
  await endsWell(world);
});

live('no descriptor is left', async (scope) => {
  const world = Object.assign(await startWorld(scope), { scope });
  const { proxy } = world;
  const open = async () => (await readdir(`/proc/${proxy.program.pid}/fd`)).map(Number);
  await leaves(world, await opened(world));
  let last;
  const before = await until('the descriptors to settle', async () => { const now = await open(); const same = now.length === last; last = now.length; return same && now; });
  // The limit is above so many free numbers.
  const leave = (free) => {
    const numbers = Array.from({ length: before.length + free + 1 }, (_, i) => i).filter((number) => !before.includes(number));
    return prlimit(scope, world, `--nofile=${numbers[free]}:`);
  };
  const [, limit] = /^Max open files\s+(\d+)/m.exec(await readFile(`/proc/${proxy.program.pid}/limits`, 'utf8'));

  // One for the viewer, none for its VNC server: it is told, by RFB and by the close frame.
  await leave(1);
  const words = "the desktop's VNC server cannot be reached";
  await assert.rejects(opened(world), { reason: words });
  assert.match((await proxy.event('upstream_error')).detail, /too many open files/);
  await seesOn(world);
  await until('its descriptor', async () => (await open()).length === before.length);

  // None for anybody: who comes waits.
  await leave(0);
  const waiting = [new Line({ port: proxy.port }), new Line({ port: proxy.port })];
  for (const line of waiting) line.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.match((await proxy.event('accept_failed', 2)).detail, /Too many open files/);
  await seesOn(world);
  assert.ok(waiting.every((line) => !line.isClosed && line.raw.length === 0));
  await prlimit(scope, world, `--nofile=${limit}:`);
  for (const line of waiting) {
    assert.equal((await line.answer()).status, 200);
    await line.closed;
  }
  await leaves(world, await opened(world));
  await until('the descriptors to be as many as before', async () => (await open()).length === before.length);
  await endsWell(world);
});

live('files that cannot be read again', async (scope) => {
  const world = await startWorld(scope);
  const { proxy } = world;
  const folder = await scope.folder();
  const text = await readFile(proxy.config, 'utf8');
  const before = (await readdir(`/proc/${proxy.program.pid}/fd`)).length;
  const cases = [
    ['portholed.conf', `${text}nonsense = 1\n`, /portholed\.conf:\d+: unknown key "nonsense"/],
    ['portholed.conf', text.replace('workers = 1', 'workers = many'), /portholed\.conf:\d+: .*many/],
    ['certificate.pem', 'no certificate\n', /portholed\.conf:\d+: .*certificate\.pem/],
    ['certificate.pem', undefined, /certificate\.pem.*No such file/],
    ['key.pem', undefined, /key\.pem.*No such file/],
    ['demo.token', undefined, /demo\.token.*No such file/],
    ['portholed.conf', undefined, /portholed\.conf.*No such file/],
  ];
  let failures = 0;
  for (const [name, content, words] of cases) {
    const file = join(folder, name);
    const good = await readFile(file);
    if (content === undefined) await rm(file);
    else await writeFile(file, content);
    proxy.program.kill('SIGHUP');
    const { detail } = await proxy.event('reload_failed', ++failures);
    assert.match(detail, words);
    await seesOn(world);
    await leaves(world, await opened(world));
    await writeFile(file, good);
    failures = proxy.events('reload_failed').length;
  }
  assert.equal(proxy.events('reloaded').length, 0);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  await until('the descriptors to be as many as before', async () => (await readdir(`/proc/${proxy.program.pid}/fd`)).length === before);
  await endsWell(world);
});
