// SPDX-License-Identifier: GPL-2.0-or-later
// Streams made, looked at and ended while portholed runs, by its admin socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, admin, porthole, restart, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

async function make(proxy, fields) {
  const { status, json } = await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', ...fields });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

const open = (scope, proxy, token) => new RfbViewer(scope, proxy).open(proxy, { token });
const refused = async (scope, proxy, token) => {
  const peer = new Peer(scope, proxy).send(upgrade(proxy, { token }));
  await peer.gets('This token opens no stream.');
  assert.deepEqual(peer.statuses, [401]);
};

live('a stream is made, watched, listed and revoked', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { public_url: 'https://desk.example:8443' } });
  const before = Date.now() / 1000;
  const made = await make(proxy, { ttl: 600, label: 'Ünï', max_viewers: 3 });
  assert.match(made.token, /^[\w-]{43}$/);
  assert.match(made.id, /^[0-9a-f]{16}$/);
  assert.equal(made.url, `https://desk.example:8443/#token=${made.token}`);
  assert.equal(made.ws_url, 'wss://desk.example:8443/stream');
  assert.ok(made.expires >= before + 599 && made.expires <= Date.now() / 1000 + 600, String(made.expires));

  const viewer = await open(scope, proxy, made.token);
  const { json: { streams } } = await admin(proxy, 'GET', '/v1/streams');
  const { created, ...listed } = streams.find(({ id }) => id === made.id);
  assert.deepEqual(listed, { id: made.id, desktop: 'demo', role: 'view', clipboard: 'none', max_viewers: 3, configured: false, label: 'Ünï', single_use: false, expires: made.expires, viewers: 1, password: 'none', window: null, link: 'token' });
  assert.equal(created, made.expires - 600);
  assert.deepEqual(streams.find(({ id }) => id === 'demo'), { id: 'demo', desktop: 'demo', role: 'control', clipboard: 'both', max_viewers: 0, configured: true, viewers: 0, password: 'none', window: null });
  assert.deepEqual((await admin(proxy, 'GET', '/v1/desktops')).json, { desktops: [{ name: 'demo', agent: false }] });
  assert.deepEqual((await admin(proxy, 'GET', '/healthz')).json, { ok: true });
  const { json: { viewers: [watching] } } = await admin(proxy, 'GET', '/v1/viewers');
  assert.match(watching.peer, /^127\.0\.0\.1:\d+$/);
  assert.equal(watching.stream, made.id);
  assert.equal(watching.role, 'view');

  assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${made.id}`)).status, 200);
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4002, words: 'the stream was revoked' });
  assert.equal((await proxy.event('viewer_close')).why, 'revoked');
  await refused(scope, proxy, made.token);
  assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${made.id}`)).status, 404);
  assert.equal((await admin(proxy, 'DELETE', '/v1/streams/demo')).status, 404); // the configuration's own
  assert.deepEqual((await admin(proxy, 'GET', '/v1/viewers')).json, { viewers: [] });
  assert.ok(!proxy.program.stderr.includes(made.token));
});

live('a viewer is sent away, and its stream goes on', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const [gone, stays] = [await open(scope, proxy), await open(scope, proxy)];
  const { json: { viewers } } = await admin(proxy, 'GET', '/v1/viewers');
  const first = Math.min(...viewers.map(({ id }) => id));
  assert.equal((await admin(proxy, 'DELETE', `/v1/viewers/${first}`)).status, 200);
  await gone.ends();
  assert.deepEqual(gone.close, { code: 4002, words: 'the operator ended this connection' });
  for (const id of [first, 'x', '1x', '-1', '99999999999999999999', '']) {
    assert.equal((await admin(proxy, 'DELETE', `/v1/viewers/${id}`)).status, 404, String(id));
  }
  assert.equal(stays.closed, false);
  await open(scope, proxy);
});

