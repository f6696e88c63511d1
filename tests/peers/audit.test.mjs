// SPDX-License-Identifier: GPL-2.0-or-later
// The audit trail: who watched or controlled what, and why it ended.
import assert from 'node:assert/strict';
import { readFile, rename, stat } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, admin, makeToken, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const LAST_BYTE_MS = 1000; // no measurement, but what a revoked token is promised
const RAW = [2, 0, 0, 1, 0, 0, 0, 0];
const ALL = [3, 0, 0, 0, 0, 0, 4, 0, 3, 0]; // 1024x768, whether it has changed or not

async function startAudited(scope, options) {
  const file = await scope.file('audit.jsonl');
  const proxy = await startPortholed(scope, { ...options, server: { audit_file: file, ...options.server } });
  const lines = async () => (await readFile(file, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line));
  const line = (event, where = () => true) => until(`a line ${event}`, async () => (await lines()).find((one) => one.event === event && where(one)));
  return { proxy, file, lines, line };
}

async function make(proxy, fields) {
  const { status, json } = await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', ...fields });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

// One that always wants to see everything again.
async function openGreedy(scope, proxy, token) {
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token });
  viewer.got = 0;
  viewer.socket.removeAllListeners('data');
  viewer.socket.on('data', (data) => {
    viewer.got += data.length;
    viewer.lastByte = performance.now();
    if (!viewer.socket.destroyed) viewer.says(ALL);
  });
  viewer.says(RAW).says(ALL);
  await until('pictures', () => viewer.got > 2 ** 22);
  return viewer;
}