live('an expired stream ends, and so do its viewers', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const [short, never] = [await make(proxy, { ttl: 2 }), await make(proxy, { ttl: 0 })];
  assert.equal(never.expires, null);
  const viewers = [await open(scope, proxy, short.token), await open(scope, proxy, never.token)];
  await viewers[0].ends();
  assert.deepEqual(viewers[0].close, { code: 4001, words: 'the stream has expired' });
  await refused(scope, proxy, short.token);
  assert.equal(viewers[1].closed, false);
  const { json: { streams } } = await admin(proxy, 'GET', '/v1/streams');
  assert.deepEqual(streams.map(({ id }) => id).sort(), ['demo', never.id].sort());
});

live('a token for a single use is used once', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { database: 'streams.db' } });
  const once = await make(proxy, { single_use: true });
  const peers = Array.from({ length: 8 }, () => new Peer(scope, proxy).send(upgrade(proxy, { token: once.token })));
  await until('all answers', () => peers.every(({ statuses, closed }) => statuses.length === 1 && (statuses[0] === 101 || closed || statuses[0] === 401)));
  // Where two came at the same moment, one of them is sent away behind the switch to WebSocket.
  await until('one viewer', async () => (await admin(proxy, 'GET', '/v1/viewers')).json.viewers.length === 1 && proxy.events('viewer_open').length === 1);
  await refused(scope, proxy, once.token);
  // Reading the configuration again does not end what was let in; revoking does.
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  assert.equal((await admin(proxy, 'GET', '/v1/viewers')).json.viewers.length, 1);
  assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${once.id}`)).status, 200);
  assert.equal((await proxy.event('viewer_close')).why, 'revoked');
  await refused(scope, await restart(scope, proxy), once.token);
});

live('streams outlive a restart, tokens are nowhere to be read', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { database: 'streams.db' } });
  const [kept, gone, short] = [await make(proxy, { role: 'control', clipboard: 'both' }), await make(proxy, {}), await make(proxy, { ttl: 1 })];
  await admin(proxy, 'DELETE', `/v1/streams/${gone.id}`);
  const again = await restart(scope, proxy);
  await open(scope, again, kept.token);
  await refused(scope, again, gone.token);
  await until('the expired one to go', async () => !(await admin(again, 'GET', '/v1/streams')).json.streams.some(({ id }) => id === short.id));
  await refused(scope, again, short.token);
  const database = proxy.config.replace('portholed.conf', 'streams.db');
  for (const file of [database, `${database}-wal`]) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    for (const { token } of [kept, gone]) assert.ok(!bytes.includes(token) && !bytes.includes(Buffer.from(token, 'base64url')), file);
  }
  assert.equal((await stat(database)).mode & 0o777, 0o600);
  assert.equal((await stat(proxy.adminSocket)).mode & 0o777, 0o600);
});

live('streams of a desktop that is not there any more sleep, and are told of', async (scope) => {
  const upstream = await startSilentServer(scope, { greeting: '' });
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { database: 'streams.db' } });
  const made = [await make(proxy, { label: 'one' }), await make(proxy, { label: 'two', ttl: 0 })];
  const text = await readFile(proxy.config, 'utf8');
  const reload = async (changed, count) => {
    await writeFile(proxy.config, changed);
    proxy.program.kill('SIGHUP');
    await proxy.event('reloaded', count);
  };
  await reload(text.replace('[desktop demo]', '[desktop other]').replaceAll('desktop = demo', 'desktop = other'), 1);
  assert.deepEqual(proxy.events('streams_asleep').map(({ desktop, streams }) => ({ desktop, streams })), [{ desktop: 'demo', streams: '2' }]);
  const { json: { streams } } = await admin(proxy, 'GET', '/v1/streams');
  assert.deepEqual(streams.filter(({ asleep }) => asleep).map(({ id, desktop, label }) => [label, id, desktop]).sort(), made.map(({ id }, i) => [['one', 'two'][i], id, 'demo']));
  for (const { token } of made) await refused(scope, proxy, token);
  assert.match((await porthole(scope, ['stream', 'list', '--admin', proxy.adminSocket])).stdout, /never +- +two \(no such desktop now\)\n/);
  assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${made[0].id}`)).status, 200);
  await reload(text, 2);
  const { json: { streams: awake } } = await admin(proxy, 'GET', '/v1/streams');
  assert.deepEqual(awake.map(({ id, asleep }) => [id, asleep]).sort(), [['demo', undefined], [made[1].id, undefined]].sort());
  assert.equal(proxy.events('streams_asleep').length, 1);
});