for (const role of ['view', 'control']) {
  live(`${role}: whose token is revoked gets the last byte within a second, and the trail says why`, async (scope) => {
    const desktop = await startXvnc(scope);
    const { proxy, line } = await startAudited(scope, { upstream: desktop.upstream });
    const made = await make(proxy, { role, label: 'Ünï' });
    const by = { by: 'unix', uid: process.getuid(), pid: process.pid };
    const { time: at, ...told } = await line('stream_made');
    assert.deepEqual(told, { event: 'stream_made', stream: made.id, label: 'Ünï', desktop: 'demo', role, clipboard: 'none', max_viewers: 0, expires: made.expires, ...by });
    const reads = await openGreedy(scope, proxy, made.token);
    const stalls = await openGreedy(scope, proxy, made.token);
    stalls.socket.pause();
    // what both kernels take would still arrive: it asks for more until they are full, and stay so (the reader's makes room
    // now and then by packing what it has closer)
    let still = 0;
    let before = 0;
    await until('a viewer that is stuck', async () => {
      stalls.says(ALL);
      const waiting = await unsent(proxy.port, stalls.socket.localPort);
      still = waiting > 2 ** 16 && waiting === before ? still + 1 : 0;
      before = waiting;
      return still === 20;
    });
    const begun = await line('viewer_begun');
    assert.deepEqual({ ...begun, time: 0, viewer: 0, peer: 0 }, { time: 0, event: 'viewer_begun', viewer: 0, peer: 0, stream: made.id, label: 'Ünï', desktop: 'demo', role, clipboard: 'none', auth: 'token' });
    assert.match(begun.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(begun.peer, `127.0.0.1:${reads.socket.localPort}`);

    const revoked = performance.now();
    assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${made.id}`)).status, 200);
    assert.deepEqual({ ...await line('stream_revoked'), time: at }, { time: at, event: 'stream_revoked', stream: made.id, ...by });
    await reads.ends();
    assert.ok(reads.lastByte - revoked < LAST_BYTE_MS, `${reads.lastByte - revoked} ms`);
    const { time, why, seconds, to_viewer: bytes, from_viewer: asked, ...ended } = await line('viewer_ended', ({ viewer }) => viewer === begun.viewer);
    assert.deepEqual(ended, { event: 'viewer_ended', viewer: begun.viewer, peer: begun.peer, stream: made.id, label: 'Ünï', desktop: 'demo', role, reason: 'revoked' });
    assert.ok(time >= begun.time && why === 'revoked' && seconds >= 0 && asked > 0);
    assert.ok(bytes > 2 ** 22 && bytes <= reads.got);
    // Who does not read loses what was on its way: once the proxy is rid of the connection there is nothing more to come.
    const cut = await line('viewer_ended', ({ viewer }) => viewer !== begun.viewer);
    assert.equal(cut.reason, 'revoked');
    await until('the connection to be gone', async () => !(await connections(proxy.port)).has(stalls.socket.localPort));
    stalls.socket.resume();
    await stalls.ends();
    assert.ok(stalls.got < cut.to_viewer, `${stalls.got} of ${cut.to_viewer}`);
  });
}

// The connections that the kernel holds at a port: the peers' ports, and how many bytes wait for each.
async function connections(port) {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/));
  const number = (address) => parseInt(address.split(':')[1], 16);
  return new Map(lines.filter(([, local]) => number(local) === port).map(([, , remote, , queues]) => [number(remote), parseInt(queues.split(':')[0], 16)]));
}

const unsent = async (port, peer) => (await connections(port)).get(peer) ?? 0;

live('each end has its reason', async (scope) => {
  const desktop = await startXvnc(scope);
  const { proxy, lines, line } = await startAudited(scope, { upstream: desktop.upstream, streams: { copy: { role: 'view', clipboard: 'out' } } });
  const open = (token) => new RfbViewer(scope, proxy).open(proxy, { token });
  const ids = async () => (await admin(proxy, 'GET', '/v1/viewers')).json.viewers.map(({ id }) => id);
  const reasonOf = async (act, token) => {
    const before = new Set(await ids());
    const viewer = await open(token);
    const id = (await ids()).find((one) => !before.has(one));
    await act(viewer, id);
    await viewer.ends();
    return (await line('viewer_ended', (one) => one.viewer === id)).reason;
  };
  assert.equal(await reasonOf((viewer) => viewer.socket.end(), proxy.tokens.copy), 'left');
  assert.equal(await reasonOf((viewer) => viewer.send(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]))), 'left');
  assert.equal(await reasonOf((viewer) => viewer.send(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]))), 'protocol');
  assert.equal(await reasonOf((viewer) => viewer.says([77]), proxy.tokens.copy), 'protocol');
  assert.equal(await reasonOf((viewer, id) => admin(proxy, 'DELETE', `/v1/viewers/${id}`)), 'sent_away');
  assert.equal((await line('viewer_sent_away')).viewer, 5);
  const short = await make(proxy, { ttl: 60 });
  // Changed while its viewer is in: before, it could run out at the door.
  assert.equal(await reasonOf(async () => {
    assert.equal((await admin(proxy, 'PATCH', `/v1/streams/${short.id}`, { ttl: 1 })).status, 200);
    assert.ok((await line('stream_changed', ({ stream }) => stream === short.id)).expires < short.expires);
  }, short.token), 'expired');
  assert.equal(await reasonOf(() => desktop.program.kill('SIGKILL')), 'upstream_lost');
  const greeted = new Peer(scope, proxy).send(upgrade(proxy));
  await line('viewer_begun', ({ viewer }) => viewer === 8);
  proxy.program.kill('SIGTERM');
  await proxy.program.wait();
  assert.equal((await line('viewer_ended', ({ viewer }) => viewer === 8)).reason, 'stopping');
  assert.ok(greeted.statuses[0] === 101);
  const all = await lines();
  assert.deepEqual([all[0].event, all.at(-1).event], ['started', 'stopped']);
  assert.equal(all.filter(({ event }) => event === 'viewer_begun').length, all.filter(({ event }) => event === 'viewer_ended').length);
});

live('who is refused is told of, and no secret is in it', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, file, line } = await startAudited(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, streams: { one: { max_viewers: 1 } } });
  const refused = async (options, reason, answer = '401') => {
    await new Peer(scope, proxy).send(upgrade(proxy, options)).gets(answer);
    return line('refused', (one) => one.reason === reason);
  };
  const wrong = makeToken();
  const { peer, suppressed } = await refused({ token: wrong }, 'wrong_token');
  assert.match(peer, /^127\.0\.0\.1:\d+$/);
  assert.equal(suppressed, 0);
  await refused({ origin: 'https://elsewhere.example' }, 'origin', '403');
  new Peer(scope, proxy).send(upgrade(proxy, { token: proxy.tokens.one }));
  await line('viewer_begun');
  await refused({ token: proxy.tokens.one }, 'stream_full', '101');
  const text = await readFile(file, 'utf8');
  for (const secret of [wrong, proxy.token, proxy.tokens.one]) assert.ok(!text.includes(secret));
});

live('a viewer behind a proxy is told of with both', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, line } = await startAudited(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { trusted_proxies: '127.0.0.1' } });
  const peer = new Peer(scope, proxy).send(upgrade(proxy, { headers: ['X-Forwarded-For: 192.0.2.7'] }));
  const begun = await line('viewer_begun');
  assert.deepEqual([begun.peer, begun.via], ['192.0.2.7', `127.0.0.1:${peer.socket.localPort}`]);
});

live('the file is moved away, and a new one begun', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, file, lines, line } = await startAudited(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  await line('started');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await rename(file, `${file}.1`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  await line('reloaded');
  assert.deepEqual((await lines()).map(({ event }) => event), ['reloaded']);
  await rename(file, `${file}.2`);
  // A file that cannot be written changes nothing at a reload, and is an error at the start.
  await scope.must('mkdir', [file]);
  proxy.program.kill('SIGHUP');
  assert.match((await proxy.event('reload_failed')).detail, /:\d+: audit_file: .*audit\.jsonl: Is a directory; name a file that can be written$/);
  const check = await scope.run(PORTHOLED, ['-c', proxy.config, '--check'], { name: 'portholed' });
  assert.equal(check.code, 2);
  assert.match(check.stderr, /audit_file: .*: Is a directory;/);
});