live('a stream is changed while it is used', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { database: 'streams.db' } });
  const made = await make(proxy, { role: 'control', clipboard: 'both', label: 'before', ttl: 0 });
  const path = `/v1/streams/${made.id}`;
  const change = async (fields, status = 200) => {
    const answer = await admin(proxy, 'PATCH', path, fields);
    assert.equal(answer.status, status, JSON.stringify(answer.json));
    return answer.json;
  };
  const listed = async () => (await admin(proxy, 'GET', '/v1/streams')).json.streams.find(({ id }) => id === made.id);
  const controlling = await open(scope, proxy, made.token);
  // What takes nothing from its viewers lets them stay.
  assert.deepEqual(await change({ label: 'after', max_viewers: 1 }), { id: made.id, role: 'control', clipboard: 'both', max_viewers: 1, label: 'after', expires: null });
  assert.deepEqual([(await listed()).label, (await listed()).max_viewers, (await listed()).viewers], ['after', 1, 1]);
  const extra = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: made.token }));
  await extra.ends();
  assert.equal(extra.close.code, 4008);
  // Whose rights are taken must come again.
  await change({ role: 'view', clipboard: 'none', max_viewers: 0 });
  await controlling.ends();
  assert.deepEqual(controlling.close, { code: 4002, words: "the stream's rights were reduced" });
  assert.equal((await proxy.event('viewer_close')).why, 'rights reduced');
  const viewing = await open(scope, proxy, made.token);
  assert.equal((await admin(proxy, 'GET', '/v1/viewers')).json.viewers[0].role, 'view');
  await change({ role: 'control' });
  assert.equal(viewing.closed, false);
  assert.equal((await admin(proxy, 'GET', '/v1/viewers')).json.viewers[0].role, 'view');

  // What cannot be kept does not happen.
  const before = await listed();
  const locker = scope.start('sqlite3', [proxy.config.replace('portholed.conf', 'streams.db')], { commanded: true });
  await locker.ask("BEGIN IMMEDIATE; SELECT 'ok';");
  assert.match((await change({ role: 'view', ttl: 1, label: 'never' }, 503)).error, /^the change cannot be stored, and nothing has changed: database is locked$/);
  assert.deepEqual(await listed(), before);
  assert.equal(viewing.closed, false);
  await locker.ask("ROLLBACK; SELECT 'ok';");

  for (const [fields, words, status = 400, id = made.id] of [
    [{}, 'there is nothing to change; known are role, clipboard, ttl, max_viewers, label'],
    [{ desktop: 'demo' }, 'unknown field "desktop"; known are role, clipboard, ttl, max_viewers, label'],
    [{ single_use: true }, 'unknown field "single_use"; known are role, clipboard, ttl, max_viewers, label'],
    [{ label: 'x', role: 'admin' }, '"role" must be "view" or "control"'],
    ['[1]', 'the body is not a JSON object'],
    [{ role: 'view' }, 'there is no stream "0123" that was made here', 404, '0123'],
    [{ role: 'view' }, 'there is no stream "demo" that was made here', 404, 'demo'],
  ]) {
    const answer = await admin(proxy, 'PATCH', `/v1/streams/${id}`, fields);
    assert.deepEqual([answer.status, answer.json.error], [status, words]);
  }
  assert.deepEqual(await listed(), before);

  // The new time counts for those who are in already, and is kept.
  const stream = (...args) => porthole(scope, ['stream', ...args, '--admin', proxy.adminSocket]);
  assert.deepEqual(await stream('change', made.id, '--role', 'view', '--ttl', '600').then(({ code, stdout }) => [code, stdout]), [0, '']);
  const { expires } = await listed();
  assert.ok(expires > Date.now() / 1000 + 590 && expires <= Date.now() / 1000 + 600, String(expires));
  const again = await restart(scope, proxy);
  const kept = (await admin(again, 'GET', '/v1/streams')).json.streams.find(({ id }) => id === made.id);
  assert.deepEqual([kept.role, kept.label, kept.expires], ['view', 'after', expires]);
  const last = await open(scope, again, made.token);
  await change({ ttl: 1 });
  await last.ends();
  assert.deepEqual(last.close, { code: 4001, words: 'the stream has expired' });
  await change({ ttl: 600 }, 404);
});

live('requests that cannot be right are told what would be', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const known = 'known are desktop, role, clipboard, ttl, single_use, max_viewers, label, password, link, window, window_popups, window_frame, window_wait, window_on_close, window_strict';
  for (const [body, words, status = 400] of [
    ['', 'the body is not a JSON object'],
    ['{', /^the body is not JSON: line 1: /],
    ['[]', 'the body is not a JSON object'],
    ['{"desktop":"demo","desktop":"demo"}', /duplicate/],
    ['{"desktop":"a\\u0000b"}', /^the body is not JSON/],
    [{}, '"desktop" is missing: the name of a desktop'],
    [{ desktop: 1 }, '"desktop" must be the name of a desktop'],
    [{ desktop: 'x'.repeat(33) }, '"desktop" must be the name of a desktop'],
    [{ desktop: 'other' }, 'there is no desktop "other"', 404],
    [{ desktop: 'demo', colour: 'red' }, `unknown field "colour"; ${known}`],
    [{ desktop: 'demo', role: 'admin' }, '"role" must be "view" or "control"'],
    [{ desktop: 'demo', clipboard: true }, '"clipboard" must be "none", "in", "out" or "both"'],
    [{ desktop: 'demo', ttl: -1 }, /^"ttl" must be a whole number of seconds/],
    [{ desktop: 'demo', ttl: 1.5 }, /^"ttl" must be/],
    [{ desktop: 'demo', ttl: '60' }, /^"ttl" must be/],
    [{ desktop: 'demo', single_use: 1 }, '"single_use" must be true or false'],
    [{ desktop: 'demo', password: '' }, '"password" must be a text of 1 to 1023 bytes'],
    [{ desktop: 'demo', password: 'x'.repeat(1024) }, '"password" must be a text of 1 to 1023 bytes'],
    [{ desktop: 'demo', password: 12345678 }, '"password" must be a text of 1 to 1023 bytes'],
    [{ desktop: 'demo', link: 'name' }, '"link" must be "token" or "password"'],
    [{ desktop: 'demo', link: 'password' }, /^"password" is missing/],
    [{ desktop: 'demo', window: 'rect:1x1' }, '"window" must be app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at most 128 bytes'],
    [{ desktop: 'demo', window: 'app:x', window_popups: 'all' }, '"window_popups" must be "expand", "clip" or "none"'],
    [{ desktop: 'demo', window: 'app:x' }, 'desktop "demo" has no agent, which knows the windows; add agent = unix:PATH to it'],
    [{ desktop: 'demo', window_frame: true }, '"window_frame" is for streams of a window; "window" is missing'],
    [{ desktop: 'demo', window: 'rect:9x9+0+0', window_wait: 1 }, '"window_wait" is for windows, and a rectangle is none'],
    [{ desktop: 'demo', max_viewers: 100001 }, /^"max_viewers" must be/],
    [{ desktop: 'demo', label: 'a\u001b]0;b\u0007' }, '"label" must be a text without control characters'],
    [{ desktop: 'demo', label: 'x'.repeat(101) }, '"label" must be a text of at most 100 bytes'],
    [{ desktop: 'demo', label: 'x'.repeat(70_000) }, 'the body is longer than 65536 bytes', 413],
  ]) {
    const answer = await admin(proxy, 'POST', '/v1/streams', body);
    const message = `${JSON.stringify(body).slice(0, 60)}: ${JSON.stringify(answer.json)}`;
    assert.equal(answer.status, status, message);
    if (typeof words === 'string') assert.equal(answer.json.error, words);
    else assert.match(answer.json.error, words);
  }
  // The answer comes before the body: what is still written behind it is taken, or the writer would never read it.
  const early = net.connect({ path: proxy.adminSocket, allowHalfOpen: true });
  early.write('POST /v1/streams HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n');
  early.resume();
  await once(early, 'end');
  await new Promise((resolve, reject) => early.on('error', reject).end('x'.repeat(70_000), (error) => (error ? reject(error) : resolve())));
  const wrong = await admin(proxy, 'PUT', '/v1/streams', {});
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, 'GET, POST');
  assert.equal((await admin(proxy, 'GET', '/v1/streams/x')).headers.allow, 'PATCH, DELETE');
  for (const path of ['/', '/v1', '/v1/streams/', '/v1/streams/a/b', '/v2/streams', '/stream']) {
    assert.equal((await admin(proxy, 'GET', path)).status, 404, path);
  }
  assert.deepEqual((await admin(proxy, 'GET', '/v1/streams')).json.streams.map(({ id }) => id), ['demo']);
});

live('a socket that is served, and files that are no database', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { database: 'streams.db' } });
  const second = (text) => scope.file('second.conf').then(async (config) => {
    await writeFile(config, text);
    return scope.run(PORTHOLED, ['-c', config], { name: 'portholed' });
  });
  const text = await readFile(proxy.config, 'utf8');
  const taken = await second(text);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /event=failed detail=\S+admin\.sock error="Address already in use"/);
  for (const [content, error] of [['this is no database\n'.repeat(100), 'file is not a database'], [undefined, 'unable to open database file: No such file or directory']]) {
    const name = content === undefined ? 'no-such-folder/x.db' : 'text.db';
    if (content !== undefined) await writeFile(await scope.file(name), content);
    const result = await second(text.replace('admin.sock', 'other.sock').replace('streams.db', name));
    assert.equal(result.code, 1);
    assert.match(result.stderr, new RegExp(`event=store_failed doing=\\S+ error="${error}"`));
  }
  // One that a killed process has left behind is replaced.
  proxy.program.kill('SIGKILL');
  await proxy.program.wait(10_000);
  const again = scope.start(PORTHOLED, ['-c', proxy.config], { name: 'portholed' });
  await again.until('ready', () => again.stderr.includes('event=ready'));
  assert.deepEqual((await admin(proxy, 'GET', '/healthz')).json, { ok: true });
});

live('the command line makes, lists and revokes', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const stream = (...args) => porthole(scope, ['stream', ...args], { env: { PORTHOLE_ADMIN: proxy.adminSocket } });
  const made = await stream('create', 'demo', '--role', 'control', '--ttl', '0', '--max-viewers', '2', '--label', 'for Ünï');
  assert.equal(made.code, 0, made.stderr);
  const [, token] = /^https:\/\/127\.0\.0\.1:\d+\/#token=([\w-]{43})\n$/.exec(made.stdout);
  const viewer = await open(scope, proxy, token);
  const { id } = (await admin(proxy, 'GET', '/v1/streams')).json.streams.find(({ label }) => label === 'for Ünï');
  const lines = (await stream('list')).stdout.split('\n');
  assert.match(lines[0], /^ID +DESKTOP +ROLE +CLIPBOARD +VIEWERS +EXPIRES +WINDOW +LABEL$/);
  assert.ok(lines.some((line) => new RegExp(`^${id}  demo +control  none +1  never +- +for Ünï$`).test(line)), lines.join('\n'));
  assert.ok(lines.some((line) => /^demo +demo +control  both +0  never +- +\(portholed\.conf\)$/.test(line)), lines.join('\n'));
  assert.deepEqual(await stream('revoke', id).then(({ code, stdout }) => ({ code, stdout })), { code: 0, stdout: '' });
  await viewer.ends();
  assert.equal(viewer.close.code, 4002);
  assert.equal((await stream('create', 'demo', '--window', 'rect:10x10+0+0', '--label', 'a corner')).code, 0);
  assert.match((await stream('list')).stdout, /^\S+  demo +view .*  rect:10x10\+0\+0 +a corner$/m);
  const json = JSON.parse((await stream('create', 'demo', '--json', '--single-use', '--clipboard', 'out')).stdout);
  assert.equal(json.url, `${proxy.url}#token=${json.token}`);

  for (const [args, code, words] of [
    [['revoke', id], 7, `portholed says: there is no stream "${id}" that was made here`],
    [['revoke', '../viewers/1'], 2, "'../viewers/1' is no stream's ID"],
    [['create', 'other'], 7, 'portholed says: there is no desktop "other"'],
    [['create', 'demo', '--role', 'admin'], 2, 'portholed says: "role" must be "view" or "control"'],
    [['create', 'demo', '--ttl', '-1'], 2, '-1 is not 0 to'],
    [['create', 'demo', '--label', 'x'.repeat(101)], 2, '"label" must be a text of at most 100 bytes'],
    [['create'], 2, 'it is stream create DESKTOP'],
    [['list', '--role', 'view'], 2, 'only stream create and change take options'],
    [['change', id], 2, 'what is to be changed? --role, --clipboard, --ttl, --max-viewers or --label'],
    [['change', id, '--single-use'], 2, '--single-use is for stream create, and cannot be changed'],
    [['change', id, '--ttl', '5', '--window-strict'], 2, '--window-strict is for stream create, and cannot be changed'],
    [['change', id, '--window', 'xterm'], 2, '--window is for stream create, and cannot be changed'],
    [['change', id, '--role', 'view'], 7, `portholed says: there is no stream "${id}" that was made here`],
    [['burn'], 2, 'cannot burn streams'],
    [[], 2, 'what is to be done with streams?'],
    [['list', '--admin', '/nonexistent'], 3, 'cannot ask portholed (--admin or $PORTHOLE_ADMIN) at /nonexistent: No such file or directory'],
    [['list', '--admin', `/${'x'.repeat(200)}`], 2, "the socket's path is longer than 107 bytes"],
  ]) {
    const result = await stream(...args);
    assert.equal(result.code, code, `${args}: ${result.stderr}`);
    assert.ok(result.stderr.includes(words), result.stderr);
    assert.equal(result.stderr.trim().split('\n').length, 1);
  }
  // What answers there may be anything, or say nothing.
  const answering = await scope.file('answering.sock');
  const server = net.createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n')).listen(answering);
  scope.onStop(() => server.close());
  assert.equal((await stream('list', '--admin', answering)).code, 6);
  const silent = await scope.file('silent.sock');
  const mute = net.createServer((socket) => { socket.on('error', () => {}); scope.onStop(() => socket.destroy()); }).listen(silent);
  scope.onStop(() => mute.close());
  assert.equal((await stream('list', '--admin', silent, '--timeout', '0.2')).code, 5);
  // One that never comes to an end is not waited for either, whatever drips.
  const dripping = await scope.file('dripping.sock');
  const drip = net.createServer((socket) => {
    socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    const timer = setInterval(() => socket.write(' '), 50);
    socket.on('close', () => clearInterval(timer));
    scope.onStop(() => socket.destroy());
  }).listen(dripping);
  scope.onStop(() => drip.close());
  assert.equal((await stream('list', '--admin', dripping, '--timeout', '0.3')).code, 5);
});
